using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Audit;

/// <summary>The audit, looked through by who, what, to what and when.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class AuditFilterTests(RunningControlPlane plane)
{
    private AuditService.AuditServiceClient Audit => new(plane.Admin());

    [Fact]
    public async Task List_ByActionResourceActorAndTime_HasThoseAndNoOthers()
    {
        var names = new NameService.NameServiceClient(plane.Admin());
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
            made.Add((await names.CreateNameRuleAsync(new() { NameRule = new() { Level = "provisioners/acme", Effect = NameRule.Types.Effect.Allow, Pattern = $"exact:audit{i}.test" } })).Name);
        await names.DeleteNameRuleAsync(new() { Name = made[0] });

        var ofOne = await AllAsync($"resource = \"{made[0]}\"", 1);
        var deletions = await AllAsync($"action = \"nameRule.delete\" AND resource = \"{made[0]}\" AND create_time >= \"2020-01-01T00:00:00Z\"", 100);
        var nobody = await AllAsync("actor = \"operators/nobody\"", 2);
        var future = await AllAsync("create_time >= \"2999-01-01T00:00:00Z\"", 2);
        var everything = await AllAsync("", 3);

        Assert.Equal(["nameRule.delete", "nameRule.create"], ofOne.Select(e => e.Action));
        Assert.StartsWith("local/uid/", Assert.Single(deletions).Actor, StringComparison.Ordinal);
        Assert.Empty(nobody);
        Assert.Empty(future);
        Assert.Equal(everything.Count, everything.Select(e => e.Name).Distinct().Count());
        Assert.Superset(ofOne.Select(e => e.Name).ToHashSet(), everything.Select(e => e.Name).ToHashSet());
    }

    [Fact]
    public async Task Change_OfAProvisionerOrProfile_IsThereWithOldAndNew()
    {
        var provisioners = new ProvisionerService.ProvisionerServiceClient(plane.Admin());
        await provisioners.UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/nixos", DisplayName = "audit-old" } });
        await provisioners.UpdateProvisionerAsync(new() { Provisioner = new() { Name = "provisioners/nixos", DisplayName = "audit-new" } });
        var profiles = new ProfileService.ProfileServiceClient(plane.Admin());
        var profile = (await profiles.ListProfilesAsync(new())).Profiles[0].Name;
        await profiles.UpdateProfileAsync(new() { Profile = new() { Name = profile, Description = "audit-one" } });
        await profiles.UpdateProfileAsync(new() { Profile = new() { Name = profile, Description = "audit-two" } });

        var one = (await AllAsync("resource = \"provisioners/nixos\" AND action = \"provisioner.update\"", 10))[0];
        var other = (await AllAsync($"resource = \"{profile}\" AND action = \"profile.update\"", 10))[0];

        Assert.Matches("audit-new.*\"old\".*audit-old", one.CanonicalJson);
        Assert.Matches("audit-two.*\"old\".*audit-one", other.CanonicalJson);
    }

    [Theory]
    [InlineData("who = \"x\"")]
    [InlineData("actor < \"x\"")]
    [InlineData("create_time >= \"yesterday\"")]
    public async Task Filter_ThatIsWrong_IsRefusedByItsName(string filter)
    {
        var fault = await Assert.ThrowsAsync<RpcException>(async () => await Audit.ListAuditEventsAsync(new() { Filter = filter }));

        Assert.Equal((StatusCode.InvalidArgument, "filter"), (fault.StatusCode, Assert.Single(fault.Fields())));
    }

    private async Task<List<AuditEvent>> AllAsync(string filter, int size)
    {
        var all = new List<AuditEvent>();
        var token = "";
        do
        {
            var page = await Audit.ListAuditEventsAsync(new() { Filter = filter, PageSize = size, PageToken = token });
            Assert.True(page.AuditEvents.Count <= size);
            all.AddRange(page.AuditEvents);
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        return all;
    }
}
