using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace GrpcCa.Host.Identity;

/// <summary>
/// The directory (0700) in which a gateway or an operator keeps its identity: <c>identity.pem</c> (PKCS#8 key and
/// certificate, one file so that both change in one step), <c>identity-roots.pem</c> and <c>endpoint</c>.
/// </summary>
internal sealed class IdentityStore(string directory)
{
    private string IdentityPath => Path.Combine(directory, "identity.pem");

    private string RootsPath => Path.Combine(directory, "identity-roots.pem");

    private string EndpointPath => Path.Combine(directory, "endpoint");

    /// <summary>Whether there is an identity; it may still turn out to be damaged.</summary>
    public bool Exists => File.Exists(IdentityPath);

    /// <summary>Writes where the control plane is and by which roots it is known. Done before a token is spent: it proves that the directory can be written.</summary>
    /// <exception cref="IOException">The directory cannot be made or written, or others may enter it.</exception>
    public void SaveTrust(string endpoint, IEnumerable<byte[]> rootDers)
    {
        SyncedFile.EnsurePrivateDirectory(directory);
        SyncedFile.Write(EndpointPath, Encoding.UTF8.GetBytes(endpoint + "\n"), SyncedFile.Private);
        SaveRoots(rootDers);
    }

    /// <summary>Replaces the roots.</summary>
    public void SaveRoots(IEnumerable<byte[]> rootDers) => SyncedFile.Write(RootsPath,
        Encoding.ASCII.GetBytes(string.Concat(rootDers.Select(der => PemEncoding.WriteString("CERTIFICATE", der) + "\n"))), SyncedFile.Private);

    /// <summary>Replaces key and certificate in one step.</summary>
    public void SaveIdentity(FreshKey key, byte[] certificateDer) =>
        SyncedFile.Write(IdentityPath, Encoding.ASCII.GetBytes(key.ToPem([certificateDer])), SyncedFile.Private);

    /// <summary>Reads the identity.</summary>
    /// <exception cref="IdentityException">A file is missing, damaged or open to others; the message names it.</exception>
    public StoredIdentity Load() => new(LoadEndpoint(), LoadCertificate(), LoadRoots());

    private string LoadEndpoint()
    {
        var text = Read(EndpointPath).Trim();
        return text.Contains(':', StringComparison.Ordinal) ? text : throw new IdentityException($"'{EndpointPath}' does not hold host and port of the control plane");
    }

    private X509Certificate2 LoadCertificate()
    {
        var text = Read(IdentityPath);
        var mode = File.GetUnixFileMode(IdentityPath);
        if ((mode & ~SyncedFile.Private) != 0)
            throw new IdentityException($"'{IdentityPath}' holds a private key and has mode {Convert.ToString((int)mode, 8)}: chmod 600 '{IdentityPath}'");
        try
        {
            return X509Certificate2.CreateFromPem(text, text);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw new IdentityException($"'{IdentityPath}' is not a private key and its certificate in PEM: {fault.Message}", fault);
        }
    }

    private List<byte[]> LoadRoots()
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(Read(RootsPath));
        }
        catch (CryptographicException fault)
        {
            throw new IdentityException($"'{RootsPath}' does not hold certificates in PEM: {fault.Message}", fault);
        }
        if (found.Count == 0) throw new IdentityException($"'{RootsPath}' holds no certificate");
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
