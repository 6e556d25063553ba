using System.Text;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

public sealed class SignedMessageTests
{
    private static readonly JwsLimits Limits = new();

    [Fact]
    public void Message_Good_IsReadWhole()
    {
        var rig = new VerifierRig();
        var message = SignedMessage.Parse(Encoding.UTF8.GetBytes(rig.Good), Limits);
        Assert.Equal((JwsAlgorithm.ES256, rig.Nonce, VerifierRig.Url, VerifierRig.Kid), (message.Algorithm, message.Nonce, message.Url, message.Kid));
        Assert.Null(message.Jwk);
        Assert.False(message.IsPostAsGet);
    }

    [Fact]
    public void Nonce_OfARefusedMessage_ComesToLight()
    {
        var rig = new VerifierRig();
        var reading = SignedMessage.Read(Encoding.UTF8.GetBytes(rig.Good[..^30]), Limits);
        Assert.False(reading.IsMessage);
        Assert.Equal((RefusalReason.Malformed, rig.Nonce), (reading.Refusal.Reason, reading.Nonce));
    }

    [Fact]
    public void Parse_OfARefusedMessage_Throws() =>
        Assert.Equal(RefusalReason.Malformed, Assert.Throws<RefusalException>(() => SignedMessage.Parse("{}"u8.ToArray(), Limits)).Reason);

    [Theory]
    [InlineData("", "")]
    [InlineData("AA", "00")]
    [InlineData("AAA", "0000")]
    [InlineData("-_8", "FBFF")]
    [InlineData("AAAA", "000000")]
    public void Base64Url_Canonical_IsDecoded(string text, string hex)
    {
        Assert.True(StrictBase64Url.TryDecode(text, out var value));
        Assert.Equal(hex, Convert.ToHexString(value));
    }

    [Theory]
    [InlineData("A")]
    [InlineData("AAAAA")]
    [InlineData("AB")]
    [InlineData("AAB")]
    [InlineData("AA==")]
    [InlineData("AA=")]
    [InlineData("A A")]
    [InlineData("AA\n")]
    [InlineData("+/8")]
    [InlineData("AAÄ")]
    [InlineData("AA\0A")]
    public void Base64Url_AnythingElse_IsNotDecoded(string text) => Assert.False(StrictBase64Url.TryDecode(text, out _));
}
