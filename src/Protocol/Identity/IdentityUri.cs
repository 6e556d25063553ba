using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace GrpcCa.Protocol.Identity;

/// <summary>The URI names by which the identity authority says who somebody is.</summary>
internal static class IdentityUri
{
    /// <summary>The control plane's own endpoint.</summary>
    public const string ControlPlane = "grpcca://control-plane";

    /// <summary>What a gateway's identity starts with.</summary>
    public const string GatewayPrefix = "grpcca://gateway/";

    /// <summary>What an operator's identity starts with.</summary>
    public const string OperatorPrefix = "grpcca://operator/";

    private const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>All URI names of the certificate; none when the extension is missing or cannot be read.</summary>
    public static IReadOnlyList<string> Read(X509Certificate2 certificate)
    {
        var extension = certificate.Extensions.FirstOrDefault(e => string.Equals(e.Oid?.Value, SubjectAlternativeName, StringComparison.Ordinal));
        if (extension is null) return [];
        // RFC 5280 §4.2.1.6: GeneralName ::= CHOICE { … uniformResourceIdentifier [6] IA5String … }
        var uriTag = new Asn1Tag(TagClass.ContextSpecific, 6);
        var found = new List<string>();
        try
        {
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag() == uriTag) found.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, uriTag));
                else names.ReadEncodedValue();
            }
        }
        catch (AsnContentException)
        {
            return [];
        }
        return found;
    }
}
