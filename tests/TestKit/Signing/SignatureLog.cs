using System.Formats.Asn1;
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

    /// <summary>Reads what processes that are gone wrote.</summary>
    public static IReadOnlyList<SignatureNote> ReadFile(string path) => [.. File.ReadLines(path).Select(SignatureNote.Parse)];

    public void Add(KeyUri key, ReadOnlyMemory<byte> toBeSigned)
    {
        var note = SignatureNote.Of(key, toBeSigned);
        lock (notes)
        {
            notes.Add(note);
            if (file is not null) File.AppendAllText(file, note.Line);
        }
    }
}

/// <summary>One signature.</summary>
/// <param name="Key">The key's URI.</param>
/// <param name="TbsSha256">SHA-256 of what was signed, lower-case hex.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Number">The serial number of a certificate, the number of a revocation list; lower-case hex; empty for what has none.</param>
internal sealed record SignatureNote(string Key, string TbsSha256, SignedKind Kind, string Number)
{
    private const string CrlNumber = "2.5.29.20";

    public bool IsCertificate => Kind == SignedKind.Certificate;

    public string Line => $"{Kind} {Number} {TbsSha256} {Key}\n";

    public static SignatureNote Parse(string line) => line.Split(' ') is [var kind, var number, var hash, var key]
        ? new SignatureNote(key, hash, Enum.Parse<SignedKind>(kind), number)
        : throw new FormatException($"'{line}' is no signature's line");

    public static SignatureNote Of(KeyUri key, ReadOnlyMemory<byte> toBeSigned)
    {
        var (kind, number) = Read(toBeSigned);
        return new SignatureNote(key.ToString(), Convert.ToHexStringLower(SHA256.HashData(toBeSigned.Span)), kind, number);
    }

    // RFC 5280 §4.1: a v3 TBSCertificate starts with [0] version and an INTEGER serial number after it; RFC 6960's
    // ResponseData has GeneralizedTime or a responder there, and a TBSCertList starts with an INTEGER.
    private static (SignedKind Kind, string Number) Read(ReadOnlyMemory<byte> tbs)
    {
        var fields = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        if (fields.PeekTag() == Asn1Tag.Integer) return (SignedKind.RevocationList, NumberOfList(fields));
        if (fields.PeekTag() != Context(0)) return (SignedKind.Other, "");
        fields.ReadEncodedValue();
        return fields.PeekTag() == Asn1Tag.Integer ? (SignedKind.Certificate, Hex(fields)) : (SignedKind.Other, "");
    }

    private static string NumberOfList(AsnReader fields)
    {
        while (fields.HasData)
        {
            if (fields.PeekTag() != Context(0))
            {
                fields.ReadEncodedValue();
                continue;
            }
            var extensions = fields.ReadSequence(Context(0)).ReadSequence();
            while (extensions.HasData)
            {
                var extension = extensions.ReadSequence();
                if (extension.ReadObjectIdentifier() != CrlNumber) continue;
                if (extension.PeekTag() == Asn1Tag.Boolean) extension.ReadBoolean();
                return Hex(new AsnReader(extension.ReadOctetString(), AsnEncodingRules.DER));
            }
        }
        return "";
    }

    private static string Hex(AsnReader number) => number.ReadInteger().ToString("x32").PadLeft(32, '0')[^32..];

    private static Asn1Tag Context(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);
}

/// <summary>What a signature is over.</summary>
internal enum SignedKind
{
    /// <summary>An OCSP response or the like.</summary>
    Other,
    Certificate,
    RevocationList,
}
