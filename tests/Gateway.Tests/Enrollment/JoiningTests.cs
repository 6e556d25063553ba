using GrpcCa.Gateway.Enrollment;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.Protocol.Identity;
using GrpcCa.TestKit;
using System.Security.Cryptography;

namespace GrpcCa.Gateway.Tests.Enrollment;

public sealed class JoiningTests
{
    [Fact]
    public async Task Join_GoodToken_KeepsIdentityPrivately()
    {
        await using var rig = await GatewayRig.StartAsync();
        Assert.Equal(rig.Plane.Secret, Assert.Single(rig.Plane.SecretsSeen));
        Assert.Equal(SyncedFile.PrivateDirectory, File.GetUnixFileMode(rig.Options.State));
        Assert.All(Directory.GetFiles(rig.Options.State), file => Assert.Equal(SyncedFile.Private, File.GetUnixFileMode(file)));
        var identity = new IdentityStore(rig.Options.State).Load();
        Assert.Equal([FakeControlPlane.GatewayUri], IdentityUri.Read(identity.Certificate));
        Assert.True(identity.Certificate.HasPrivateKey);
    }

    [Fact]
    public async Task Join_WrongFingerprint_IsRefusedBeforeTheSecretLeaves()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        var token = rig.Plane.Token with { RootSha256 = SHA256.HashData("another root"u8) };
        await File.WriteAllTextAsync(rig.Options.JoinTokenFile!, token.Encode(), TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<IdentityException>(rig.StartGatewayAsync);
        Assert.Contains(rig.Plane.Identity.RootSha256, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Plane.SecretsSeen);
        Assert.False(File.Exists(Path.Combine(rig.Options.State, "identity.pem")));
    }

    [Fact]
    public async Task Join_RightRootButForeignCertificate_IsRefusedBeforeTheSecretLeaves()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        // The identity root is public: an impostor can show it, but has no certificate below it.
        var foreign = new TestAuthority("Foreign", TimeProvider.System);
        await AssertRefusedAsync(rig, foreign.IssueWithKey(TimeSpan.FromDays(1), uri: "grpcca://control-plane"), "does not chain");
    }

    [Fact]
    public async Task Join_CertificateOfAGateway_IsRefusedBeforeTheSecretLeaves()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        await AssertRefusedAsync(rig, rig.Plane.Identity.IssueWithKey(TimeSpan.FromDays(1), uri: FakeControlPlane.GatewayUri), "does not name grpcca://control-plane");
    }

    [Fact]
    public async Task Join_CertificateNotForServers_IsRefusedBeforeTheSecretLeaves()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        await AssertRefusedAsync(rig, rig.Plane.Identity.IssueWithKey(TimeSpan.FromDays(1), uri: "grpcca://control-plane", forServers: false), "");
    }

    [Fact]
    public async Task Join_UsedToken_SaysSo()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        var token = rig.Plane.Token with { Secret = new string('0', 64) };
        await File.WriteAllTextAsync(rig.Options.JoinTokenFile!, token.Encode(), TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<IdentityException>(rig.StartGatewayAsync);
        Assert.Contains("unknown, used or expired", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoIdentityAndNoToken_SaysWhatToDo()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        rig.Options = rig.Options with { JoinTokenFile = null };
        var fault = await Assert.ThrowsAsync<StartException>(rig.StartGatewayAsync);
        Assert.Contains("join first", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FirstTimeWithoutControlPlane_TriesUntilTheDeadline()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        await rig.Plane.PauseAsync();
        rig.Options = rig.Options with { StartDeadline = TimeSpan.FromSeconds(2) };
        var fault = await Assert.ThrowsAsync<StartException>(rig.StartGatewayAsync);
        Assert.Contains("within 2 s", fault.Message, StringComparison.Ordinal);
        // Said once, not at every try.
        Assert.Single(rig.Notices.ToString().Trim().Split('\n'));
    }

    [Fact]
    public async Task Start_ControlPlaneComesLater_Succeeds()
    {
        await using var rig = await GatewayRig.PrepareAsync();
        await rig.Plane.PauseAsync();
        var start = rig.StartGatewayAsync();
        await GatewayRig.UntilAsync(() => rig.Notices.ToString().Contains("trying again", StringComparison.Ordinal), "a first try");
        await rig.Plane.ResumeAsync();
        await start;
        Assert.Single(rig.Plane.SecretsSeen);
    }

    [Theory]
    [InlineData("identity.pem")]
    [InlineData("identity-roots.pem")]
    [InlineData("endpoint")]
    [InlineData("tls.pem")]
    [InlineData("gateway-config.pb")]
    public async Task Start_DamagedFile_IsNamed(string file)
    {
        await using var rig = await GatewayRig.StartAsync();
        await rig.StopGatewayAsync();
        await File.WriteAllTextAsync(Path.Combine(rig.Options.State, file), "\u0001damaged", TestContext.Current.CancellationToken);
        var fault = await Assert.ThrowsAnyAsync<Exception>(rig.StartGatewayAsync);
        Assert.True(fault is IdentityException or InvalidDataException, fault.ToString());
        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_KeyOpenToOthers_IsRefused()
    {
        await using var rig = await GatewayRig.StartAsync();
        await rig.StopGatewayAsync();
        File.SetUnixFileMode(Path.Combine(rig.Options.State, "identity.pem"), SyncedFile.Public);
        var fault = await Assert.ThrowsAsync<IdentityException>(rig.StartGatewayAsync);
        Assert.Contains("chmod 600", fault.Message, StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(GatewayRig rig, System.Security.Cryptography.X509Certificates.X509Certificate2 shown, string reason)
    {
        await rig.Plane.PauseAsync();
        rig.Plane.ShowCertificate(shown);
        await rig.Plane.ResumeAsync();
        var refusal = await Assert.ThrowsAsync<IdentityException>(rig.StartGatewayAsync);
        Assert.Contains("is not the control plane of the join token", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Plane.SecretsSeen);
    }
}
