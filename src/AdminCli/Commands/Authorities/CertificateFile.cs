using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary>Certificates in files, PEM or DER.</summary>
internal static class CertificateFile
{
    private const string Label = "CERTIFICATE";

    /// <summary>The first certificate of the file, DER.</summary>
    /// <exception cref="CliFailure">There is none.</exception>
    public static async Task<ByteString> ReadAsync(CommandContext context, string name)
    {
        var path = Path.Combine(context.Environment.WorkingDirectory, name);
        if (!File.Exists(path)) throw CliFailure.Usage($"there is no file '{name}'");
        var content = await File.ReadAllBytesAsync(path, context.Cancel);
        // DER: a SEQUENCE with a long length, which no text begins with.
        if (content is [0x30, >= 0x80, ..]) return ByteString.CopyFrom(content);
        var text = Encoding.Latin1.GetString(content);
        if (PemEncoding.TryFind(text, out var fields) && text[fields.Label] == Label) return ByteString.CopyFrom(Convert.FromBase64String(text[fields.Base64Data]));
        throw CliFailure.Usage($"'{name}' is no certificate, neither PEM ({Label}) nor DER");
    }
}
