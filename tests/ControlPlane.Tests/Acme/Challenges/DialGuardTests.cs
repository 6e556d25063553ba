using System.Net;
using CsCheck;
using GrpcCa.ControlPlane.Acme.Challenges;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges;

public sealed class DialGuardTests
{
    private static readonly DialGuard Tailnet = new(ValidationOptions.TailnetRanges);
    private static readonly DialGuard Everything = new(Validation.Networks("0.0.0.0/0", "::/0"));

    [Theory]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.254")]
    [InlineData("100.100.100.101")]
    [InlineData("fd7a:115c:a1e0::1")]
    [InlineData("fd7a:115c:a1e0::54")]
    [InlineData("::ffff:100.64.0.1")]
    public void TailnetAddress_IsDialled(string address) => Assert.True(Tailnet.Judge(IPAddress.Parse(address)).Allowed);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("::1")]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.250")]
    [InlineData("ff02::1")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("fd7a:115c:a1e1::1")]
    [InlineData("fd00::1")]
    [InlineData("2001:db8::1")]
    [InlineData("100.100.100.100")]
    [InlineData("::ffff:100.100.100.100")]
    [InlineData("fd7a:115c:a1e0::53")]
    [InlineData("fd7a:115c:a1e0:0:0:0:0:53")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::127.0.0.1")]
    [InlineData("64:ff9b::100.100.100.100")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("64:ff9b:1::127.0.0.1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:6464:6464::1")]
    [InlineData("2001:0:7f00:1::")]
    public void AnyOtherAddress_IsNot(string address)
    {
        var verdict = Tailnet.Judge(IPAddress.Parse(address));

        Assert.False(verdict.Allowed);
        Assert.Contains(IPAddress.Parse(address).ToString(), verdict.Refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("100.100.100.100")]
    [InlineData("::ffff:100.100.100.100")]
    [InlineData("64:ff9b::100.100.100.100")]
    [InlineData("2002:6464:6464::1")]
    [InlineData("fd7a:115c:a1e0::53")]
    [InlineData("0.0.0.0")]
    [InlineData("::ffff:0.0.0.0")]
    [InlineData("::")]
    [InlineData("224.0.0.251")]
    [InlineData("ff05::1:3")]
    [InlineData("255.255.255.255")]
    [InlineData("169.254.169.254")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("fd00:ec2::254")]
    public void ServiceAddress_IsNeverDialled_WhateverTheRangesSay(string address) => Assert.False(Everything.Judge(IPAddress.Parse(address)).Allowed);

    [Theory]
    [InlineData("::ffff:100.64.0.5", "100.64.0.5")]
    [InlineData("64:ff9b::100.64.0.5", "100.64.0.5")]
    [InlineData("2002:6440:5::1", "100.64.0.5")]
    [InlineData("::100.64.0.5", "100.64.0.5")]
    [InlineData("::1", "::1")]
    [InlineData("fd7a:115c:a1e0::5", "fd7a:115c:a1e0::5")]
    public void Address_IsDialledAsItWasJudged(string resolved, string dialled) =>
        Assert.Equal(IPAddress.Parse(dialled), Everything.Judge(IPAddress.Parse(resolved)).Address);

    [Fact]
    public void NoRanges_DialNothing() => Assert.False(new DialGuard([]).Judge(IPAddress.Parse("100.64.0.1")).Allowed);

    [Fact]
    public void WhateverIsAllowed_LiesInARange() => Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]).Sample(bytes =>
    {
        var verdict = Tailnet.Judge(new IPAddress(bytes));
        return !verdict.Allowed || ValidationOptions.TailnetRanges.Any(range => range.Contains(verdict.Address));
    }, iter: 20_000);
}
