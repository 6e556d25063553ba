using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.ControlPlane.Tests.Pki;

/// <summary>A PKCS#10 request in which every part can be wrong and the signature still right.</summary>
internal sealed class RequestBuilder
{
    public const string SubjectAlternativeName = "2.5.29.17", BasicConstraints = "2.5.29.19", KeyUsage = "2.5.29.15", TlsFeature = "1.3.6.1.5.5.7.1.24";
    private static readonly ECDsa SharedKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public int Version { get; init; }

    public string[] CommonNames { get; init; } = [];

    public UniversalTagNumber CommonNameTag { get; init; } = UniversalTagNumber.UTF8String;

    public byte[] Key { get; init; } = SharedKey.ExportSubjectPublicKeyInfo();

    /// <summary>Encoded Extension structures; null leaves the attribute out.</summary>
    public byte[][]? Extensions { get; init; }

    /// <summary>Encoded Attribute structures after the extension request.</summary>
    public byte[][] MoreAttributes { get; init; } = [];

    public bool LeaveAttributesOut { get; init; }

    public string SignatureOid { get; init; } = "1.2.840.10045.4.3.2";

    public bool NullParameters { get; init; }

    public Func<byte[], byte[]> Sign { get; init; } = data => SharedKey.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public byte[] Build()
    {
        var info = Info();
        return Write(w =>
        {
            using var request = w.PushSequence();
            w.WriteEncodedValue(info);
            using (w.PushSequence())
            {
                w.WriteObjectIdentifier(SignatureOid);
                if (NullParameters) w.WriteNull();
            }
            w.WriteBitString(Sign(info));
        });
    }

    public static byte[] ForNames(params byte[][] names) => new RequestBuilder { Extensions = [AltNames(names)] }.Build();

    public static byte[] AltNames(params byte[][] names) => Extension(SubjectAlternativeName, w => WriteAll(w, names));

    public static byte[] Dns(string name) => Tagged(2, Encoding.Latin1.GetBytes(name));

    public static byte[] Ip(params byte[] octets) => Tagged(7, octets);

    public static byte[] Tagged(int tag, byte[] octets) => Write(w => w.WriteOctetString(octets, new Asn1Tag(TagClass.ContextSpecific, tag)));

    /// <summary>A constructed GeneralName.</summary>
    public static byte[] Constructed(int tag, Action<AsnWriter> content) => Write(w =>
    {
        using var outer = w.PushSequence(new Asn1Tag(TagClass.ContextSpecific, tag));
        content(w);
    });

    public static byte[] Extension(string oid, Action<AsnWriter> value, bool? critical = null) => Write(w =>
    {
        using var extension = w.PushSequence();
        w.WriteObjectIdentifier(oid);
        if (critical is { } c) w.WriteBoolean(c);
        w.WriteOctetString(Write(value));
    });

    public static byte[] Attribute(string oid, params byte[][] values) => Write(w =>
    {
        using var attribute = w.PushSequence();
        w.WriteObjectIdentifier(oid);
        using var set = w.PushSetOf();
        foreach (var value in values) w.WriteEncodedValue(value);
    });

    public static byte[] Write(Action<AsnWriter> content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        content(writer);
        return writer.Encode();
    }

    public static void WriteAll(AsnWriter writer, params byte[][] values)
    {
        using var sequence = writer.PushSequence();
        foreach (var value in values) writer.WriteEncodedValue(value);
    }

    private byte[] Info() => Write(w =>
    {
        using var info = w.PushSequence();
        w.WriteInteger(Version);
        using (w.PushSequence())
        {
            foreach (var name in CommonNames) WriteCommonName(w, name);
        }
        w.WriteEncodedValue(Key);
        if (LeaveAttributesOut) return;
        using var attributes = w.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0));
        if (Extensions is not null) w.WriteEncodedValue(Attribute("1.2.840.113549.1.9.14", Write(x => WriteAll(x, Extensions))));
        foreach (var attribute in MoreAttributes) w.WriteEncodedValue(attribute);
    });

    private void WriteCommonName(AsnWriter writer, string name)
    {
        using var relative = writer.PushSetOf();
        using var attribute = writer.PushSequence();
        writer.WriteObjectIdentifier("2.5.4.3");
        var octets = CommonNameTag == UniversalTagNumber.BMPString ? Encoding.BigEndianUnicode.GetBytes(name) : Encoding.UTF8.GetBytes(name);
        var value = Write(w => w.WriteOctetString(octets));
        value[0] = (byte)CommonNameTag; // the writer would check the characters against the type
        writer.WriteEncodedValue(value);
    }
}
