using System.Formats.Asn1;
using GrpcCa.ControlPlane.Tests.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>A TBSCertList in pieces that a test can exchange, and put together again without any judgement.</summary>
internal sealed class CrlParts
{
    public byte[]? Version { get; set; }

    public required byte[] Algorithm { get; set; }

    public required byte[] Issuer { get; set; }

    public required byte[] ThisUpdate { get; set; }

    public byte[]? NextUpdate { get; set; }

    /// <summary>Null leaves the field out, also when there are none.</summary>
    public List<byte[]>? Entries { get; set; }

    public required List<byte[]> Extensions { get; set; }

    public static CrlParts Of(byte[] tbs)
    {
        var fields = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        var parts = new CrlParts
        {
            Version = fields.ReadEncodedValue().ToArray(),
            Algorithm = fields.ReadEncodedValue().ToArray(),
            Issuer = fields.ReadEncodedValue().ToArray(),
            ThisUpdate = fields.ReadEncodedValue().ToArray(),
            NextUpdate = fields.ReadEncodedValue().ToArray(),
            Entries = fields.PeekTag() == Asn1Tag.Sequence ? Split(fields.ReadSequence()) : null,
            Extensions = [],
        };
        parts.Extensions = Split(fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence());
        return parts;
    }

    public byte[] Encode() => Der.Sequence(
        Version ?? [], Algorithm, Issuer, ThisUpdate, NextUpdate ?? [],
        Entries is null ? [] : Der.Sequence([.. Entries]),
        Extensions.Count == 0 ? [] : Der.Tagged(0xA0, Der.Sequence([.. Extensions])));

    public static byte[] Extension(string oid, byte[] value, bool critical = false) =>
        Der.Sequence(Der.Oid(oid), critical ? [0x01, 0x01, 0xFF] : [], Der.Octets(value));

    /// <summary>An entry with a serial number's content octets.</summary>
    public static byte[] Entry(byte[] serial, byte[] time, params byte[][] extensions) =>
        Der.Sequence(Der.Integer(serial), time, extensions.Length == 0 ? [] : Der.Sequence(extensions));

    private static List<byte[]> Split(AsnReader list)
    {
        var all = new List<byte[]>();
        while (list.HasData) all.Add(list.ReadEncodedValue().ToArray());
        return all;
    }
}
