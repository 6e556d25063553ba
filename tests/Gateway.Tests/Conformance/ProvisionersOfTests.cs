using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Provisioners and keys that a test makes over the API, as an operator would.</summary>
internal static class ProvisionersOfTests
{
    /// <summary>A provisioner that may issue below <c>test</c>.</summary>
    public static async Task AddProvisionerAsync(this House house, string id, AcmeProvisioner acme, params IEnumerable<string> allow)
    {
        var admin = house.Admin();
        await new ProvisionerService.ProvisionerServiceClient(admin).CreateProvisionerAsync(new CreateProvisionerRequest
        {
            ProvisionerId = id,
            Provisioner = new Provisioner { Authority = "authorities/main", DefaultProfile = "profiles/default", Acme = acme },
        });
        var names = new NameService.NameServiceClient(admin);
        foreach (var pattern in allow.DefaultIfEmpty("subtree:test"))
            await names.CreateNameRuleAsync(new CreateNameRuleRequest { NameRule = new NameRule { Level = $"provisioners/{id}", Effect = NameRule.Types.Effect.Allow, Pattern = pattern } });
    }

    /// <summary>A key for external account binding, and its MAC key.</summary>
    public static async Task<(string Id, byte[] Mac)> AddEabKeyAsync(this House house, EabKey key, params IEnumerable<string> allow)
    {
        var made = await new AccountService.AccountServiceClient(house.Admin()).CreateEabKeyAsync(new CreateEabKeyRequest { EabKey = key, Allow = { allow } });
        house.KeepOutOfLogs(made.MacKey);
        return (made.EabKey.Name["eabKeys/".Length..], System.Buffers.Text.Base64Url.DecodeFromChars(made.MacKey));
    }
}
