using GrpcCa.V1;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>An operator who revokes a few certificates at a time; without an answer he asks again under the same request id.</summary>
internal sealed class BatchOperator(Drill drill)
{
    private const int Several = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150), Patience = TimeSpan.FromMinutes(3);

    private readonly CertificateService.CertificateServiceClient service = new(drill.Admin);
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            for (var round = 1; !stopping.IsCancellationRequested; round++)
            {
                await Task.Delay(Pause, CancellationToken.None);
                var revoked = drill.Ledger.Revoked;
                var serials = drill.Ledger.Downloads.Keys.Where(s => !revoked.Contains(s) && !taken.Contains(s)).Take(Several).ToList();
                if (serials.Count > 0) await RevokeAsync(serials, $"batch-{round}");
            }
        }
        catch (Exception fault)
        {
            drill.Ledger.Fault($"batch operator: {fault}");
        }
    }

    private async Task RevokeAsync(List<string> serials, string requestId)
    {
        taken.UnionWith(serials);
        var request = new BatchRevokeCertificatesRequest { Selector = new CertificateSelector(), Reason = RevocationReason.Superseded, RequestId = requestId };
        request.Selector.Certificates.AddRange(serials.Select(s => $"certificates/{s}"));
        var patience = new Deadline(Patience, "no batch of revocations");
        while (!await AskAsync(request)) await patience.PauseAsync(Pause);
        foreach (var serial in serials) drill.Ledger.WasRevoked(serial);
        drill.Ledger.Count("batches");
    }

    private async Task<bool> AskAsync(BatchRevokeCertificatesRequest request)
    {
        using var pass = await drill.Gate.EnterAsync();
        try
        {
            await service.BatchRevokeCertificatesAsync(request);
            drill.Ledger.Answer();
            return true;
        }
        catch (Exception fault) when (drill.IsAway(fault))
        {
            drill.Ledger.NoAnswer();
            return false;
        }
    }
}
