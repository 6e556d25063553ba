using System.Security.Cryptography;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.TestKit.Signing;

/// <summary>
/// Notes every signature before it is made, outside the store, so that a test can ask whether each had its plan, also
/// after a crash. With a file, every line is there before the signature is.
/// </summary>
internal sealed class SignatureLog(string? file = null)
{
    private readonly List<SignatureNote> notes = [];

    public IReadOnlyList<SignatureNote> Notes
    {
        get
        {
            lock (notes) return [.. notes];
        }
    }

    /// <summary>Reads what an earlier process wrote.</summary>
    public static IReadOnlyList<SignatureNote> ReadFile(string path) =>
        [.. File.ReadLines(path).Select(line => line.Split(' ')).Where(parts => parts.Length == 2).Select(parts => new SignatureNote(parts[0], parts[1]))];

    public void Add(KeyUri key, ReadOnlySpan<byte> toBeSigned)
    {
        var note = new SignatureNote(key.ToString(), Convert.ToHexStringLower(SHA256.HashData(toBeSigned)), IsTbsCertificate(toBeSigned));
        lock (notes)
        {
            notes.Add(note);
            if (file is not null) File.AppendAllText(file, $"{note.Key} {note.TbsSha256}\n");
        }
    }

    // RFC 5280 §4.1: a v3 TBSCertificate starts with [0] version and an INTEGER serial number after it; RFC 6960's
    // ResponseData has GeneralizedTime or a responder there, and a TBSCertList starts with an INTEGER.
    private static bool IsTbsCertificate(ReadOnlySpan<byte> tbs)
    {
        var inside = tbs[1] < 0x80 ? 2 : 2 + (tbs[1] & 0x7f);
        return tbs[inside..].StartsWith((ReadOnlySpan<byte>)[0xa0, 3, 2, 1, 2, 2]);
    }
}

/// <summary>One signature: the key's URI, the SHA-256 of what was signed in lower-case hex, and whether that was a certificate (or else a CRL or an OCSP response).</summary>
internal sealed record SignatureNote(string Key, string TbsSha256, bool IsCertificate = true);

/// <summary>A provider whose signatures are noted; everything else is the inner provider's.</summary>
internal sealed class RecordingSignerProvider(ISignerProvider inner, SignatureLog log) : ISignerProvider
{
    public string Scheme => inner.Scheme;

    /// <summary>When set, signing fails with it after the note.</summary>
    public Func<Exception>? Failure { get; set; }

    /// <summary>When set, changes a signature before it goes back: a signer that cannot be trusted.</summary>
    public Func<byte[], byte[]>? Corruption { get; set; }

    public ValueTask<KeyUri> GenerateAsync(KeyAlgorithm algorithm, string label, CancellationToken cancellationToken) =>
        inner.GenerateAsync(algorithm, label, cancellationToken);

    public async ValueTask<ISigner> OpenAsync(KeyUri uri, CancellationToken cancellationToken) =>
        new RecordingSigner(await inner.OpenAsync(uri, cancellationToken), uri, this, log);

    private sealed class RecordingSigner(ISigner inner, KeyUri key, RecordingSignerProvider provider, SignatureLog log) : ISigner
    {
        public KeyAlgorithm Algorithm => inner.Algorithm;

        public ReadOnlyMemory<byte> SubjectPublicKeyInfo => inner.SubjectPublicKeyInfo;

        public async ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> toBeSigned, CancellationToken cancellationToken)
        {
            log.Add(key, toBeSigned.Span);
            if (provider.Failure is { } failure) throw failure();
            var signature = await inner.SignAsync(toBeSigned, cancellationToken);
            return provider.Corruption is { } corrupt ? corrupt(signature) : signature;
        }

        public void Dispose() => inner.Dispose();
    }
}
