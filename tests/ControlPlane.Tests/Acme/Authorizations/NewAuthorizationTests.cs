using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.ControlPlane.Tests.Acme.Authorizations;

public sealed class NewAuthorizationTests
{
    private static readonly ProvisionerRecord Usual = new() { Id = "acme", AuthorityId = "home", DefaultProfile = "default" };
    private static readonly ProvisionerRecord All = Usual with { Challenges = ["http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01"] };

    [Theory]
    [InlineData("dns:nas.test", "http-01 dns-01 tls-alpn-01 dns-account-01 dns-persist-01")]
    [InlineData("dns:*.nas.test", "dns-01 dns-account-01 dns-persist-01")]
    [InlineData("ip:100.64.0.1", "http-01 tls-alpn-01")]
    [InlineData("ip:fd7a:115c:a1e0::1", "http-01 tls-alpn-01")]
    public void Challenges_FitTheName(string name, string expected) =>
        Assert.Equal(expected, string.Join(' ', For(All, name).Challenges.Select(challenge => challenge.Type)));

    [Fact]
    public void Challenges_FromTheStart_AreTheRfcs() =>
        Assert.Equal(["http-01", "dns-01", "tls-alpn-01"], For(Usual, "dns:nas.test").Challenges.Select(challenge => challenge.Type));

    [Fact]
    public void EachChallenge_HasItsOwnToken_NeededOrNot()
    {
        var made = For(All, "dns:nas.test");

        Assert.All(made.Challenges, challenge => Assert.Matches("^[A-Za-z0-9_-]{22}$", challenge.Token));
        Assert.Equal(5, made.Challenges.Select(challenge => challenge.Token).Distinct().Count());
        Assert.Equal(5, made.Challenges.Select(challenge => challenge.Id).Distinct().Count());
    }

    private static Authorization For(ProvisionerRecord provisioner, string name) =>
        NewAuthorization.For(Identifier.ParseKind(name), "one", provisioner, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
}
