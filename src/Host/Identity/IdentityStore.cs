using System.Security.Cryptography;
using System.Text;
using GrpcCa.Protocol.Identity;

namespace GrpcCa.Host.Identity;

/// <summary>
/// The directory (0700) in which a gateway or an operator keeps its identity: <c>identity.pem</c> (PKCS#8 key and
/// certificate, one file so that both change in one step), <c>identity-roots.pem</c> and <c>endpoint</c>.
/// </summary>
internal sealed class IdentityStore(string directory)
{
    private string IdentityPath => Path.Combine(directory, StoredIdentity.IdentityFile);

    private string RootsPath => Path.Combine(directory, StoredIdentity.RootsFile);

    private string EndpointPath => Path.Combine(directory, StoredIdentity.EndpointFile);

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
    public StoredIdentity Load() => StoredIdentity.Load(directory);
}
