using System.Diagnostics;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;
using GrpcCa.TestKit.Signing;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Signing;

public sealed class FileSignerProviderTests : IDisposable
{
    private readonly KeyDirectory keys = new();

    public void Dispose() => keys.Dispose();

    [Fact]
    public async Task GenerateAsync_NewKey_IsItsOwnersAloneAndEncrypted()
    {
        await GenerateAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(keys.PathOf("key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(keys.Keys));
        Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", await File.ReadAllTextAsync(keys.PathOf("key")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateAsync_NewKey_OpensslReadsItWithThePassword()
    {
        await GenerateAsync();

        var (code, output) = await OpensslAsync("asn1parse", "-in", keys.PathOf("key"));
        Assert.Equal(0, code);
        foreach (var expected in new[] { "PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc" }) Assert.Contains(expected, output, StringComparison.Ordinal);
        (code, output) = await OpensslAsync("pkey", "-in", keys.PathOf("key"), "-passin", "file:" + keys.PasswordFile, "-noout", "-text_pub");
        Assert.Equal(0, code);
        Assert.Contains("prime256v1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_WrongPassword_NamesTheFileAndTheCause()
    {
        await GenerateAsync();
        keys.WritePassword("another password\n");

        await RefusesAsync(keys.Reopen(), "password");
    }

    [Fact]
    public async Task OpenAsync_MissingFile_NamesTheFileAndMakesNone()
    {
        await GenerateAsync();
        File.Delete(keys.PathOf("key"));

        await RefusesAsync(keys.Reopen(), "missing");
        Assert.False(File.Exists(keys.PathOf("key")));
    }

    [Theory]
    [InlineData("", "no PEM")]
    [InlineData("garbage", "no PEM")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "EncryptedPrivateKeyInfo")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMAMCAQA=\n-----END PRIVATE KEY-----\n", "'PRIVATE KEY'")]
    public async Task OpenAsync_CorruptFile_SaysDamagedAndKeepsTheBytes(string content, string cause)
    {
        await GenerateAsync();
        await File.WriteAllTextAsync(keys.PathOf("key"), content);

        await RefusesAsync(keys.Reopen(), "damaged", cause);
        Assert.Equal(content, await File.ReadAllTextAsync(keys.PathOf("key")));
    }

    [Fact]
    public async Task OpenAsync_AnyFlippedByte_IsRefusedWithTheName()
    {
        await GenerateAsync();
        var pem = await File.ReadAllTextAsync(keys.PathOf("key"));
        var der = Convert.FromBase64String(string.Concat(pem.Split('\n').Where(line => !line.StartsWith('-'))));
        for (var i = 0; i < der.Length; i++)
        {
            var flipped = der.ToArray();
            flipped[i] ^= 0x40;
            await File.WriteAllTextAsync(keys.PathOf("key"), new string(PemEncoding.Write(SealedKey.PemLabel, flipped)));
            try
            {
                // CBC has no integrity: what opens all the same is a whole key, never one that signs rubbish.
                using var opened = await keys.Reopen().OpenAsync(new KeyUri("file", "key.p8"), CancellationToken.None);
                using var half = ECDsa.Create();
                half.ImportSubjectPublicKeyInfo(opened.SubjectPublicKeyInfo.Span, out _);
                var signature = await opened.SignAsync(new byte[] { 1 }, CancellationToken.None);
                Assert.True(half.VerifyData(new byte[] { 1 }, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
            }
            catch (KeyUnavailableException refused)
            {
                Assert.Contains(keys.PathOf("key"), refused.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task OpenAsync_CutFile_IsRefused()
    {
        await GenerateAsync();
        var pem = await File.ReadAllTextAsync(keys.PathOf("key"));
        await File.WriteAllTextAsync(keys.PathOf("key"), pem[..(pem.Length / 2)]);

        await RefusesAsync(keys.Reopen(), "damaged");
    }

    [Theory]
    [InlineData("aes-128-cbc", "hmacWithSHA256")]
    [InlineData("aes-256-cbc", "hmacWithSHA1")]
    public async Task OpenAsync_WeakerSeal_IsRefused(string cipher, string prf)
    {
        await GenerateAsync();
        var plain = Path.Combine(keys.Root, "plain.pem");
        await OpensslAsync("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", plain);
        File.Delete(keys.PathOf("key"));
        var (code, output) = await OpensslAsync("pkcs8", "-topk8", "-in", plain, "-v2", cipher, "-v2prf", prf, "-iter", "20000",
            "-passout", "file:" + keys.PasswordFile, "-out", keys.PathOf("key"));
        Assert.True(code == 0, output);
        File.SetUnixFileMode(keys.PathOf("key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await RefusesAsync(keys.Reopen(), "not sealed with");
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public async Task OpenAsync_FileOthersMayRead_SaysHowToMendIt(UnixFileMode more)
    {
        await GenerateAsync();
        File.SetUnixFileMode(keys.PathOf("key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | more);

        await RefusesAsync(keys.Reopen(), "chmod 600");
    }

    [Theory]
    [InlineData("../key.p8")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/key.p8")]
    [InlineData(".p8")]
    [InlineData("key.pem")]
    [InlineData("")]
    public async Task OpenAsync_PathOutsideTheDirectory_IsRefused(string path) =>
        await Assert.ThrowsAsync<KeyUnavailableException>(async () => await keys.Provider.OpenAsync(new KeyUri("file", path), CancellationToken.None));

    [Fact]
    public async Task GenerateAsync_OpenDirectory_IsRefusedWithTheMendingCommand()
    {
        Directory.CreateDirectory(keys.Keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);

        var refused = await Assert.ThrowsAsync<KeyUnavailableException>(GenerateAsync);
        Assert.Contains("chmod 700", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateAsync_SameLabelAtOnce_OneWins()
    {
        var providers = Enumerable.Range(0, 8).Select(_ => keys.Reopen()).ToList();
        var outcomes = await Task.WhenAll(providers.Select(provider => Task.Run(async () =>
        {
            try
            {
                await provider.GenerateAsync(KeyAlgorithm.EcP256, "key", CancellationToken.None);
                return true;
            }
            catch (KeyUnavailableException)
            {
                return false;
            }
        })));

        Assert.Single(outcomes, won => won);
        using var signer = await keys.Reopen().OpenAsync(new KeyUri("file", "key.p8"), CancellationToken.None);
        Assert.Equal(KeyAlgorithm.EcP256, signer.Algorithm);
    }

    [Fact]
    public async Task ImportAsync_ExistingKey_SignsAsBefore()
    {
        using var existing = RSA.Create(2048);
        var uri = await keys.Provider.ImportAsync("imported", existing.ExportPkcs8PrivateKey(), CancellationToken.None);
        using var signer = await keys.Reopen().OpenAsync(uri, CancellationToken.None);

        Assert.Equal("file:imported.p8", uri.ToString());
        Assert.Equal(existing.ExportSubjectPublicKeyInfo(), signer.SubjectPublicKeyInfo.ToArray());
        Assert.True(existing.VerifyData("x"u8.ToArray(), await signer.SignAsync("x"u8.ToArray(), CancellationToken.None), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    [Fact]
    public async Task ImportAsync_KeyNoCaMayHave_IsRefusedAndLeavesNoFile()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var small = RSA.Create(1024);
        foreach (var pkcs8 in new[] { curve.ExportPkcs8PrivateKey(), small.ExportPkcs8PrivateKey(), "no key"u8.ToArray(), [] })
            await Assert.ThrowsAsync<KeyUnavailableException>(async () => await keys.Provider.ImportAsync("imported", pkcs8, CancellationToken.None));
        Assert.False(File.Exists(keys.PathOf("imported")));
    }

    [Fact]
    public async Task OpenAsync_UsualIterations_StaysFarBelowTheTimeOfAStart()
    {
        using var password = KeyPassword.FromFile(keys.PasswordFile);
        var provider = new FileSignerProvider(new FileKeyOptions { Directory = keys.Keys }, password, NullLogger<FileSignerProvider>.Instance);
        var uri = await provider.GenerateAsync(KeyAlgorithm.EcP256, "key", CancellationToken.None);

        var watch = Stopwatch.StartNew();
        using var signer = await provider.OpenAsync(uri, CancellationToken.None);
        // Measured 50 ms; a start opens some five keys and has five seconds.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(0.9));
    }

    private async Task<KeyUri> GenerateAsync() => await keys.Provider.GenerateAsync(KeyAlgorithm.EcP256, "key", CancellationToken.None);

    private async Task RefusesAsync(FileSignerProvider provider, params string[] words)
    {
        var refused = await Assert.ThrowsAsync<KeyUnavailableException>(async () => await provider.OpenAsync(new KeyUri("file", "key.p8"), CancellationToken.None));
        Assert.Contains(keys.PathOf("key"), refused.Message, StringComparison.Ordinal);
        foreach (var word in words) Assert.Contains(word, refused.Message, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output)> OpensslAsync(params string[] arguments) => Openssl.RunAsync(arguments);
}
