using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

/// <summary>What create, update and delete of provisioners, profiles and EAB keys send.</summary>
public sealed class WriteTests
{
    [Fact]
    public async Task ProvisionerUpdate_OnlyWhatIsGiven_IsInTheMask()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("provisioner update acme --caa require --range 100.64.0.0/10 10.0.0.0/8 --clear http01-port --order-lifetime 2h");
        var request = fake.Request<UpdateProvisionerRequest>();
        Assert.Equal(["acme.caa", "acme.http01_port", "acme.order_lifetime", "acme.ranges"], request.UpdateMask.Paths);
        Assert.Equal("e1", request.Provisioner.Etag);
        Assert.Equal(AcmeProvisioner.Types.CaaMode.Require, request.Provisioner.Acme.Caa);
        Assert.Equal(["100.64.0.0/10", "10.0.0.0/8"], request.Provisioner.Acme.Ranges);
        Assert.Equal(0, fake.Data.Provisioners[0].Acme.Http01Port);
        Assert.Equal(["http-01"], fake.Data.Provisioners[0].Acme.Challenges);
    }

    [Fact]
    public async Task ProvisionerUpdate_OneLimit_KeepsTheOthers()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        fake.Data.Provisioners[0].Acme.Limits = new AcmeLimits { Accounts = 5, Orders = 6 };
        await new Cli(fake).RunAsync("provisioner update acme --limit orders=7");
        Assert.Equal(["acme.limits"], fake.Request<UpdateProvisionerRequest>().UpdateMask.Paths);
        Assert.Equal(new AcmeLimits { Accounts = 5, Orders = 7 }, fake.Data.Provisioners[0].Acme.Limits);
    }

    [Fact]
    public void ProvisionerUpdate_Flags_CoverEveryFieldThatMayBeSet()
    {
        string[] others = ["name", "disabled", "create_time", "update_time", "etag"];
        // A kind's fields one by one, what its tokens must be like too; a list of keys is one field.
        IEnumerable<string> PathsOf(Google.Protobuf.Reflection.MessageDescriptor message, string prefix) => message.Fields.InFieldNumberOrder().SelectMany(f =>
            f.FieldType == Google.Protobuf.Reflection.FieldType.Message && !f.IsRepeated && f.Name is "acme" or "token" or "oidc" or "x5c" or "renewal" or "terms" or "lifetimes"
                ? PathsOf(f.MessageType, prefix + f.Name + ".")
                : [prefix + f.Name]);
        var paths = PathsOf(Provisioner.Descriptor, "").Except(others, StringComparer.Ordinal);
        Assert.Equal(paths.Order(StringComparer.Ordinal), new AdminCli.Commands.Provisioners.ProvisionerOptions().Paths.Order(StringComparer.Ordinal));
        string[] ofProfiles = ["name", "etag"];
        Assert.Equal(Profile.Descriptor.Fields.InFieldNumberOrder().Select(f => f.Name).Except(ofProfiles, StringComparer.Ordinal).Order(StringComparer.Ordinal),
            new AdminCli.Commands.Profiles.ProfileOptions().Settings.Paths.Order(StringComparer.Ordinal));
        Assert.Equal(AcmeLimits.Descriptor.Fields.InFieldNumberOrder().Select(f => f.Name.Replace('_', '-')), AdminCli.Commands.Provisioners.LimitText.Words);
    }

    [Fact]
    public async Task ProvisionerDisable_SendsNoEtag()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("provisioner disable acme");
        var request = fake.Request<UpdateProvisionerRequest>();
        Assert.Equal(["disabled"], request.UpdateMask.Paths);
        Assert.Empty(request.Provisioner.Etag);
        Assert.True(fake.Data.Provisioners[0].Disabled);
    }

    [Theory]
    [InlineData("acme", true)]
    [InlineData("y", false)]
    [InlineData("", false)]
    public async Task ProvisionerDelete_OnATerminal_WantsTheIdTyped(string typed, bool deletes)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake) { Terminal = true, Input = typed + "\n" }.RunAsync("provisioner delete acme --force");
        Assert.Equal(deletes ? ExitCodes.Ok : ExitCodes.Failed, run.ExitCode);
        Assert.Contains("type acme to go on", run.Error, StringComparison.Ordinal);
        Assert.Equal(!deletes, fake.Data.Provisioners.Exists(p => p.Name == "provisioners/acme"));
    }

    [Fact]
    public async Task ProfileCreate_NothingSaid_IsADayForServers()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync("profile create day");
        var profile = fake.Request<CreateProfileRequest>().Profile;
        Assert.Equal(TimeSpan.FromHours(24), profile.Lifetime.ToTimeSpan());
        Assert.Equal(["serverAuth"], profile.ExtendedKeyUsages);
        Assert.Null(profile.Backdate);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData(" --max-uses 3", 3)]
    [InlineData(" --max-uses unlimited", -1)]
    public async Task EabKeyCreate_MaxUses_IsTheApisNumber(string option, int number)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var run = await new Cli(fake).RunAsync("eab-key create -p acme --allow exact:a.net.gq subtree:b.net.gq" + option);
        var request = fake.Request<CreateEabKeyRequest>();
        Assert.Equal(number, request.EabKey.MaxUses);
        Assert.Equal(["exact:a.net.gq", "subtree:b.net.gq"], request.Allow);
        Assert.Equal("bWFjLWtleS1tYWMta2V5LW1hYy1rZXktbWFjLWtleS0", run.Out.TrimEnd('\n').Split('\n')[^1]);
    }

    [Theory]
    [InlineData("5f3a90c1d2e4b6a7", "certificates/5f3a90c1d2e4b6a7")]
    [InlineData("--authority main", "authorities/main")]
    [InlineData("--all", "-")]
    public async Task RenewSoon_EachTarget_IsTheApisName(string words, string target)
    {
        await using var fake = await FakeControlPlane.StartAsync();
        await new Cli(fake).RunAsync($"certificate renew-soon {words} --explanation-url https://why");
        var request = fake.Request<AdvanceRenewalsRequest>();
        Assert.Equal((target, "https://why", false), (request.Target, request.ExplanationUrl, request.ValidateOnly));
    }
}
