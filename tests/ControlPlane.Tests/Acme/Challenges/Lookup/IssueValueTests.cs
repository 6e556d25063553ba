using GrpcCa.ControlPlane.Acme.Challenges.Lookup;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Lookup;

public sealed class IssueValueTests
{
    [Theory]
    [InlineData("ca.test", "ca.test", "")]
    [InlineData("  CA.Test.  ", "ca.test", "")]
    [InlineData(";", "", "")]
    [InlineData("", "", "")]
    [InlineData("%%%%%", null, "")]
    [InlineData("ca.test; account=230123", "ca.test", "account=230123")]
    [InlineData("ca.test;a=1;b=2;", "ca.test", "a=1 b=2")]
    [InlineData("ca.test ; AccountURI = https://ca.test/1 ", "ca.test", "accounturi=https://ca.test/1")]
    [InlineData("ca.test; a=", "ca.test", "a=")]
    [InlineData("; a=1", "", "a=1")]
    [InlineData("ca.test; a=1; a=2", "ca.test", "a=1 a=2")]
    [InlineData("ca.test; nonsense", null, "")]
    [InlineData("ca.test; =1", null, "")]
    [InlineData("ca.test;; a=1", null, "")]
    [InlineData("ca.test; a=b c", null, "")]
    [InlineData("ca.test; a=ü", null, "")]
    [InlineData("ca.test a=1", null, "")]
    [InlineData("-ca.test", null, "")]
    [InlineData("ca..test", null, "")]
    [InlineData("ca.test; -a=1", null, "")]
    public void Text_IsReadByTheGrammar(string text, string? issuer, string parameters)
    {
        Assert.Equal(issuer is not null, IssueValue.TryParse(text, out var value));
        if (value is null) return;
        Assert.Equal(issuer, value.Issuer);
        Assert.Equal(parameters, string.Join(' ', value.Parameters.Select(parameter => $"{parameter.Key}={parameter.Value}")));
    }
}
