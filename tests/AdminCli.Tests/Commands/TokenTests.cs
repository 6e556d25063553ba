using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace GrpcCa.AdminCli.Tests.Commands;

/// <summary><c>grpcca token create</c> and provisioners of other kinds, without a server of their own.</summary>
public sealed class TokenTests
{
    [Theory]
    [InlineData(256, "ES256")]
    [InlineData(384, "ES384")]
    [InlineData(2048, "RS256")]
    public async Task Token_IsSignedHere_WithWhatItSays(int size, string algorithm)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        using AsymmetricAlgorithm key = size == 2048 ? RSA.Create(size) : ECDsa.Create(size == 256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
        var cli = new Cli(fake);
        await File.WriteAllTextAsync(Path.Combine(fake.Directory, "ci.key"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);

        var run = await cli.RunAsync("token create nas.test 100.64.0.7 --provisioner ci --key ci.key --key-id build --profile short --lifetime 90s");

        Assert.Equal(0, run.ExitCode);
        var parts = run.Out.Trim().Split('.');
        var (header, claims) = (Json(parts[0]), Json(parts[1]));
        Assert.Equal((algorithm, "build", "JWT"), (header["alg"]!.GetValue<string>(), header["kid"]!.GetValue<string>(), header["typ"]!.GetValue<string>()));
        Assert.Equal(("ci", "grpcca:provisioners/ci", "nas.test", "short"),
            (claims["iss"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["sub"]!.GetValue<string>(), claims["profile"]!.GetValue<string>()));
        Assert.Equal(["nas.test", "100.64.0.7"], claims["sans"]!.AsArray().Select(n => n!.GetValue<string>()));
        Assert.Equal(90, claims["exp"]!.GetValue<long>() - claims["iat"]!.GetValue<long>());
        var (input, signature) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]));
        Assert.True(key is ECDsa ec ? ec.VerifyData(input, signature, size == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256)
            : ((RSA)key).VerifyData(input, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    [Theory]
    [InlineData("token create nas.test --provisioner ci --key missing.key", "there is no file 'missing.key'")]
    [InlineData("token create nas.test --provisioner ci --key bad.key", "no private key that can be read here")]
    [InlineData("certificate create --provisioner ci", "give the names, or --csr FILE")]
    [InlineData("certificate create nas.test --token-file a --oidc-token-file b", "one token is enough")]
    [InlineData("certificate create nas.test --trust 12", "is no SHA-256")]
    [InlineData("certificate renew missing.crt --key bad.key", "there is no file 'missing.crt'")]
    [InlineData("provisioner create x --kind token --authority main --profile server --challenge http-01", "is a field of the kind acme")]
    [InlineData("provisioner create x --kind acme --authority main --profile server --audience a", "is a field of the kind token or oidc or x5c or renewal")]
    [InlineData("provisioner create x --kind token --authority main --profile server --token-key missing.pub", "--token-key: there is no file 'missing.pub'")]
    [InlineData("provisioner create x --kind tokens --authority main --profile server", "did you mean 'token'?")]
    public async Task Mistakes_AreSaid_AndNothingIsSent(string line, string part)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var cli = new Cli(fake);
        await File.WriteAllTextAsync(Path.Combine(fake.Directory, "bad.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----\n", TestContext.Current.CancellationToken);

        var run = await cli.RunAsync(line);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(part, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(fake.Directory, "nas.test.*"));
    }

    private static JsonObject Json(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();
}
