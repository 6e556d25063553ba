using System.Security.Cryptography;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Tests.Signing;

/// <summary>What every signer provider keeps; each provider's tests inherit it.</summary>
public abstract class SignerProviderContract
{
    private static readonly byte[] Message = "to be signed"u8.ToArray();

    internal abstract ISignerProvider Provider { get; }

    /// <summary>The same keys in a new process.</summary>
    internal abstract ISignerProvider Reopened();

    [Theory]
    [InlineData("EcP256")]
    [InlineData("EcP384")]
    [InlineData("Rsa2048")]
    [InlineData("Rsa3072")]
    [InlineData("Rsa4096")]
    public async Task SignAsync_EveryAlgorithm_VerifiesUnderThePublicKey(string name)
    {
        var algorithm = Enum.Parse<KeyAlgorithm>(name);
        var uri = await Provider.GenerateAsync(algorithm, "key", CancellationToken.None);
        using var signer = await Provider.OpenAsync(uri, CancellationToken.None);

        Assert.Equal(algorithm, signer.Algorithm);
        Assert.True(Verifies(signer, Message, await signer.SignAsync(Message, CancellationToken.None)));
        Assert.False(Verifies(signer, "another"u8.ToArray(), await signer.SignAsync(Message, CancellationToken.None)));
    }

    [Fact]
    public async Task OpenAsync_InANewProcess_FindsTheSameKey()
    {
        var uri = await Provider.GenerateAsync(KeyAlgorithm.EcP256, "key", CancellationToken.None);
        using var before = await Provider.OpenAsync(uri, CancellationToken.None);
        using var after = await Reopened().OpenAsync(KeyUri.Parse(uri.ToString()), CancellationToken.None);

        Assert.Equal(before.SubjectPublicKeyInfo.ToArray(), after.SubjectPublicKeyInfo.ToArray());
        Assert.True(Verifies(before, Message, await after.SignAsync(Message, CancellationToken.None)));
    }

    [Fact]
    public async Task GenerateAsync_Twice_MakesTwoKeys()
    {
        using var first = await Provider.OpenAsync(await Provider.GenerateAsync(KeyAlgorithm.EcP256, "one", CancellationToken.None), CancellationToken.None);
        using var second = await Provider.OpenAsync(await Provider.GenerateAsync(KeyAlgorithm.EcP256, "two", CancellationToken.None), CancellationToken.None);

        Assert.NotEqual(first.SubjectPublicKeyInfo.ToArray(), second.SubjectPublicKeyInfo.ToArray());
    }

    [Fact]
    public async Task GenerateAsync_TakenLabel_NeverReplacesTheKey()
    {
        var uri = await Provider.GenerateAsync(KeyAlgorithm.EcP256, "key", CancellationToken.None);
        using var before = await Provider.OpenAsync(uri, CancellationToken.None);

        await Assert.ThrowsAsync<KeyUnavailableException>(async () => await Provider.GenerateAsync(KeyAlgorithm.EcP256, "key", CancellationToken.None));
        using var after = await Reopened().OpenAsync(uri, CancellationToken.None);
        Assert.Equal(before.SubjectPublicKeyInfo.ToArray(), after.SubjectPublicKeyInfo.ToArray());
    }

    [Fact]
    public async Task OpenAsync_UnknownKey_SaysWhich()
    {
        var known = await Provider.GenerateAsync(KeyAlgorithm.EcP256, "key", CancellationToken.None);
        var unknown = known with { Path = known.Path.Replace("key", "lost", StringComparison.Ordinal) };

        var refused = await Assert.ThrowsAsync<KeyUnavailableException>(async () => await Provider.OpenAsync(unknown, CancellationToken.None));
        Assert.Contains("lost", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignAsync_ManyAtOnce_EverySignatureVerifies()
    {
        foreach (var algorithm in new[] { KeyAlgorithm.EcP256, KeyAlgorithm.Rsa2048 })
        {
            using var signer = await Provider.OpenAsync(await Provider.GenerateAsync(algorithm, $"{algorithm}", CancellationToken.None), CancellationToken.None);
            var signed = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
            {
                var message = BitConverter.GetBytes(i);
                return Verifies(signer, message, await signer.SignAsync(message, CancellationToken.None));
            })));
            Assert.All(signed, Assert.True);
        }
    }

    private static bool Verifies(ISigner signer, byte[] message, byte[] signature)
    {
        if (signer.Algorithm is KeyAlgorithm.EcP256 or KeyAlgorithm.EcP384)
        {
            using var ec = ECDsa.Create();
            ec.ImportSubjectPublicKeyInfo(signer.SubjectPublicKeyInfo.Span, out _);
            return ec.VerifyData(message, signature, signer.Algorithm == KeyAlgorithm.EcP256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384,
                DSASignatureFormat.Rfc3279DerSequence);
        }
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(signer.SubjectPublicKeyInfo.Span, out _);
        return rsa.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }
}
