using System.Text.Json;
using GrpcCa.EndToEnd.Tests.Validation;

namespace GrpcCa.EndToEnd.Tests.Api;

/// <summary>The gRPC API from clients that are not ours: Node's grpc-js, and buf curl by reflection.</summary>
public sealed class OtherLanguageTests(SharedInstance shared)
{
    private string Socket => shared.Instance.AdminServer["unix:".Length..];

    [Fact]
    public async Task GrpcJs_ListsACertificate_AndSeesItRevoked()
    {
        var (name, serial) = await IssueAsync();

        var before = await ListByNodeAsync(name);
        var revoke = await shared.Instance.AdminAsync("certificate", "revoke", serial, "--reason", "superseded", "--yes");
        Assert.True(revoke.ExitCode == 0, revoke.Said);
        var after = await ListByNodeAsync(name);
        var again = await shared.Instance.AdminAsync("certificate", "revoke", serial, "--yes");

        Assert.Equal($"certificates/{serial}|STATE_VALID|dns:{name}", before);
        Assert.Equal($"certificates/{serial}|STATE_REVOKED|dns:{name}", after);
        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains($"{serial} was revoked at", again.Errors);
    }

    [Fact]
    public async Task BufCurl_ByReflection_ListsServicesAndCertificates()
    {
        var (name, serial) = await IssueAsync();

        var services = await CurlAsync("http://localhost", "--list-services");
        var list = await CurlAsync("http://localhost/grpcca.v1.CertificateService/ListCertificates", "--data", $$"""{"filter":"identifier = \"dns:{{name}}\""}""");

        Assert.True(services.ExitCode == 0, services.Said);
        Assert.Contains("grpcca.v1.CertificateService", services.Output);
        Assert.Contains("grpc.health.v1.Health", services.Output);
        Assert.True(list.ExitCode == 0, list.Said);
        Assert.Contains($"certificates/{serial}", list.Output);
    }

    [Fact]
    public async Task BufCurl_WithoutARequiredField_IsToldWhich()
    {
        var run = await CurlAsync("http://localhost/grpcca.v1.CertificateService/GetCertificate", "--data", "{}");

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("invalid_argument", run.Said);
        Assert.Contains("google.rpc.BadRequest", run.Said);
        Assert.Contains("name: is required", run.Said);
    }

    [Fact]
    public async Task BufCurl_ForHealth_IsServing()
    {
        var run = await CurlAsync("http://localhost/grpc.health.v1.Health/Check", "--data", "{}");

        Assert.True(run.ExitCode == 0, run.Said);
        Assert.Contains("SERVING", run.Output);
    }

    private async Task<(string Name, string Serial)> IssueAsync()
    {
        await using var site = await AnsweringSite.StartAsync(shared, "api");
        using var http = shared.Instance.Http();
        var client = await shared.Instance.AccountAsync(http);
        var order = await site.ReadyOrderAsync(client);
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var issued = await client.FinishAsync(order, TestKit.Acme.Csr.Of(key, [site.Name]), key);
        return (site.Name, issued.Leaf.SerialNumber.ToLowerInvariant().TrimStart('0').PadLeft(32, '0'));
    }

    private async Task<string> ListByNodeAsync(string name)
    {
        var run = await ProgramRun.OfAsync("node",
            ["list-certificates.js", string.Join(',', [SourceTree.At("protos"), .. DescriptorSet.Imports]), $"unix:{Socket}", $"identifier = \"dns:{name}\""], NodeModules.Folder);
        Assert.True(run.ExitCode == 0, run.Said);
        var only = Assert.Single(JsonDocument.Parse(run.Output).RootElement.EnumerateArray());
        return $"{only.GetProperty("name")}|{only.GetProperty("state")}|{only.GetProperty("identifiers")[0]}";
    }

    private Task<ProgramRun> CurlAsync(string url, params string[] arguments) =>
        ProgramRun.OfAsync(NodeModules.Program("buf"), ["curl", "--protocol", "grpc", "--unix-socket", Socket, .. arguments, url], Path.GetTempPath());
}
