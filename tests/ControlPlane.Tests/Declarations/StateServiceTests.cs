using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.V1;
using Action = GrpcCa.V1.StateChange.Types.Action;

namespace GrpcCa.ControlPlane.Tests.Declarations;

/// <summary>The configuration as one document, over the wire. Each test works on resources of its own.</summary>
public sealed class StateServiceTests(RunningControlPlane plane) : IClassFixture<RunningControlPlane>
{
    private StateService.StateServiceClient States => new(plane.Admin());

    [Fact]
    public async Task Export_AppliedAgain_ChangesNothing()
    {
        var exported = await States.ExportStateAsync(new ExportStateRequest());

        var plan = await States.PlanStateAsync(new PlanStateRequest { State = exported, Prune = { All } });

        Assert.Empty(plan.Changes);
        Assert.Equal(exported.Profiles.Count + exported.Provisioners.Count + exported.NameLevels.Count + exported.Gateways.Count, plan.Unchanged);
        Assert.Equal(["provisioners/acme", "provisioners/nixos"], exported.Provisioners.Select(p => p.Name).Where(n => n is "provisioners/acme" or "provisioners/nixos"));
        Assert.DoesNotContain("etag", exported.ToString());
    }

    [Fact]
    public async Task Plan_OfNewThings_ShowsThemAndMakesNone()
    {
        var plan = await States.PlanStateAsync(new PlanStateRequest { State = await HouseholdAsync("planned") });
        var missing = await Assert.ThrowsAsync<RpcException>(async () =>
            await new ProvisionerService.ProvisionerServiceClient(plane.Admin()).GetProvisionerAsync(new GetProvisionerRequest { Name = "provisioners/planned" }));

        Assert.Equal(
            [("profiles/planned", Action.Create), ("provisioners/planned", Action.Create), ("gateways/planned", Action.Create), ("provisioners/planned", Action.Create)],
            plan.Changes.Select(c => (c.Resource, c.Action)));
        Assert.Contains(plan.Changes[1].Fields, f => f is { Path: "acme.challenges", Before: "", After: """["dns-01"]""" });
        Assert.Contains(plan.Changes[3].Fields, f => f.Path == "rules" && f.After.Contains("subtree:planned.test", StringComparison.Ordinal));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Apply_Twice_ChangesOnceAndAuditsEachAct()
    {
        var state = await HouseholdAsync("applied");

        var first = await States.ApplyStateAsync(new ApplyStateRequest { State = state });
        var second = await States.ApplyStateAsync(new ApplyStateRequest { State = state });
        var names = await new NameService.NameServiceClient(plane.Admin()).TestNameAsync(new TestNameRequest { Identifier = "nas.applied.test", Provisioner = "provisioners/applied" });
        var audit = await new AuditService.AuditServiceClient(plane.Admin()).ListAuditEventsAsync(new ListAuditEventsRequest { PageSize = 1000 });

        Assert.Equal(4, first.Changes.Count);
        Assert.Empty(second.Changes);
        Assert.Equal(4, second.Unchanged);
        Assert.True(names.Allowed);
        foreach (var (action, resource) in new[] { ("profile.create", "profiles/applied"), ("provisioner.create", "provisioners/applied"), ("gateway.create", "gateways/applied"), ("state.apply", "state") })
            Assert.Contains(audit.AuditEvents, e => e.Action == action && e.Resource == resource && e.Actor.StartsWith("local/uid/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Apply_OfAChangedDeclaration_ReplacesTheWhole()
    {
        var state = await HouseholdAsync("replaced");
        await States.ApplyStateAsync(new ApplyStateRequest { State = state });
        state.Provisioners[0].Acme = new AcmeProvisioner { Http01Port = 8080 };
        state.NameLevels[0].Rules.Clear();
        state.NameLevels[0].Rules.Add(new DeclaredNameRule { Deny = "exact:router.replaced.test" });

        var plan = await States.PlanStateAsync(new PlanStateRequest { State = state });
        var applied = await States.ApplyStateAsync(new ApplyStateRequest { State = state, PlanEtag = plan.Etag });
        var provisioner = await new ProvisionerService.ProvisionerServiceClient(plane.Admin()).GetProvisionerAsync(new GetProvisionerRequest { Name = "provisioners/replaced" });
        var rules = await new NameService.NameServiceClient(plane.Admin()).ListNameRulesAsync(new ListNameRulesRequest { Filter = "level = \"provisioners/replaced\"" });

        Assert.Equal(plan, applied);
        Assert.Equal([("provisioners/replaced", Action.Update), ("provisioners/replaced", Action.Update)], applied.Changes.Select(c => (c.Resource, c.Action)));
        Assert.Contains(applied.Changes[0].Fields, f => f is { Path: "acme.http01_port", Before: "", After: "8080" });
        Assert.Contains(applied.Changes[0].Fields, f => f.Path == "acme.challenges" && f.Before == """["dns-01"]""");
        Assert.Equal(8080, provisioner.Acme.Http01Port);
        Assert.Equal("exact:router.replaced.test", Assert.Single(rules.NameRules).Pattern);
    }

    [Fact]
    public async Task Apply_AfterTheConfigurationChanged_IsAborted()
    {
        var state = await HouseholdAsync("raced");
        var plan = await States.PlanStateAsync(new PlanStateRequest { State = state });
        await States.ApplyStateAsync(new ApplyStateRequest { State = await HouseholdAsync("faster") });

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await States.ApplyStateAsync(new ApplyStateRequest { State = state, PlanEtag = plan.Etag }));

        Assert.Equal(StatusCode.Aborted, fault.StatusCode);
        Assert.Equal("plan_etag", Assert.Single(fault.Fields()));
    }

    [Fact]
    public async Task Apply_WithOneFault_ChangesNothingOfTheRest()
    {
        var state = await HouseholdAsync("halfway");
        state.Provisioners[0].Acme.Ranges.Add("100.64.0.0/99");

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await States.ApplyStateAsync(new ApplyStateRequest { State = state }));
        var missing = await Assert.ThrowsAsync<RpcException>(async () =>
            await new ProfileService.ProfileServiceClient(plane.Admin()).GetProfileAsync(new GetProfileRequest { Name = "profiles/halfway" }));

        Assert.Equal("state.provisioners[0].acme.ranges[0]", Assert.Single(fault.Fields()));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Plan_OfADocumentFullOfFaults_TellsEachByItsPlace()
    {
        var state = await HouseholdAsync("faulty");
        state.Profiles[0].Lifetime = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));
        state.Profiles[0].KeyTypes.Add("DSA");
        state.Profiles.Add(new Profile(state.Profiles[0]));
        state.Provisioners[0].DefaultProfile = "profiles/nowhere";
        state.Provisioners[0].Acme.Challenges.Add("smoke-01");
        state.Provisioners[0].Acme.Resolvers.Add("dns.test");
        state.Gateways[0].BaseUrls[0] = "ftp://ca.faulty.test";
        state.NameLevels[0].Rules.Add(new DeclaredNameRule { Allow = "suffix:faulty.test" });
        state.NameLevels[0].Rules.Add(new DeclaredNameRule { Comment = "neither" });
        state.NameLevels.Add(new NameLevel { Level = "provisioners/nobody" });
        state.NameLevels.Add(new NameLevel { Level = "planets/mars" });

        var fault = await Assert.ThrowsAsync<RpcException>(async () => await States.PlanStateAsync(new PlanStateRequest { State = state }));

        Assert.Equal(
            [
                "state.gateways[0].base_urls[0]", "state.name_levels[0].rules[1].allow", "state.name_levels[0].rules[2]", "state.name_levels[1].level",
                "state.name_levels[2].level", "state.profiles[0].key_types[1]", "state.profiles[0].lifetime", "state.profiles[1]",
                "state.provisioners[0].acme.challenges[1]", "state.provisioners[0].acme.resolvers[0]", "state.provisioners[0].default_profile",
            ], fault.Fields().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Prune_OfWhatIsNotDeclared_DeletesDisablesAndEmpties()
    {
        await using var own = new RunningControlPlane();
        await own.InitializeAsync();
        var states = new StateService.StateServiceClient(own.Admin());
        var before = await states.ExportStateAsync(new ExportStateRequest());
        var extra = new State(before);
        extra.MergeFrom(await HouseholdAsync("extra", states));
        await states.ApplyStateAsync(new ApplyStateRequest { State = extra });

        var kept = await states.PlanStateAsync(new PlanStateRequest { State = before });
        var pruned = await states.ApplyStateAsync(new ApplyStateRequest { State = before, Prune = { All } });
        var again = await states.PlanStateAsync(new PlanStateRequest { State = before, Prune = { All } });
        var gateway = await new GatewayService.GatewayServiceClient(own.Admin()).GetGatewayAsync(new GetGatewayRequest { Name = "gateways/extra" });

        Assert.Empty(kept.Changes);
        Assert.Equal(
            [("provisioners/extra", Action.Delete), ("gateways/extra", Action.Disable), ("provisioners/extra", Action.Delete), ("profiles/extra", Action.Delete)],
            pruned.Changes.Select(c => (c.Resource, c.Action)));
        Assert.Empty(again.Changes);
        Assert.True(gateway.Disabled);
    }

    private static StateCollection[] All => [.. System.Enum.GetValues<StateCollection>().Where(c => c != StateCollection.Unspecified)];

    // A profile, a provisioner that uses it, a gateway and the provisioner's rules.
    private async Task<State> HouseholdAsync(string id, StateService.StateServiceClient? states = null) => new()
    {
        Profiles =
        {
            new Profile { Name = $"profiles/{id}", Lifetime = Duration.FromTimeSpan(TimeSpan.FromDays(2)), ExtendedKeyUsages = { "serverAuth" }, KeyTypes = { "EC_P256" } },
        },
        Provisioners =
        {
            new Provisioner
            {
                Name = $"provisioners/{id}",
                Authority = (await (states ?? States).ExportStateAsync(new ExportStateRequest())).Provisioners[0].Authority,
                DefaultProfile = $"profiles/{id}",
                Acme = new AcmeProvisioner { Challenges = { "dns-01" } },
            },
        },
        Gateways = { new V1.Gateway { Name = $"gateways/{id}", BaseUrls = { $"https://ca.{id}.test" } } },
        NameLevels = { new NameLevel { Level = $"provisioners/{id}", Rules = { new DeclaredNameRule { Allow = $"subtree:{id}.test", Comment = "all of it" } } } },
    };
}
