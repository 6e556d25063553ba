using System.Security.Cryptography;
using GrpcCa.AdminCli.Tests.Fakes;
using GrpcCa.Host;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

/// <summary>Over real TLS: the token's fingerprint, the certificate, the calls after it.</summary>
public sealed class LoginTests
{
    private static string Identity(FakeControlPlane fake) => Path.Combine(fake.Directory, ".config", "grpcca", "identity");

    private static async Task<Run> LoginAsync(FakeControlPlane fake, JoinToken token)
    {
        await File.WriteAllTextAsync(Path.Combine(fake.Directory, "login.token"), token.Encode() + "\n");
        return await new Cli(fake).RunAsync("login --token-file login.token");
    }

    [Fact]
    public async Task Login_WithAToken_LaterCallsNeedNoServer()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var login = await LoginAsync(fake, fake.Identities.Token(fake.Port));
        Assert.Equal("", login.Error.Replace($"logged in to localhost:{fake.Port}; the identity is in DIR/.config/grpcca/identity\n", "", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Ok, login.ExitCode);
        Assert.Contains("alice", login.Out, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Identity(fake)));

        File.Delete(fake.Socket);
        var status = await new Cli(fake).RunAsync("status");
        Assert.Equal(ExitCodes.Ok, status.ExitCode);
        Assert.Contains($"localhost:{fake.Port}", status.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(fake.Requests, r => r is RenewOperatorIdentityRequest);
    }

    [Fact]
    public async Task Login_TokenOnStandardInput_Works()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake) { Input = fake.Identities.Token(fake.Port).Encode() + "\n" }.RunAsync("login --token-file -");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
    }

    [Fact]
    public async Task Login_AtAnotherCa_NeverSendsTheSecret()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var token = fake.Identities.Token(fake.Port) with { RootSha256 = SHA256.HashData("another"u8) };
        var run = await LoginAsync(fake, token);
        Assert.Equal(ExitCodes.NotAllowed, run.ExitCode);
        Assert.Contains("is not the control plane of the join token", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(fake.Requests, r => r is EnrollOperatorRequest);
    }

    [Fact]
    public async Task Login_TokenRefused_LeavesNoIdentityAndNoSecretInTheMessage()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var secret = "dXNlZC11c2VkLXVzZWQtdXNlZC11c2VkLXVzZWQtdXNlZA";
        var run = await LoginAsync(fake, fake.Identities.Token(fake.Port) with { Secret = secret });
        Assert.Equal(ExitCodes.NotAllowed, run.ExitCode);
        Assert.Contains("the token is not known, used or expired", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, run.Error + run.Out, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Identity(fake), "identity.pem")));
    }

    [Fact]
    public async Task Identity_PastTwoThirdsOfItsLife_IsRenewedSilently()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await LoginAsync(fake, fake.Identities.Token(fake.Port));
        var before = await File.ReadAllTextAsync(Path.Combine(Identity(fake), "identity.pem"));
        var run = await new Cli(fake) { Now = FakeData.Now.AddDays(2.1) }.RunAsync($"provisioner list --server localhost:{fake.Port}");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.NotEqual(before, await File.ReadAllTextAsync(Path.Combine(Identity(fake), "identity.pem")));
        Assert.Equal(ExitCodes.Ok, (await new Cli(fake).RunAsync($"provisioner list --server localhost:{fake.Port}")).ExitCode);
    }

    [Fact]
    public async Task Server_ThatIsNotTheOneOfTheLogin_IsNotTrusted()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await using var other = await FakeControlPlane.StartAsync();
        await LoginAsync(fake, fake.Identities.Token(fake.Port));
        var run = await new Cli(fake).RunAsync($"status --server localhost:{other.Port}");
        Assert.Equal(ExitCodes.Unreachable, run.ExitCode);
        Assert.Contains("is not the control plane of the login", run.Error, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }
}
