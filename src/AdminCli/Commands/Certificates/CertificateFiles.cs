using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrpcCa.Host;
using GrpcCa.Protocol;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary>Certificates in files: the leaf and those above it, PEM.</summary>
internal static class CertificateFiles
{
    private const UnixFileMode Public = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>The first certificate of a file.</summary>
    /// <exception cref="CliFailure">There is none.</exception>
    public static X509Certificate2 LoadLeaf(CommandContext context, string file)
    {
        var path = KeyFile.PathOf(context, file);
        if (!File.Exists(path)) throw CliFailure.Usage($"there is no file '{file}'");
        try
        {
            return X509Certificate2.CreateFromPem(File.ReadAllText(path));
        }
        catch (System.Security.Cryptography.CryptographicException fault)
        {
            throw CliFailure.Usage($"'{file}' is no certificate in PEM: {fault.Message}");
        }
    }

    /// <summary><c>certificates/{serial}</c>, as the API writes it.</summary>
    public static string NameOf(X509Certificate2 certificate)
    {
        var serial = Convert.ToHexStringLower(certificate.SerialNumberBytes.Span).TrimStart('0');
        // Whole octets, without the one that only keeps the number positive (RFC 5280 §4.1.2.2).
        return ResourceName.Of(ResourceName.Certificates, serial.Length % 2 == 0 ? serial : "0" + serial);
    }

    /// <summary>Writes or replaces the whole file at once.</summary>
    public static void Save(CommandContext context, string file, string pemChain) => SyncedFile.Write(KeyFile.PathOf(context, file), Encoding.ASCII.GetBytes(pemChain), Public);

    /// <summary>Refuses to overwrite what is there.</summary>
    public static void RequireFree(CommandContext context, string file, bool force)
    {
        if (!force && File.Exists(KeyFile.PathOf(context, file))) throw CliFailure.Usage($"'{file}' is there already", "--force replaces it");
    }
}
