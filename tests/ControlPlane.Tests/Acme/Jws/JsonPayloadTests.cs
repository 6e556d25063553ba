using System.Text;
using CsCheck;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

public sealed class JsonPayloadTests
{
    private static readonly JwsLimits Limits = new();

    [Fact]
    public void Members_Good_AreRead()
    {
        var payload = Parse("""
            {"s":"x","t":true,"f":false,"n":null,"list":["a","b"],"empty":[],"time":"2030-01-02T03:04:05.123456789+01:00","bytes":"AAEC",
             "identifiers":[{"type":"dns","value":"a.test"}],"eab":{"payload" : 1},"big":1e400}
            """);
        Assert.Equal("x", payload.RequireString("s"));
        Assert.Equal((true, false, null), (payload.FindBoolean("t"), payload.FindBoolean("f"), payload.FindBoolean("n")));
        Assert.Equal(["a", "b"], payload.FindStrings("list", 2)!.Value);
        Assert.Empty(payload.FindStrings("empty", 2)!.Value);
        Assert.Null(payload.FindStrings("absent", 2));
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 2, 4, 5, TimeSpan.Zero), payload.FindTime("time")!.Value.AddTicks(-1234567));
        Assert.Equal([0, 1, 2], payload.RequireBase64Url("bytes"));
        Assert.Equal("a.test", payload.RequireObjects("identifiers", 1)[0].RequireString("value"));
        Assert.Equal("""{"payload" : 1}""", Encoding.UTF8.GetString(payload.RequireObject("eab").RawJson));
        Assert.Null(payload.FindString("n"));
        Assert.True(payload.Has("big"));
    }

    [Theory]
    [InlineData("""{"identifiers":[{"value":"a"},{"value":1}]}""", "identifiers[1].value must be a string")]
    [InlineData("""{"identifiers":[{"value":"a"},{}]}""", "identifiers[1].value is missing")]
    [InlineData("""{"identifiers":[{"value":null}]}""", "identifiers[0].value is missing")]
    [InlineData("""{"identifiers":["a"]}""", "identifiers[0] must be an object")]
    [InlineData("""{"identifiers":{}}""", "identifiers must be an array")]
    [InlineData("""{"identifiers":[{"value":"a"},{"value":"a"},{"value":"a"}]}""", "identifiers has 3 elements, at most 2 are accepted")]
    [InlineData("""{}""", "identifiers is missing")]
    public void Element_Wrong_IsNamedByItsPath(string json, string detail)
    {
        var refusal = Assert.Throws<RefusalException>(() => Parse(json).RequireObjects("identifiers", 2).Select(i => i.RequireString("value")).ToList());
        Assert.Equal((RefusalReason.Malformed, detail), (refusal.Reason, refusal.Detail));
    }

    [Theory]
    [InlineData("\"2030-01-02\"")]
    [InlineData("\"2030-01-02T03:04:05\"")]
    [InlineData("\"2030-01-02 03:04:05Z\"")]
    [InlineData("\"2030-13-02T03:04:05Z\"")]
    [InlineData("\"2030-01-02T03:04:05+0100\"")]
    [InlineData("\"99999999999999999999Z\"")]
    [InlineData("1893553445")]
    public void Time_WithoutDateTimeOrOffset_IsMalformed(string json) =>
        Assert.StartsWith("x must be a", Assert.Throws<RefusalException>(() => Parse($$"""{"x":{{json}}}""").FindTime("x")).Detail, StringComparison.Ordinal);

    [Fact]
    public void Member_OfAnotherType_IsMalformed()
    {
        var payload = Parse("""{"x":{},"y":"true","z":"AA="}""");
        Assert.Equal("x must be a string", Refused(() => payload.RequireString("x")));
        Assert.Equal("y must be true or false", Refused(() => payload.FindBoolean("y")));
        Assert.Equal("z is not base64url without padding", Refused(() => payload.RequireBase64Url("z")));
        Assert.Equal("y must be an object", Refused(() => payload.FindObject("y")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("1e999")]
    [InlineData("{}{}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("{\"a\":1,\"\\u0061\":1}")]
    [InlineData("{\"x\":[{\"a\":1,\"a\":1}]}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"a\":[[[[[[[[[[[[1]]]]]]]]]]]]}")]
    [InlineData("\uFEFF{}")]
    public void Payload_NotOneObjectWithinTheLimits_IsMalformed(string json) =>
        Assert.Equal(RefusalReason.Malformed, Assert.Throws<RefusalException>(() => Parse(json)).Reason);

    [Fact]
    public void Payload_WithTooManyTokens_IsMalformed()
    {
        var json = $$"""{"x":[{{string.Join(',', Enumerable.Repeat("1", 4096))}}]}""";
        Assert.Contains("4096 JSON tokens", Refused(() => Parse(json)), StringComparison.Ordinal);
    }

    [Fact]
    public void Payload_OfArbitraryBytes_IsReadOrRefused() => Gen.OneOf(Gen.Byte.Array, Gen.String.Select(Encoding.UTF8.GetBytes)).Sample(bytes =>
    {
        try
        {
            JsonPayload.Parse(bytes, Limits).FindString("a");
        }
        catch (RefusalException e)
        {
            Assert.Equal(RefusalReason.Malformed, e.Reason);
        }
    });

    private static JsonPayload Parse(string json) => JsonPayload.Parse(Encoding.UTF8.GetBytes(json), Limits);

    private static string Refused(Func<object?> act) => Assert.Throws<RefusalException>(act).Detail;
}
