using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Gateways;

/// <summary>What is read from the gateways at every call: origins and reserved names.</summary>
public sealed class GatewaySnapshotTests
{
    private static readonly GatewaySnapshot Book = new(
    [
        Gateway("edge", ["https://ca.net.gq", "https://127.0.0.1:14000"]) with { RetiredBaseUrls = ["https://old.net.gq"] },
        Gateway("dmz", ["https://dmz.net.gq:8443"]) with { ProvisionerIds = ["nixos"], DeclaredTlsNames = [Identifier.ParseDns("front.net.gq"), Identifier.ParseDns("x.localhost")] },
        Gateway("wide", ["https://acme.wide.gq", "https://front.other.gq"]) with
        {
            RetiredBaseUrls = ["https://was.wide.gq", "https://was.other.gq"],
            DeclaredTlsNames = [Identifier.ParseDns("*.wide.gq")],
        },
        Gateway("off", ["https://off.net.gq"]) with { Disabled = true },
    ]);

    [Theory]
    [InlineData("dns:ca.net.gq", true)]
    [InlineData("dns:front.net.gq", true)]
    [InlineData("dns:off.net.gq", true)]
    [InlineData("dns:*.net.gq", true)]
    [InlineData("dns:dmz.net.gq", false)]
    [InlineData("dns:old.net.gq", true)]
    [InlineData("dns:*.wide.gq", true)]
    [InlineData("dns:acme.wide.gq", true)]
    [InlineData("dns:was.wide.gq", true)]
    [InlineData("dns:nas.wide.gq", false)]
    [InlineData("dns:front.other.gq", false)]
    [InlineData("dns:was.other.gq", false)]
    [InlineData("dns:*.other.gq", false)]
    [InlineData("dns:nas.net.gq", false)]
    [InlineData("dns:a.ca.net.gq", false)]
    [InlineData("dns:*.ca.net.gq", false)]
    [InlineData("dns:evilca.net.gq", false)]
    [InlineData("dns:localhost", false)]
    [InlineData("dns:x.localhost", false)]
    [InlineData("ip:127.0.0.1", false)]
    public void Reserved_AreTheTlsNamesTheHostsTheyCoverAndWildcards(string name, bool reserved) =>
        Assert.Equal(reserved, Book.IsReserved(Identifier.ParseKind(name)));

    [Fact]
    public void Origins_OfAProvisioner_AreThoseOfAllThatServeItCurrentAndRetired()
    {
        string[] shared =
        [
            "https://127.0.0.1:14000", "https://acme.wide.gq", "https://ca.net.gq", "https://front.other.gq", "https://off.net.gq",
            "https://old.net.gq", "https://was.other.gq", "https://was.wide.gq",
        ];

        Assert.Equal(shared, Book.OriginsOf("acme").Order(StringComparer.Ordinal));
        Assert.Equal([.. shared.Append("https://dmz.net.gq:8443").Order(StringComparer.Ordinal)], Book.OriginsOf("nixos").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void BaseUrlThatGoes_StaysAsARetiredOne()
    {
        var old = Gateway("edge", ["https://a.test", "https://b.test"]);

        var moved = new GatewayDraft { BaseUrls = ["https://c.test", "https://A.test"] }.ApplyTo(old);
        var back = new GatewayDraft { BaseUrls = ["https://b.test"] }.ApplyTo(moved);
        var forgotten = new GatewayDraft { RetiredBaseUrls = [] }.ApplyTo(back);

        Assert.Equal(["https://c.test", "https://a.test"], moved.BaseUrls);
        Assert.Equal(["https://b.test"], moved.RetiredBaseUrls);
        Assert.Equal(["https://b.test"], back.BaseUrls);
        Assert.Equal(["https://c.test", "https://a.test"], back.RetiredBaseUrls);
        Assert.Empty(forgotten.RetiredBaseUrls);
    }

    private static GatewayRecord Gateway(string id, string[] baseUrls) => new() { Id = id, BaseUrls = [.. baseUrls], CreatedAt = DateTimeOffset.UnixEpoch };
}
