using CsCheck;
using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>Filters: what they take, and that nothing crashes them.</summary>
public sealed class FilterParserTests
{
    private static readonly Dictionary<string, string[]> Fields = new() { ["level"] = ["="], ["expire_time"] = ["<", "<=", ">", ">="] };
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);

    [Fact]
    public void Filter_WithSeveralComparisons_IsReadInOrder()
    {
        var terms = FilterParser.Parse("  level = \"provisioners/acme\" AND expire_time<=2026-12-01T00:00:00Z ", Fields);

        Assert.Equal([new("level", "=", "provisioners/acme"), new("expire_time", "<=", "2026-12-01T00:00:00Z")], terms);
        Assert.Empty(FilterParser.Parse("   ", Fields));
        Assert.Equal("a\"b\\c", Assert.Single(FilterParser.Parse("level=\"a\\\"b\\\\c\"", Fields)).Value);
    }

    [Theory]
    [InlineData("colour = red", "colour")]
    [InlineData("level", "compares 'level'")]
    [InlineData("level =", "lacks a value")]
    [InlineData("level < x", "compares 'level' by '<'")]
    [InlineData("level = x AND", "ends after AND")]
    [InlineData("level = x OR level = y", "AND")]
    [InlineData("level = x level = y", "AND")]
    [InlineData("level = \"x", "does not end")]
    [InlineData("level = \"\\n\"", "escape")]
    [InlineData("(level = x)", "lacks a field name")]
    [InlineData("NOT level = x", "NOT")]
    [InlineData("level == x", "==")]
    [InlineData("; drop table certificates", "lacks a field name")]
    public void Filter_ThatIsWrong_IsRefusedWithTheCause(string filter, string cause)
    {
        var fault = Assert.Throws<RefusalException>(() => FilterParser.Parse(filter, Fields));

        Assert.Equal((RefusalReason.InvalidArgument, "filter"), (fault.Reason, fault.Field));
        Assert.Contains(cause, fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Filter_OfAnyText_IsReadOrRefused() => Gen.String[0, 200].Sample(text =>
    {
        try
        {
            FilterParser.Parse(text, Fields);
            CertificateFilter.Read(text, Now);
        }
        catch (RefusalException fault)
        {
            Assert.Equal("filter", fault.Field);
        }
    }, iter: 20_000);

    [Fact]
    public void CertificateFilter_PutsNothingOfTheCallerIntoTheQuery()
    {
        var conditions = CertificateFilter.Read("""gateway = "gateways/x' or 1=1 --" AND state = REVOKED AND identifier = "dns:nas.test" """, Now);
        var statement = new CertificateListStore.ListStatement(new CertificateQuery(conditions, CertificateFilter.ReadOrder("expire_time"), null, 10));

        Assert.All(statement.Sources().SelectMany(s => new[] { s.Serials, s.Rows }).Append(statement.Along(null)).Append(statement.ReadTo),
            text => Assert.DoesNotContain("or 1=1", text, StringComparison.Ordinal));
        Assert.Equal(["x' or 1=1 --", 0L, "dns:nas.test"], conditions.Select(c => c.Value));
    }

    [Theory]
    [InlineData("state = BROKEN")]
    [InlineData("identifier = nas.test")]
    [InlineData("identifier = \"email:a@b\"")]
    [InlineData("account = \"orders/1\"")]
    [InlineData("expire_time < tomorrow")]
    [InlineData("serial = xyz")]
    [InlineData("serial = 0")]
    [InlineData("public_key_sha256 = abc")]
    [InlineData("authority = \"authorities/a/issuers/1\"")]
    [InlineData("revoke_time = \"2026-12-01T00:00:00Z\"")]
    [InlineData("gateway = \"gateways/a\0b\"")]
    [InlineData("issuer = \"a\0b\"")]
    [InlineData("expire_time = \"2026-12-01T00:00:00Z\"")]
    public void CertificateFilter_WithAWrongValue_IsRefused(string filter) =>
        Assert.Equal("filter", Assert.Throws<RefusalException>(() => CertificateFilter.Read(filter, Now)).Field);

    [Theory]
    [InlineData("serial")]
    [InlineData("create_time desc, serial")]
    [InlineData("create_time; drop table certificates")]
    public void Order_ThatIsUnknown_IsRefused(string order) =>
        Assert.Equal("order_by", Assert.Throws<RefusalException>(() => CertificateFilter.ReadOrder(order)).Field);
}
