using System.Buffers.Text;
using CsCheck;
using GrpcCa.ControlPlane.Acme.Nonces;

namespace GrpcCa.ControlPlane.Tests.Acme.Nonces;

public sealed class NonceMintTests
{
    [Fact]
    public void Nonce_RedeemedTwice_IsGoodOnce()
    {
        var mint = new NonceMint(new NonceMintOptions());
        var nonce = mint.Mint();
        Assert.Equal(NonceVerdict.Good, mint.Redeem(nonce));
        Assert.Equal(NonceVerdict.Unknown, mint.Redeem(nonce));
    }

    [Fact]
    public void Nonces_Minted_AreDistinctBase64Url()
    {
        var mint = new NonceMint(new NonceMintOptions());
        var nonces = Enumerable.Range(0, 10_000).Select(_ => mint.Mint()).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(10_000, nonces.Count);
        Assert.All(nonces, n => Assert.Equal(36, Base64Url.DecodeFromChars(n).Length));
    }

    [Fact]
    public void Nonce_AfterAMillionWereMinted_IsStillGood()
    {
        // The smallest window there is: minting alone must not move it.
        var mint = new NonceMint(new NonceMintOptions { WindowChunks = 1 });
        var first = mint.Mint();
        for (var i = 0; i < 1_000_000; i++) mint.Mint();
        Assert.Equal(NonceVerdict.Good, mint.Redeem(first));
    }

    [Fact]
    public async Task Nonce_RedeemedByFiftyAtOnce_HasOneWinner()
    {
        var mint = new NonceMint(new NonceMintOptions());
        for (var round = 0; round < 40; round++)
        {
            var nonce = mint.Mint();
            using var start = new Barrier(50);
            var verdicts = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return mint.Redeem(nonce);
                }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.Equal(1, verdicts.Count(v => v == NonceVerdict.Good));
        }
    }

    [Fact]
    public void Nonce_OfAnotherReplica_IsUnknown()
    {
        var mint = new NonceMint(new NonceMintOptions { Replica = 1 });
        Assert.Equal(NonceVerdict.Unknown, mint.Redeem(new NonceMint(new NonceMintOptions { Replica = 2 }).Mint()));
    }

    [Fact]
    public void Nonce_OfAnEarlierRunOfTheReplica_IsUnknown()
    {
        var nonce = new NonceMint(new NonceMintOptions { Replica = 1 }).Mint();
        Assert.Equal(NonceVerdict.Unknown, new NonceMint(new NonceMintOptions { Replica = 1 }).Redeem(nonce));
    }

    [Theory]
    [InlineData("!", NonceVerdict.Malformed)]
    [InlineData("AAAA=", NonceVerdict.Malformed)]
    [InlineData("AAAA\n", NonceVerdict.Malformed)]
    [InlineData("AA\0A", NonceVerdict.Malformed)]
    [InlineData("ÄÄÄÄ", NonceVerdict.Malformed)]
    [InlineData("A", NonceVerdict.Malformed)]
    [InlineData("", NonceVerdict.Unknown)]
    [InlineData("AAAA", NonceVerdict.Unknown)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NonceVerdict.Unknown)]
    internal void Text_OfNobody_IsMalformedOrUnknown(string text, NonceVerdict verdict) =>
        Assert.Equal(verdict, new NonceMint(new NonceMintOptions()).Redeem(text));

    [Fact]
    public void Text_OfAMillionCharacters_IsUnknownAndAllocatesNothing()
    {
        var mint = new NonceMint(new NonceMintOptions());
        var text = new string('A', 1 << 20);
        mint.Redeem(text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var verdict = mint.Redeem(text);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((NonceVerdict.Unknown, 0), (verdict, allocated));
    }

    [Fact]
    public void Nonce_WithAnyCharacterChanged_IsNeverGood()
    {
        var mint = new NonceMint(new NonceMintOptions());
        Gen.Select(Gen.Int[0, 47], Gen.Char[' ', '~']).Sample((at, with) =>
        {
            var nonce = mint.Mint();
            if (nonce[at] == with) return;
            Assert.NotEqual(NonceVerdict.Good, mint.Redeem(string.Concat(nonce.AsSpan(0, at), [with], nonce.AsSpan(at + 1))));
            Assert.Equal(NonceVerdict.Good, mint.Redeem(nonce));
        });
    }

    [Fact]
    public void Text_OfAnyKind_NeverThrows()
    {
        var mint = new NonceMint(new NonceMintOptions());
        Gen.String.Sample(text => mint.Redeem(text) != NonceVerdict.Good);
    }
}
