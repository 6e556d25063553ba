using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Operators;

namespace GrpcCa.ControlPlane.Access;

/// <summary>
/// Finds out who calls, anew for every call: the connection says which identity, the books say whether it still
/// counts. The books notice a change by any process on the same store, so a disabled caller is refused at its next call.
/// </summary>
internal sealed class CallerResolver(GatewayBook gateways, OperatorBook operators, TimeProvider time)
{
    private const int SolSocket = 1;
    private const int SoPeerCredentials = 17;

    // A connection keeps one certificate object for all its calls: its name is read once.
    private readonly ConditionalWeakTable<X509Certificate2, ReadIdentity> identities = [];

    /// <summary>Who is at the other end of this connection.</summary>
    /// <param name="certificate">The client certificate of the TLS handshake, checked there against the identity roots.</param>
    /// <param name="socket">The accepted socket; a Unix one is the admin socket.</param>
    /// <param name="cancellationToken">The call's.</param>
    public async ValueTask<Caller> ResolveAsync(X509Certificate2? certificate, Socket? socket, CancellationToken cancellationToken)
    {
        if (socket is { AddressFamily: AddressFamily.Unix }) return LocalPeer(socket);
        if (certificate is null) return Caller.Anonymous;
        var identity = identities.GetValue(certificate, static c => new ReadIdentity(c));
        if (identity.Uri is null) return Unacceptable("the client certificate carries no grpcca:// identity, or more than one name");
        var now = time.GetUtcNow();
        // Connections live longer than the handshake's check of the dates.
        if (now < identity.NotBefore || now > identity.NotAfter) return Unacceptable($"the identity certificate of {identity.Uri} is not in its time");
        return identity.Uri.Kind == CallerKind.Gateway
            ? FromBook(await gateways.CurrentAsync(cancellationToken), identity)
            : FromBook(await operators.CurrentAsync(cancellationToken), identity);
    }

    private static Caller FromBook(GatewaySnapshot book, ReadIdentity identity)
    {
        var id = identity.Uri!.Id;
        if (!book.ById.TryGetValue(id, out var gateway)) return Unacceptable($"there is no gateway '{id}'");
        if (gateway.Disabled) return Disabled($"gateway '{id}' is disabled");
        return gateway.Identity.Accepts(identity.Serial) ? Caller.Gateway(id, identity.Serial) : Replaced("gateway", id);
    }

    private static Caller FromBook(OperatorSnapshot book, ReadIdentity identity)
    {
        var id = identity.Uri!.Id;
        if (!book.ById.TryGetValue(id, out var found)) return Unacceptable($"there is no operator '{id}'");
        if (found.Disabled) return Disabled($"operator '{id}' is disabled");
        return found.Identity.Accepts(identity.Serial) ? Caller.Operator(id, (Role)(int)found.Role, identity.Serial) with { Provisioners = found.ProvisionerIds } : Replaced("operator", id);
    }

    // SO_PEERCRED: struct ucred { pid_t pid; uid_t uid; gid_t gid; }, as they were when the peer connected.
    private static Caller LocalPeer(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        var length = socket.GetRawSocketOption(SolSocket, SoPeerCredentials, credentials);
        if (length != credentials.Length) return Unacceptable("the peer of the admin socket is not known");
        var uid = MemoryMarshal.Read<uint>(credentials[4..]);
        // The directory keeps others out; this holds also when somebody opened it afterwards.
        return uid == 0 || uid == EffectiveUserId()
            ? Caller.LocalAdmin(uid)
            : Unacceptable($"user {uid} is neither root nor the user the control plane runs as");
    }

    private static Caller Replaced(string noun, string id) => Unacceptable($"the identity of {noun} '{id}' was replaced by a later enrolment; enrol it again");

    private static Caller Unacceptable(string detail) => Caller.Refused(new(IdentityFaultKind.Unacceptable, detail));

    private static Caller Disabled(string detail) => Caller.Refused(new(IdentityFaultKind.Disabled, detail));

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint EffectiveUserId();

    private sealed class ReadIdentity
    {
        public ReadIdentity(X509Certificate2 certificate)
        {
            Uri = IdentityUri.TryRead(certificate, out var uri) ? uri : null;
            Serial = IdentitySerial.Canonical(certificate.SerialNumberBytes.Span);
            NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
            NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        }

        public IdentityUri? Uri { get; }

        public string Serial { get; }

        public DateTimeOffset NotBefore { get; }

        public DateTimeOffset NotAfter { get; }
    }
}
