using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Gateways;

namespace GrpcCa.ControlPlane.Access;

/// <summary>The name in an identity certificate: <c>grpcca://gateway/x</c> or <c>grpcca://operator/x</c>.</summary>
/// <param name="Kind">Gateway or operator.</param>
/// <param name="Id">Its id.</param>
internal sealed record IdentityUri(CallerKind Kind, string Id)
{
    private const string GatewayPrefix = "grpcca://gateway/";
    private const string OperatorPrefix = "grpcca://operator/";
    private const string SubjectAltName = "2.5.29.17";

    public override string ToString() => (Kind == CallerKind.Gateway ? GatewayPrefix : OperatorPrefix) + Id;

    /// <summary>Exact text only: no case folding, no escapes, no port, no trailing slash.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IdentityUri? uri)
    {
        uri = null;
        if (text.StartsWith(GatewayPrefix, StringComparison.Ordinal)) uri = new(CallerKind.Gateway, text[GatewayPrefix.Length..]);
        else if (text.StartsWith(OperatorPrefix, StringComparison.Ordinal)) uri = new(CallerKind.Operator, text[OperatorPrefix.Length..]);
        if (uri is not null && ChosenId.IsValid(uri.Id)) return true;
        uri = null;
        return false;
    }

    /// <summary>The certificate's one name. A second name of any kind, or another kind of name, makes it nobody's.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out IdentityUri? uri)
    {
        uri = null;
        byte[]? names = null;
        foreach (var extension in certificate.Extensions)
        {
            if (extension.Oid?.Value != SubjectAltName) continue;
            if (names is not null) return false;
            names = extension.RawData;
        }
        return names is not null && TryReadOnlyUri(names, out var text) && TryParse(text, out uri);
    }

    // SubjectAltName ::= SEQUENCE OF GeneralName; uniformResourceIdentifier is [6] IA5String (RFC 5280 §4.2.1.6).
    private static bool TryReadOnlyUri(byte[] extension, [NotNullWhen(true)] out string? text)
    {
        text = null;
        try
        {
            var outer = new AsnReader(extension, AsnEncodingRules.DER);
            var names = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            text = names.ReadCharacterString(UniversalTagNumber.IA5String, new Asn1Tag(TagClass.ContextSpecific, 6));
            names.ThrowIfNotEmpty();
            return true;
        }
        catch (AsnContentException)
        {
            text = null;
            return false;
        }
    }
}
