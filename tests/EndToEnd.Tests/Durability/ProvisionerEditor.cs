using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>An operator who edits one provisioner and makes and removes others, one act at a time.</summary>
internal sealed class ProvisionerEditor(Drill drill)
{
    public const string Edited = "nixos";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(60), Patience = TimeSpan.FromMinutes(3);
    private static readonly FieldMask Mask = FieldMask.FromStringEnumerable<Provisioner>(["display_name", "acme.website_url"]);

    private readonly ProvisionerService.ProvisionerServiceClient service = new(drill.Admin);

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            drill.Ledger.ProvisionerPromise(Edited, new Promise(await LookAsync(Edited)));
            for (var round = 1; !stopping.IsCancellationRequested; round++)
            {
                await ActAsync(Edited, Value(round), () => service.UpdateProvisionerAsync(new UpdateProvisionerRequest { Provisioner = Of(Edited, round), UpdateMask = Mask }).ResponseAsync);
                var id = $"temp-{round % 3}";
                if (drill.Ledger.Provisioners.GetValueOrDefault(id)?.Acknowledged is null)
                    await ActAsync(id, Value(round), () => service.CreateProvisionerAsync(new CreateProvisionerRequest { ProvisionerId = id, Provisioner = Of("", round) }).ResponseAsync);
                else
                    await ActAsync(id, null, () => service.DeleteProvisionerAsync(new DeleteProvisionerRequest { Name = $"provisioners/{id}" }).ResponseAsync);
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
        catch (Exception fault)
        {
            drill.Ledger.Fault($"editor: {fault}");
        }
    }

    /// <summary>What a provisioner says of itself, in two fields that are always changed together; null when it is not there.</summary>
    public static async Task<string?> ReadAsync(CallInvoker admin, string id)
    {
        try
        {
            var found = await new ProvisionerService.ProvisionerServiceClient(admin).GetProvisionerAsync(new GetProvisionerRequest { Name = $"provisioners/{id}" });
            return $"{found.DisplayName} {found.Acme.WebsiteUrl}";
        }
        catch (RpcException missing) when (missing.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task ActAsync<T>(string id, string? next, Func<Task<T>> act)
    {
        var before = drill.Ledger.Provisioners.GetValueOrDefault(id) ?? new Promise((string?)null);
        drill.Ledger.ProvisionerPromise(id, before.Ask(next));
        if (!await AskAsync(act))
        {
            var seen = await LookAsync(id);
            if (!before.Ask(next).AllowsFor(seen)) drill.Ledger.Fault($"provisioner {id} says '{seen}', neither '{before.Acknowledged}' nor '{next}'");
            next = seen;
        }
        drill.Ledger.ProvisionerPromise(id, new Promise(next));
        drill.Ledger.Count("provisioner edits");
    }

    private async Task<string?> LookAsync(string id)
    {
        var patience = new Deadline(Patience, "no answer to an operator");
        string? seen = null;
        while (!await AskAsync(async () => seen = await ReadAsync(drill.Admin, id))) await patience.PauseAsync(Pause);
        return seen;
    }

    private async Task<bool> AskAsync<T>(Func<Task<T>> call)
    {
        using var pass = await drill.Gate.EnterAsync();
        try
        {
            await call();
            drill.Ledger.Answer();
            return true;
        }
        catch (Exception fault) when (drill.IsAway(fault))
        {
            drill.Ledger.NoAnswer();
            return false;
        }
    }

    private static Provisioner Of(string id, int round) => new()
    {
        Name = id.Length == 0 ? "" : $"provisioners/{id}",
        DisplayName = $"edit {round}",
        Authority = "authorities/main",
        DefaultProfile = "profiles/default",
        Acme = new AcmeProvisioner { WebsiteUrl = $"https://edit.test/{round}" },
    };

    private static string Value(int round) => $"edit {round} https://edit.test/{round}";
}
