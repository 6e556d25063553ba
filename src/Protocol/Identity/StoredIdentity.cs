using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.Protocol.Identity;

/// <summary>Who this program is to the control plane, and by which roots it knows the control plane.</summary>
/// <param name="Endpoint">Host and port of the gRPC endpoint.</param>
/// <param name="Certificate">The identity certificate with its key.</param>
/// <param name="RootDers">Roots of the identity authority, DER.</param>
internal sealed record StoredIdentity(string Endpoint, X509Certificate2 Certificate, IReadOnlyList<byte[]> RootDers) : IDisposable
{
    /// <summary>PKCS#8 key and certificate in one file, so that both change in one step.</summary>
    public const string IdentityFile = "identity.pem";

    /// <summary>Roots of the identity authority.</summary>
    public const string RootsFile = "identity-roots.pem";

    /// <summary>Host and port of the control plane.</summary>
    public const string EndpointFile = "endpoint";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>First moment of the certificate.</summary>
    public DateTimeOffset NotBefore => new(Certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>Last second of the certificate.</summary>
    public DateTimeOffset NotAfter => new(Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>Two thirds of the certificate's life: when a new one is asked for.</summary>
    public DateTimeOffset RenewAt => NotBefore + (NotAfter - NotBefore) * 2 / 3;

    /// <summary>Reads the identity in a directory.</summary>
    /// <exception cref="IdentityException">A file is missing, damaged or open to others; the message names it.</exception>
    public static StoredIdentity Load(string directory) =>
        new(LoadEndpoint(Path.Combine(directory, EndpointFile)), LoadCertificate(Path.Combine(directory, IdentityFile)), LoadRoots(Path.Combine(directory, RootsFile)));

    public void Dispose() => Certificate.Dispose();

    private static string LoadEndpoint(string path)
    {
        var text = Read(path).Trim();
        return text.Contains(':', StringComparison.Ordinal) ? text : throw new IdentityException($"'{path}' does not hold host and port of the control plane");
    }

    private static X509Certificate2 LoadCertificate(string path)
    {
        var text = Read(path);
        // Elsewhere than on Unix the directory's access list is what keeps others out.
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(path) is var mode && (mode & ~Private) != 0)
            throw new IdentityException($"'{path}' holds a private key and has mode {Convert.ToString((int)mode, 8)}: chmod 600 '{path}'");
        try
        {
            return X509Certificate2.CreateFromPem(text, text);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw new IdentityException($"'{path}' is not a private key and its certificate in PEM: {fault.Message}", fault);
        }
    }

    private static List<byte[]> LoadRoots(string path)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(Read(path));
        }
        catch (CryptographicException fault)
        {
            throw new IdentityException($"'{path}' does not hold certificates in PEM: {fault.Message}", fault);
        }
        if (found.Count == 0) throw new IdentityException($"'{path}' holds no certificate");
        return found.Select(c => { using (c) return c.RawData; }).ToList();
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"'{path}' cannot be read: {fault.Message}", fault);
        }
    }
}
