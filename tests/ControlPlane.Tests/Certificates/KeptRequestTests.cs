using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GrpcCa.ControlPlane.Certificates;

namespace GrpcCa.ControlPlane.Tests.Certificates;

public sealed class KeptRequestTests
{
    private static string Text(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static byte[] Jws(string header, string payload, string signature = "AAEC") =>
        Encoding.UTF8.GetBytes($"{{\"protected\":\"{header}\",\"payload\":\"{payload}\",\"signature\":\"{signature}\"}}");

    [Fact]
    public void A_finalize_comes_back_as_it_was_and_takes_two_thirds()
    {
        var csr = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(400));
        var request = Jws(Text("""{"alg":"ES256","kid":"https://a/1","nonce":"x","url":"https://a/2"}"""), Text($$"""{"csr":"{{csr}}"}"""), Text("signature"));

        var stored = KeptRequest.Pack(request)!;

        Assert.Equal(request, KeptRequest.Unpack(stored));
        Assert.InRange(stored.Length, 400, request.Length * 2 / 3);
    }

    [Fact]
    public void Spaces_and_order_of_members_are_not_kept_and_the_signed_texts_are()
    {
        var (header, payload) = (Text("{}"), Text("""{"identifiers":[]}"""));
        var request = Encoding.UTF8.GetBytes($"{{ \"signature\" : \"AAEC\",\n \"payload\":\"{payload}\", \"protected\":\"{header}\" }}");

        Assert.Equal(Jws(header, payload), KeptRequest.Unpack(KeptRequest.Pack(request)));
    }

    [Theory]
    [InlineData("""{"csr":"AAEC"}""")]
    [InlineData("""{"csr": "AAEC"}""")]
    [InlineData("""{"csr":"AAEC","csr":"AAEC"}""")]
    [InlineData("""{"csr":"AAE="}""")] // padded
    [InlineData("""{"csr":"AAF"}""")] // its last bits are not zero
    [InlineData("""{"csr":" AAEC"}""")]
    [InlineData("""{"csr":""}""")]
    [InlineData("""{"csr":"}""")]
    [InlineData("""{}""")]
    [InlineData("")]
    public void Whatever_the_payload_says_comes_back(string payload)
    {
        var request = Jws(Text("{}"), Text(payload));

        Assert.Equal(request, KeptRequest.Unpack(KeptRequest.Pack(request)));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("{\"protected\":\"AA\"")]
    [InlineData("{\"protected\":\"AA\",\"payload\":\"\",\"signature\":\"AA\",\"header\":\"AA\"}")]
    [InlineData("{\"protected\":\"AA\",\"payload\":\"\"}")]
    [InlineData("{\"protected\":\"AB\",\"payload\":\"\",\"signature\":\"AA\"}")] // AB would come back as AA
    [InlineData("{\"protected\":\"AA\",\"payload\":\"\",\"signature\":\"A A\"}")]
    [InlineData("{\"protected\":\"AA\",\"payload\":1,\"signature\":\"AA\"}")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.AAEC")]
    public void What_would_not_come_back_stands_as_it_is(string request) =>
        Assert.Equal(Encoding.UTF8.GetBytes(request), KeptRequest.Pack(Encoding.UTF8.GetBytes(request)));

    [Fact]
    public void What_was_stored_before_is_read_as_it_is()
    {
        byte[] der = [0x30, 0x03, 0x02, 0x01, 0x05, 0, 0, 0, 0, 0];

        Assert.Equal(der, KeptRequest.Unpack(der));
        Assert.Equal(Jws("e30", ""), KeptRequest.Unpack(Jws("e30", "")));
        Assert.Null(KeptRequest.Unpack(null));
        Assert.Null(KeptRequest.Pack(null));
    }
}
