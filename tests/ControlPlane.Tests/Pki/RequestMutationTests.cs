using System.Security.Cryptography;
using CsCheck;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using static GrpcCa.ControlPlane.Tests.Pki.RequestBuilder;

namespace GrpcCa.ControlPlane.Tests.Pki;

public sealed class RequestMutationTests
{
    private static readonly byte[] Extensions = AltNames(Dns("nas.net.gq"), Dns("*.net.gq"), Ip(100, 64, 0, 1), Ip(new byte[16]));

    private static readonly byte[][] Requests =
    [
        ForNames(Dns("nas.net.gq"), Ip(100, 64, 0, 1)),
        new RequestBuilder { CommonNames = ["nas.net.gq"], Extensions = [Extensions, Extension(BasicConstraints, w => WriteAll(w), critical: true), Extension(TlsFeature, w => WriteAll(w, [2, 1, 5]))] }.Build(),
        RsaRequest(),
    ];

    private static readonly Gen<(int At, byte Value, int Kind)[]> Changes = Gen.Select(Gen.Int[0, 5_000], Gen.Byte, Gen.Int[0, 3]).Array[1, 4];

    [Fact]
    public void Parse_MutatedRequest_IsNeverAccepted() => Gen.Select(Gen.Int[0, Requests.Length - 1].Select(i => Requests[i]), Changes).Sample(
        (request, changes) =>
        {
            var mutant = Mutate(request, changes);
            // Whatever is changed, signature or signed, the request is no longer the one that was signed.
            if (OnlyRefuses(mutant)) Assert.Equal(request, mutant);
        },
        iter: 5_000);

    [Fact]
    public void Parse_MutatedExtensionsSignedAnew_OnlyEverRefuses() => Changes.Sample(
        changes =>
        {
            OnlyRefuses(new RequestBuilder { MoreAttributes = [Mutated(changes)] }.Build());
        },
        iter: 5_000);

    [Fact]
    public void Parse_AnyOctets_OnlyEverRefuses() => Gen.Byte.Array[0, 200].Sample(octets => Assert.False(OnlyRefuses(octets)), iter: 5_000);

    [Fact]
    public void Parse_DeepNesting_IsRefused()
    {
        byte[] nested = [5, 0];
        for (var i = 0; i < 2_000; i++) nested = Write(w => WriteAll(w, nested));
        Assert.False(OnlyRefuses(nested));
        Assert.False(OnlyRefuses(new RequestBuilder { Extensions = [nested] }.Build()));
    }

    private static bool OnlyRefuses(byte[] request)
    {
        try
        {
            var csr = CertificateSigningRequest.Parse(request);
            Assert.NotEmpty(csr.Names);
            Assert.All(csr.Names, n => Assert.Equal(n, Identifier.ParseKind(n.ToString())));
            return true;
        }
        catch (RefusalException e)
        {
            Assert.Equal(RefusalReason.BadCsr, e.Reason);
            Assert.InRange(e.Detail.Length, 10, 1_000);
            Assert.DoesNotContain(e.Detail, char.IsControl);
            return false;
        }
    }

    private static byte[] Mutated((int At, byte Value, int Kind)[] changes)
    {
        var mutant = Mutate(Attribute("1.2.840.113549.1.9.14", Write(w => WriteAll(w, Extensions))), changes);
        return IsOneValue(mutant) ? mutant : Attribute("1.2.840.113549.1.9.14", Write(w => w.WriteOctetString(mutant)));
    }

    private static bool IsOneValue(byte[] octets) =>
        System.Formats.Asn1.AsnDecoder.TryReadEncodedValue(octets, System.Formats.Asn1.AsnEncodingRules.DER, out _, out _, out _, out var consumed) && consumed == octets.Length;

    private static byte[] Mutate(byte[] original, (int At, byte Value, int Kind)[] changes)
    {
        var octets = original.ToList();
        foreach (var (at, value, kind) in changes)
        {
            var i = at % octets.Count;
            if (kind == 0) octets[i] = value;
            else if (kind == 1) octets[i] ^= (byte)(1 << (value & 7));
            else if (kind == 2) octets.Insert(i, value);
            else if (octets.Count > 1) octets.RemoveAt(i);
        }
        return [.. octets];
    }

    private static byte[] RsaRequest()
    {
        var rsa = RSA.Create(2048);
        return new RequestBuilder
        {
            CommonNames = ["nas.net.gq"],
            Key = rsa.ExportSubjectPublicKeyInfo(),
            SignatureOid = "1.2.840.113549.1.1.11",
            NullParameters = true,
            Sign = data => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        }.Build();
    }
}
