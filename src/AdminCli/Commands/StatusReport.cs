using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Health.V1;
using GrpcCa.AdminCli.Commands.Authorities;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands;

/// <summary>What <c>status</c> knows of an instance. Counts look at one page: above it they end in a plus.</summary>
internal sealed record StatusReport
{
    private const int CountedAtMost = 1000;

    public required string Server { get; init; }

    public required string Health { get; init; }

    public required string Version { get; init; }

    public required IReadOnlyList<(Authority Authority, List<Issuer> Issuers)> Authorities { get; init; }

    public required IReadOnlyList<Provisioner> Provisioners { get; init; }

    public required IReadOnlyList<Gateway> Gateways { get; init; }

    public required Counted ValidCertificates { get; init; }

    public required Counted RevokedCertificates { get; init; }

    public required Counted NameRules { get; init; }

    public bool Healthy => Health == "SERVING";

    public static async Task<StatusReport> ReadAsync(CommandContext context)
    {
        var server = context.Server;
        // The first call finds out whether there is a server; the others then share its connection.
        var health = await HealthAsync(context);
        var version = new TrustService.TrustServiceClient(server).GetServerInfoAsync(new(), context.Call);
        var provisioners = new ProvisionerService.ProvisionerServiceClient(server).ListProvisionersAsync(new() { PageSize = CountedAtMost }, context.Call);
        var gateways = new GatewayService.GatewayServiceClient(server).ListGatewaysAsync(new() { PageSize = CountedAtMost }, context.Call);
        var rules = new NameService.NameServiceClient(server).ListNameRulesAsync(new() { PageSize = CountedAtMost }, context.Call);
        var valid = CertificatesAsync(context, "VALID");
        var revoked = CertificatesAsync(context, "REVOKED");
        var authorities = new List<(Authority, List<Issuer>)>();
        foreach (var authority in await new PagedList<Authority>(Commands.Authorities.List.Pages(context), int.MaxValue).ToListAsync())
            authorities.Add((authority, await AuthorityReader.IssuersAsync(context, authority.Name)));
        return new StatusReport
        {
            Server = context.Address.ToString(),
            Health = health,
            Version = (await version).Version,
            Authorities = authorities,
            Provisioners = (await provisioners).Provisioners,
            Gateways = (await gateways).Gateways,
            ValidCertificates = await valid,
            RevokedCertificates = await revoked,
            NameRules = Counted.Of((await rules).NameRules.Count, (await rules).NextPageToken),
        };
    }

    public JsonObject ToJson()
    {
        var authorities = new JsonArray();
        foreach (var (authority, issuers) in Authorities)
        {
            var node = JsonText.Of(authority);
            node["issuers"] = JsonText.Of(issuers);
            authorities.Add((JsonNode)node);
        }
        return new JsonObject
        {
            ["server"] = new JsonObject { ["address"] = Server, ["health"] = Health, ["version"] = Version },
            ["authorities"] = authorities,
            ["provisioners"] = JsonText.Of(Provisioners),
            ["gateways"] = JsonText.Of(Gateways),
            ["counts"] = new JsonObject
            {
                ["validCertificates"] = ValidCertificates.Number,
                ["revokedCertificates"] = RevokedCertificates.Number,
                ["nameRules"] = NameRules.Number,
                ["countedAtMost"] = CountedAtMost,
            },
        };
    }

    private static async Task<string> HealthAsync(CommandContext context)
    {
        try
        {
            var answer = await new Health.HealthClient(context.Server).CheckAsync(new HealthCheckRequest(), context.Call);
            return answer.Status switch
            {
                HealthCheckResponse.Types.ServingStatus.Serving => "SERVING",
                HealthCheckResponse.Types.ServingStatus.NotServing => "NOT_SERVING",
                _ => "UNKNOWN",
            };
        }
        catch (RpcException fault) when (fault.StatusCode is StatusCode.Unimplemented or StatusCode.NotFound)
        {
            return "UNKNOWN";
        }
    }

    private static async Task<Counted> CertificatesAsync(CommandContext context, string state)
    {
        var page = await new CertificateService.CertificateServiceClient(context.Server)
            .ListCertificatesAsync(new() { PageSize = CountedAtMost, Filter = new Filter().EqualWord("state", state).ToString() }, context.Call);
        return Counted.Of(page.Certificates.Count, page.NextPageToken);
    }
}

/// <summary>A number that may be larger than what was counted.</summary>
internal readonly record struct Counted(int Number, bool More)
{
    public static Counted Of(int number, string nextToken) => new(number, nextToken.Length > 0);

    public override string ToString() => More ? $"{Number}+" : $"{Number}";
}
