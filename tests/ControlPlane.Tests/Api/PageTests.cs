using System.Buffers.Text;
using CsCheck;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>Pages: complete walks, and tokens that are not ours.</summary>
public sealed class PageTests
{
    private static readonly PageTokens Tokens = new([1, 2, 3]);
    private static readonly string[] Rows = [.. Enumerable.Range(0, 25).Select(i => $"row-{i:d3}")];

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(25)]
    [InlineData(0)]
    [InlineData(5000)]
    public void Walk_OverAllPages_SeesEachRowOnce(int size)
    {
        var seen = new List<string>();
        var token = "";
        do
        {
            (var rows, token) = Tokens.Of(Rows, r => r, size, token, "rows");
            seen.AddRange(rows);
        }
        while (token.Length > 0);

        Assert.Equal(Rows, seen);
    }

    [Fact]
    public void Walk_WhileRowsComeAndGo_GoesOnAtItsPlace()
    {
        var (_, token) = Tokens.Of(Rows, r => r, 10, "", "rows");

        var (next, _) = Tokens.Of(Rows.Where(r => r != "row-009").Append("row-999"), r => r, 1, token, "rows");

        Assert.Equal(["row-010"], next);
    }

    [Fact]
    public void Token_OfAnotherQueryOrShape_IsRefused()
    {
        var token = Tokens.Token("rows", "row-001");

        Refused(() => Tokens.Read(10, token, "other rows", 1));
        Refused(() => Tokens.Read(10, token, "rows", 2));
        Refused(() => Tokens.Read(10, token + "A", "rows", 1));
        Refused(() => Tokens.Read(10, new string('A', 5000), "rows", 1));
        Assert.Equal(["row-001"], Tokens.Read(10, token, "rows", 1).After);
    }

    [Fact]
    public void Token_OfAnotherKey_IsRefused() =>
        Refused(() => Tokens.Read(10, new PageTokens([4, 5, 6]).Token("rows", "row-001"), "rows", 1));

    [Fact]
    public void Token_WithAChangedByte_IsRefused()
    {
        var bytes = Base64Url.DecodeFromChars(Tokens.Token("rows", "row-001"));
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = bytes.ToArray();
            changed[i] ^= 1;
            Refused(() => Tokens.Read(10, Base64Url.EncodeToString(changed), "rows", 1));
        }
    }

    [Fact]
    public void Token_OfAnyText_IsRefused() =>
        Gen.String[1, 100].Sample(text => Refused(() => Tokens.Read(10, text, "rows", 1)), iter: 10_000);

    [Fact]
    public void Size_BelowZero_IsRefused() =>
        Assert.Equal("page_size", Assert.Throws<RefusalException>(() => Tokens.Read(-1, "", "rows", 1)).Field);

    private static void Refused(Action read)
    {
        var fault = Assert.Throws<RefusalException>(read);
        Assert.Equal((RefusalReason.InvalidArgument, "page_token"), (fault.Reason, fault.Field));
    }
}
