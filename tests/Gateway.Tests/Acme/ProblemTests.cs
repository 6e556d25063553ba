using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.V1;
using static GrpcCa.Gateway.Tests.GatewayRig;

namespace GrpcCa.Gateway.Tests.Acme;

public sealed class ProblemTests
{
    [Fact]
    public async Task Problem_OfTheControlPlane_IsPrintedUnchanged()
    {
        await using var rig = await GatewayRig.StartAsync();
        Refuse(rig, StatusCode.PermissionDenied, new AcmeProblem
        {
            Type = "rejectedIdentifier",
            Status = 403,
            Detail = "two names are not allowed",
            Instance = "req-1",
            Subproblems = { new AcmeSubproblem { Type = "rejectedIdentifier", Detail = "no rule of provisioner acme allows evil+x.test", Identifier = new AcmeIdentifier { Type = "dns", Value = "evil+x.test" } } },
        });
        using var response = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal("""
            {"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"two names are not allowed","status":403,"instance":"req-1","subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"no rule of provisioner acme allows evil+x.test","identifier":{"type":"dns","value":"evil+x.test"}}]}
            """, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        Assert.NotEmpty(Header(response, "Replay-Nonce"));
        Assert.Contains("rel=\"index\"", Header(response, "Link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problem_WithHeaders_SendsThem()
    {
        await using var rig = await GatewayRig.StartAsync();
        Refuse(rig, StatusCode.AlreadyExists, new AcmeProblem
        {
            Type = "malformed",
            Status = 409,
            Detail = "that key has an account",
            Location = "https://ca.test/acme/acme/account/a9",
            RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(90)),
            TermsOfServiceUrl = "https://ca.test/terms",
            HelpUrl = "https://ca.test/limits",
            Algorithms = { "ES256", "RS256" },
        });
        using var response = await rig.PostAsync("/acme/acme/key-change");
        var problem = await ProblemAsync(response, 409, "malformed");
        Assert.Equal(["ES256", "RS256"], problem.GetProperty("algorithms").EnumerateArray().Select(a => a.GetString()!));
        Assert.Equal("https://ca.test/acme/acme/account/a9", Header(response, "Location"));
        Assert.Equal("90", Header(response, "Retry-After"));
        Assert.Contains("<https://ca.test/terms>;rel=\"terms-of-service\"", Header(response, "Link"), StringComparison.Ordinal);
        Assert.Contains("<https://ca.test/limits>;rel=\"help\"", Header(response, "Link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problem_WithControlCharacters_IsCleaned()
    {
        await using var rig = await GatewayRig.StartAsync();
        Refuse(rig, StatusCode.InvalidArgument, new AcmeProblem { Type = "malformed", Status = 400, Detail = "a\r\nb\u001b[31mc\u0085d" });
        using var response = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal("a  b [31mc d", (await ProblemAsync(response, 400, "malformed")).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.Unknown)]
    [InlineData(StatusCode.InvalidArgument)]
    [InlineData(StatusCode.Unimplemented)]
    public async Task Fault_WithoutProblem_Is500WithoutItsText(StatusCode code)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Plane.AcmeFault = () => new RpcException(new Status(code, "SQL secret at /var/lib"));
        using var response = await rig.PostAsync("/acme/acme/new-order");
        var problem = await ProblemAsync(response, 500, "serverInternal");
        Assert.DoesNotContain("SQL", problem.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(Header(response, "Replay-Nonce"));
    }

    [Fact]
    public async Task Unavailable_IsSentOnce_And503WithRetryAfter()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Plane.AcmeFault = () => new RpcException(new Status(StatusCode.Unavailable, "busy"));
        using var response = await rig.PostAsync("/acme/acme/new-order");
        await ProblemAsync(response, 503, "serverInternal");
        Assert.InRange(int.Parse(Header(response, "Retry-After")), 1, 60);
        // It may have been processed: never again.
        Assert.Single(rig.Plane.AcmeCalls);
    }

    [Fact]
    public async Task Unavailable_AgainAndAgain_OpensTheCircuit()
    {
        await using var rig = await GatewayRig.StartAsync(configure: o => o with { BreakAfter = 3, BreakFor = TimeSpan.FromMinutes(5) });
        rig.Plane.AcmeFault = () => new RpcException(new Status(StatusCode.Unavailable, "busy"));
        for (var i = 0; i < 20; i++)
        {
            using var response = await rig.PostAsync("/acme/acme/new-order");
            await ProblemAsync(response, 503, "serverInternal");
        }
        Assert.InRange(rig.Plane.AcmeCalls.Count, 2, 10);
        // Said when it changes, not at each of the 20.
        Assert.InRange(rig.Logs.Count(2002), 1, 4);
    }

    [Fact]
    public async Task Deadline_Passed_Is503()
    {
        await using var rig = await GatewayRig.StartAsync(configure: o => o with { CallDeadline = TimeSpan.FromMilliseconds(300) });
        rig.Plane.Hold = new TaskCompletionSource().Task;
        using var response = await rig.PostAsync("/acme/acme/new-order");
        await ProblemAsync(response, 503, "serverInternal");
        Assert.NotEmpty(Header(response, "Retry-After"));
    }

    [Fact]
    public async Task GatewayDisabled_Is503WithASentence_AndDirectoryStays()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Plane.Disabled = true;
        using var response = await rig.PostAsync("/acme/acme/new-order");
        var problem = await ProblemAsync(response, 503, "serverInternal");
        Assert.Contains("gateway", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        using var directory = await rig.SendAsync(HttpMethod.Get, "/acme/acme/directory");
        Assert.True(directory.IsSuccessStatusCode);
        using var health = await rig.SendAsync(HttpMethod.Get, "/health");
        Assert.Equal("refused", (await JsonAsync(health)).GetProperty("controlPlane").GetString());
        Assert.Equal(1, rig.Logs.Count(2003));

        rig.Plane.Disabled = false;
        Endpoints.Canned.Fill(rig.Plane);
        using var again = await rig.PostAsync("/acme/acme/new-order");
        Assert.Equal(201, (int)again.StatusCode);
    }

    private static void Refuse(GatewayRig rig, StatusCode code, AcmeProblem problem) => rig.Plane.AcmeFault = () =>
        new Google.Rpc.Status { Code = (int)code, Message = problem.Detail, Details = { Any.Pack(new Google.Rpc.ErrorInfo { Reason = "X", Domain = "grpcca" }), Any.Pack(problem) } }.ToRpcException();
}
