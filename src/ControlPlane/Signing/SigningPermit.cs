using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Signing;

/// <summary>The kinds of things a CA signs; a permit is for one of them.</summary>
internal enum PermitKind
{
    Leaf = 1,
    AuthorityCertificate,
    IdentityCertificate,
    Crl,
}

/// <summary>
/// Leave to sign one thing once, with one key. Policy makes it; the corridor binds it to the exact bytes that were
/// recorded (what is recorded is what is signed); <see cref="SigningDesk"/> spends it.
/// </summary>
internal sealed class SigningPermit(PermitKind kind, KeyUri key)
{
    private const int Unbound = 0, Binding = 1, Bound = 2, Spent = 3;
    private readonly byte[] boundTo = new byte[SHA256.HashSizeInBytes];
    private int state = Unbound;

    public PermitKind Kind => kind;

    public KeyUri Key => key;

    /// <summary>Ties the permit to the bytes that were recorded; once, and only to a thing of its kind.</summary>
    public void Bind(PermitKind thing, ReadOnlySpan<byte> toBeSigned)
    {
        if (thing != kind) throw new InvalidOperationException($"a permit for {kind} is none for {thing}");
        if (Interlocked.CompareExchange(ref state, Binding, Unbound) != Unbound)
            throw new InvalidOperationException("the permit is bound already");
        SHA256.HashData(toBeSigned, boundTo);
        Volatile.Write(ref state, Bound);
    }

    /// <summary>Spends the permit; throws when it is unbound, spent, or for other bytes.</summary>
    internal void Spend(ReadOnlySpan<byte> toBeSigned)
    {
        if (Interlocked.CompareExchange(ref state, Spent, Bound) != Bound)
            throw new InvalidOperationException("the permit is not bound or was spent");
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(toBeSigned, hash);
        if (!hash.SequenceEqual(boundTo)) throw new InvalidOperationException("the permit is for other bytes");
    }
}
