using System.Text;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

public sealed class JsonWebKeyTests
{
    private const string Rfc7638Key = """
        {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
        """;

    private const string Rfc8037Key = """{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""";

    private const string Rfc7515Key =
        """{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""";

    [Theory]
    [InlineData(Rfc7638Key, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")] // RFC 7638 §3.1
    [InlineData(Rfc8037Key, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")] // RFC 8037 A.3
    public void Thumbprint_OfTheRfcsKey_IsTheRfcs(string jwk, string thumbprint) => Assert.Equal(thumbprint, Parse(jwk).Thumbprint);

    [Theory]
    // RFC 7515 A.3
    [InlineData(Rfc7515Key, "ES256", "eyJhbGciOiJFUzI1NiJ9", "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ", "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")]
    // RFC 8037 A.4
    [InlineData(Rfc8037Key, "EdDSA", "eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")]
    public void Signature_OfTheRfc_Verifies(string jwk, string algorithm, string header, string payload, string signature)
    {
        Read(ClientKey.Flat(header, payload, signature)).Verify(JwsAlgorithms.Parse(algorithm), Parse(jwk), "it");
        var bent = Read(ClientKey.Flat(header, payload[4..], signature));
        Assert.Throws<RefusalException>(() => bent.Verify(JwsAlgorithms.Parse(algorithm), Parse(jwk), "it"));
    }

    [Fact]
    public void Key_OfEachKind_ComesBackFromTheStore()
    {
        foreach (var client in ClientKey.OneOfEach)
        {
            var key = Parse(client.Jwk);
            var stored = JsonWebKey.FromStored(key.CanonicalJson);
            Assert.True(stored.IsSameKey(key));
            Assert.Equal((key.Thumbprint, key.CanonicalJson), (stored.Thumbprint, stored.CanonicalJson));
            Assert.Equal(key.PublicKey.Sha256Hex, stored.PublicKey.Sha256Hex);
        }
    }

    [Fact]
    public void CanonicalJson_OfAKeyWithMore_HasTheRequiredMembersInOrder()
    {
        const string shuffled =
            """{"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","use":"sig","key_ops":["verify"],"x5c":[],"kid":"1","alg":"none","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","crv":"P-256","kty":"EC"}""";
        Assert.Equal("""{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""", Parse(shuffled).CanonicalJson);
        Assert.True(Parse(shuffled).IsSameKey(Parse(Rfc7515Key)));
        Assert.False(Parse(shuffled).IsSameKey(Parse(Rfc8037Key)));
    }

    [Fact]
    public void StoredKey_NotCanonical_IsAFault() => Assert.Throws<InvalidOperationException>(() => JsonWebKey.FromStored(Rfc7515Key));

    [Fact]
    public void Key_WithALeadingZeroCoordinate_IsReadAtFullLength()
    {
        // One key in 256 has a coordinate that starts with zero; clients that strip it are told the right length.
        var jwk = Enumerable.Range(0, 10_000).Select(_ => ClientKey.Es256().Jwk)
            .First(j => Convert.FromBase64String(j.Split('"')[11].Replace('-', '+').Replace('_', '/') + "=")[0] == 0);
        Assert.Equal(KeyType.EcP256, Parse(jwk).PublicKey.Type);
    }

    private static JsonWebKey Parse(string jwk) => JsonWebKey.Parse(Encoding.UTF8.GetBytes(jwk), "jwk", new JwsLimits());

    private static FlattenedJws Read(string json)
    {
        var fault = new FirstFault();
        var jws = FlattenedJws.Read(Encoding.UTF8.GetBytes(json), "it", new JwsLimits(), fault);
        Assert.Null(fault.Refusal);
        return jws;
    }
}
