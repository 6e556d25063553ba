using System.Formats.Asn1;
using System.Text;

namespace GrpcCa.ControlPlane.Tests.Issuance.Lint;

/// <summary>A TBSCertificate in pieces that a test can exchange, and put together again without any judgement.</summary>
internal sealed class TbsParts
{
    public byte[]? Version { get; set; }

    public required byte[] Serial { get; set; }

    public required byte[] Algorithm { get; set; }

    public required byte[] Issuer { get; set; }

    public required byte[] NotBefore { get; set; }

    public required byte[] NotAfter { get; set; }

    public required byte[] Subject { get; set; }

    public required byte[] Key { get; set; }

    public byte[]? UniqueId { get; set; }

    public List<Extension> Extensions { get; } = [];

    public sealed record Extension(string Oid, bool Critical, byte[] Value)
    {
        /// <summary>Writes critical FALSE, which DER leaves out.</summary>
        public bool WritesDefault { get; init; }
    }

    public Extension this[string oid] => Extensions.Single(e => e.Oid == oid);

    public static TbsParts Of(byte[] tbs)
    {
        var fields = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        var version = fields.ReadEncodedValue().ToArray();
        var serial = fields.ReadEncodedValue().ToArray();
        var algorithm = fields.ReadEncodedValue().ToArray();
        var issuer = fields.ReadEncodedValue().ToArray();
        var validity = fields.ReadSequence();
        var parts = new TbsParts
        {
            Version = version,
            Serial = serial,
            Algorithm = algorithm,
            Issuer = issuer,
            NotBefore = validity.ReadEncodedValue().ToArray(),
            NotAfter = validity.ReadEncodedValue().ToArray(),
            Subject = fields.ReadEncodedValue().ToArray(),
            Key = fields.ReadEncodedValue().ToArray(),
        };
        var list = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3)).ReadSequence();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean();
            parts.Extensions.Add(new Extension(oid, critical, extension.ReadOctetString()));
        }
        return parts;
    }

    public byte[] Encode() => Der.Sequence(
        Version ?? [], Serial, Algorithm, Issuer, Der.Sequence(NotBefore, NotAfter), Subject, Key, UniqueId ?? [],
        Extensions.Count == 0 ? [] : Der.Tagged(0xA3, Der.Sequence([.. Extensions.Select(Encode)])));

    public void Replace(string oid, byte[] value, bool? critical = null)
    {
        var at = Extensions.FindIndex(e => e.Oid == oid);
        Extensions[at] = Extensions[at] with { Value = value, Critical = critical ?? Extensions[at].Critical };
    }

    public void Criticality(string oid, bool critical) => Replace(oid, this[oid].Value, critical);

    public void Remove(string oid) => Extensions.RemoveAll(e => e.Oid == oid);

    /// <summary>Adds a GeneralName to the subject alternative names.</summary>
    public void AddName(byte tag, byte[] content)
    {
        var names = Der.Content(this["2.5.29.17"].Value);
        Replace("2.5.29.17", Der.Sequence(names, Der.Tagged(tag, content)));
    }

    /// <summary>Puts one dns name in the place of all names.</summary>
    public void OnlyName(string dns) => Replace("2.5.29.17", Der.Sequence(Der.Tagged(0x82, Encoding.ASCII.GetBytes(dns))));

    private static byte[] Encode(Extension extension) => Der.Sequence(
        Der.Oid(extension.Oid),
        extension.Critical ? [0x01, 0x01, 0xFF] : extension.WritesDefault ? [0x01, 0x01, 0x00] : [],
        Der.Octets(extension.Value));
}

/// <summary>DER, and near-DER, by hand.</summary>
internal static class Der
{
    public static byte[] Tagged(byte tag, params byte[][] contents)
    {
        var content = contents.SelectMany(c => c).ToArray();
        byte[] length = content.Length switch
        {
            < 0x80 => [(byte)content.Length],
            < 0x100 => [0x81, (byte)content.Length],
            _ => [0x82, (byte)(content.Length >> 8), (byte)content.Length],
        };
        return [tag, .. length, .. content];
    }

    public static byte[] Sequence(params byte[][] contents) => Tagged(0x30, contents);

    public static byte[] Octets(byte[] content) => Tagged(0x04, content);

    public static byte[] Integer(params byte[] content) => Tagged(0x02, content);

    public static byte[] Utc(string text) => Tagged(0x17, Encoding.ASCII.GetBytes(text));

    public static byte[] Generalized(string text) => Tagged(0x18, Encoding.ASCII.GetBytes(text));

    public static byte[] Oid(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        return writer.Encode();
    }

    /// <summary>A name with one attribute; tag 0x0C is UTF8String.</summary>
    public static byte[] Name(string text, string oid = "2.5.4.3", byte tag = 0x0C) =>
        Sequence(Tagged(0x31, Sequence(Oid(oid), Tagged(tag, Encoding.UTF8.GetBytes(text)))));

    public static byte[] Content(byte[] encoded) => new AsnReader(encoded, AsnEncodingRules.DER).PeekContentBytes().ToArray();
}
