using System.Security.Cryptography;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>Textual encoding (RFC 7468), strict both ways: 64 characters a line, LF, nothing around the blocks.</summary>
internal static class Pem
{
    public const string Certificate = "CERTIFICATE";

    /// <summary>One block, ending in LF.</summary>
    public static string Encode(string label, ReadOnlySpan<byte> der) => PemEncoding.WriteString(label, der) + "\n";

    /// <summary>Several certificates in the given order, no text between them (RFC 8555 §9.1).</summary>
    public static string EncodeCertificates(IEnumerable<byte[]> certificates) =>
        string.Concat(certificates.Select(der => Encode(Certificate, der)));

    /// <summary>The DER of one or more CERTIFICATE blocks with only white space around them.</summary>
    /// <exception cref="RefusalException">InvalidArgument: no block, another label, other text, broken base64.</exception>
    public static IReadOnlyList<byte[]> DecodeCertificates(string text)
    {
        var found = new List<byte[]>();
        var rest = text.AsSpan();
        while (!rest.IsWhiteSpace())
        {
            if (!PemEncoding.TryFind(rest, out var block))
                throw Refused(found.Count == 0 ? "there is no PEM certificate" : "after the last PEM certificate follows other text");
            if (!rest[..block.Location.Start.GetOffset(rest.Length)].IsWhiteSpace())
                throw Refused("there is text before or between the PEM certificates");
            var label = rest[block.Label];
            if (!label.SequenceEqual(Certificate))
                throw Refused($"there is a PEM block {Excerpt.Of(label.ToString())} where only certificates may be");
            found.Add(Convert.FromBase64String(rest[block.Base64Data].ToString()));
            rest = rest[block.Location.End.GetOffset(rest.Length)..];
        }
        return found.Count > 0 ? found : throw Refused("there is no PEM certificate");
    }

    private static RefusalException Refused(string why) => new(RefusalReason.InvalidArgument, why);
}
