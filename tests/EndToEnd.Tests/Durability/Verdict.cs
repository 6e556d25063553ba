using Grpc.Core;
using GrpcCa.TestKit.Signing;
using GrpcCa.V1;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>What must hold after every crash, held against the ledger and the signer's own log.</summary>
internal sealed class Verdict(Drill drill)
{
    private const string NeverIssued = "never_issued", Issued = "issued";
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<string, string> outcomes = new(StringComparer.Ordinal);
    private readonly ListVerdict lists = new(drill);

    /// <summary>Of the last look, for the figures.</summary>
    public Rows Rows { get; private set; } = new();

    /// <summary>Everything that is wrong while nobody asks anything.</summary>
    public async Task<IReadOnlyList<string>> FindFaultsAsync()
    {
        // Read before and after: what was signed before has its plan in the rows, what is signed in the rows is in the later log.
        var before = SignatureLog.ReadFile(drill.Plane.SignatureFile);
        Rows = await SettledAsync();
        var signatures = SignatureLog.ReadFile(drill.Plane.SignatureFile);
        return
        [
            .. drill.Ledger.Faults,
            .. drill.Plane.Log.Where(l => l.Contains("Z fail: ", StringComparison.Ordinal) || l.Contains("Z crit: ", StringComparison.Ordinal)).Select(l => $"in the log: {l}"),
            .. FaultsOfDownloads(),
            .. FaultsOfSignatures(before),
            .. FaultsOfPlans(signatures),
            .. FaultsOfOrders(),
            .. FaultsOfAudit(),
            .. FaultsOfAccounts(),
            .. await FaultsOfProvisionersAsync(),
            .. await FaultsOfTheListedAsync(),
            .. await lists.FindFaultsAsync(Rows, before, signatures),
        ];
    }

    /// <summary>Waits until every list says all there is to say, then looks once more.</summary>
    public async Task<IReadOnlyList<string>> FindFaultsInTheEndAsync()
    {
        var patience = new Deadline(TimeSpan.FromSeconds(60), "no current revocation list");
        while (Rows.Read(drill.Database).ListStates is var states && (states.Count < 2 || states.Any(s => s.Published == 0 || s.Covered < s.Changes))) await patience.PauseAsync(Pause);
        var integrity = Rows.CheckIntegrity(drill.Database);
        return [.. await FindFaultsAsync(), .. integrity == "ok" ? Array.Empty<string>() : [$"SQLite says: {integrity}"], .. lists.Missing(Rows, mustBeCurrent: true)];
    }

    // The program's own acts, such as a gateway's certificate, may be under way: what is left of a crash stays.
    private async Task<Rows> SettledAsync()
    {
        var patience = new Deadline(Settling, "");
        try
        {
            while (true)
            {
                var rows = Rows.Read(drill.Database);
                if (rows.Plans.Values.All(p => p.Outcome is Issued or NeverIssued)) return rows;
                await patience.PauseAsync(Pause);
            }
        }
        catch (TimeoutException)
        {
            return Rows.Read(drill.Database);
        }
    }

    private IEnumerable<string> FaultsOfDownloads()
    {
        foreach (var (serial, download) in drill.Ledger.Downloads)
        {
            if (!Rows.Certificates.TryGetValue(serial, out var row)) yield return $"a client has certificate {serial}, and it is not recorded";
            else if (!row.Der.AsSpan().SequenceEqual(download.Der)) yield return $"certificate {serial} is recorded with other bytes than a client has";
            else if (row.Order != download.Order) yield return $"certificate {serial} was downloaded for order {download.Order} and is recorded for {row.Order}";
        }
        foreach (var serial in drill.Ledger.Revoked)
            if (Rows.Certificates.TryGetValue(serial, out var row) && !row.IsRevoked) yield return $"the revocation of {serial} was acknowledged, and it is not revoked";
    }

    private IEnumerable<string> FaultsOfSignatures(IReadOnlyList<SignatureNote> signatures)
    {
        foreach (var twice in signatures.Where(s => s.IsCertificate).GroupBy(s => s.Number).Where(g => g.Count() > 1)) yield return $"serial {twice.Key} was signed {twice.Count()} times";
        foreach (var signature in signatures.Where(s => s.IsCertificate))
            if (!Rows.Plans.TryGetValue(signature.Number, out var plan) || plan.TbsSha256 != signature.TbsSha256) yield return $"serial {signature.Number} was signed without a plan for its bytes";
    }

    private IEnumerable<string> FaultsOfPlans(IReadOnlyList<SignatureNote> signatures)
    {
        var signed = signatures.Where(s => s.IsCertificate).Select(s => s.Number).ToHashSet(StringComparer.Ordinal);
        foreach (var plan in Rows.Plans.Values)
        {
            var isRecorded = Rows.Certificates.ContainsKey(plan.Serial);
            if (plan.Outcome is not (Issued or NeverIssued)) yield return $"plan {plan.Serial} ({plan.Role}) is still {plan.Outcome}";
            if (plan.Outcome == NeverIssued && isRecorded) yield return $"plan {plan.Serial} is recorded as never issued, and its certificate is there";
            if (plan.Outcome == Issued && !signed.Contains(plan.Serial)) yield return $"plan {plan.Serial} is recorded as issued, and nothing was signed";
            if (plan is { Outcome: Issued, Role: "Leaf" or "GatewayTls" } && !isRecorded) yield return $"plan {plan.Serial} is recorded as issued, and its certificate is not there";
            if (outcomes.TryGetValue(plan.Serial, out var before) && before != plan.Outcome) yield return $"plan {plan.Serial} was {before} and is {plan.Outcome}";
            outcomes[plan.Serial] = plan.Outcome;
        }
        foreach (var serial in outcomes.Keys.Where(s => !Rows.Plans.ContainsKey(s))) yield return $"plan {serial} is gone";
        foreach (var serial in Rows.Certificates.Keys)
            if (!Rows.Plans.TryGetValue(serial, out var plan) || plan.Outcome != Issued) yield return $"certificate {serial} has no plan that was issued";
    }

    private IEnumerable<string> FaultsOfOrders()
    {
        foreach (var order in Rows.Orders)
        {
            if (order is { Planned: { } planned, Certificate: null } && Rows.Plans.GetValueOrDefault(planned)?.Outcome is Issued or NeverIssued or null) yield return $"order {order.Id} is stuck in processing with plan {planned}";
            if (order.Certificate is { } serial && Rows.Certificates.GetValueOrDefault(serial)?.Order != order.Id) yield return $"order {order.Id} is valid with certificate {serial}, which is not recorded for it";
        }
        var valid = Rows.Orders.Where(o => o.Certificate is not null).ToDictionary(o => o.Id, o => o.Certificate, StringComparer.Ordinal);
        foreach (var certificate in Rows.Certificates.Values)
            if (certificate.Order is { } order && valid.GetValueOrDefault(order) != certificate.Serial) yield return $"certificate {certificate.Serial} is recorded for order {order}, which does not say so";
    }

    private IEnumerable<string> FaultsOfAudit()
    {
        foreach (var broken in Rows.Events.Where(e => !e.IsIntact)) yield return $"the hash of the event {broken.Action} of {broken.Resource} is wrong";
        var issued = Rows.Events.Where(e => e.Action == "certificate.issue").Select(e => e.Resource).ToList();
        var revoked = Rows.Events.Where(e => e.Action == "certificate.revoke").Select(e => e.Resource).ToList();
        foreach (var fault in Differences("issue", issued, Rows.Certificates.Values.Select(c => $"certificates/{c.Serial}"))) yield return fault;
        foreach (var fault in Differences("revoke", revoked, Rows.Certificates.Values.Where(c => c.IsRevoked).Select(c => $"certificates/{c.Serial}"))) yield return fault;
        foreach (var change in Rows.Events.Where(e => e.Action == "account.changeKey").GroupBy(e => e.Resource).Select(g => g.Last()))
            if (Rows.AccountKeys.GetValueOrDefault(change.Resource.Split('/')[^1]) is var key && key != change.Facts["newKeyThumbprint"]) yield return $"{change.Resource} has the key {key}, the audit says {change.Facts["newKeyThumbprint"]}";
    }

    private static IEnumerable<string> Differences(string act, List<string> events, IEnumerable<string> resources)
    {
        var (told, there) = (events.ToHashSet(StringComparer.Ordinal), resources.ToHashSet(StringComparer.Ordinal));
        foreach (var resource in there.Except(told)) yield return $"{resource} has no event {act}";
        foreach (var resource in told.Except(there)) yield return $"{resource} has an event {act} and no such row";
        foreach (var resource in events.GroupBy(e => e).Where(g => g.Count() > 1)) yield return $"{resource.Key} has {resource.Count()} events {act}";
    }

    private IEnumerable<string> FaultsOfAccounts()
    {
        foreach (var (account, promise) in drill.Ledger.Keys)
            if (!promise.AllowsFor(Rows.AccountKeys.GetValueOrDefault(account))) yield return $"account {account} has the key {Rows.AccountKeys.GetValueOrDefault(account)}, promised was {promise}";
    }

    private async Task<List<string>> FaultsOfProvisionersAsync()
    {
        var faults = new List<string>();
        foreach (var (id, promise) in drill.Ledger.Provisioners)
            if (await ProvisionerEditor.ReadAsync(drill.Admin, id) is var seen && !promise.AllowsFor(seen)) faults.Add($"provisioner {id} says '{seen}', promised was {promise}");
        return faults;
    }

    // The inventory that people see has every certificate too.
    private async Task<List<string>> FaultsOfTheListedAsync()
    {
        var service = new CertificateService.CertificateServiceClient(drill.Admin);
        var listed = new HashSet<string>(StringComparer.Ordinal);
        var request = new ListCertificatesRequest { PageSize = 1000 };
        do
        {
            var page = await service.ListCertificatesAsync(request);
            listed.UnionWith(page.Certificates.Select(c => c.Name.Split('/')[^1]));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return [.. drill.Ledger.Downloads.Keys.Where(s => !listed.Contains(s)).Select(s => $"a client has certificate {s}, and the API does not list it")];
    }
}
