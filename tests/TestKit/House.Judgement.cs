using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace GrpcCa.TestKit;

/// <summary>What must hold at the end of every house.</summary>
internal sealed partial class House
{
    // DESIGN §2.3, facts §5: every certificate that was signed had been planned, once, byte for byte.
    private async Task<IReadOnlyList<string>> FindUnplannedSignaturesAsync()
    {
        var plans = await Store.ReadAsync(session => session
            .Sql("select serial, outcome, tbs_sha256 from issuance_plans")
            .ListAsync(row => (Serial: row.GetString(0), Outcome: row.GetString(1), Hash: Convert.ToHexStringLower((byte[])row.GetValue(2)))), CancellationToken.None);
        var signed = signatures.Notes.Where(n => n.IsCertificate).Select(n => n.TbsSha256).ToList();
        var planned = plans.Select(p => p.Hash).ToHashSet(StringComparer.Ordinal);
        var faults = signed.Where(hash => !planned.Contains(hash)).Select(hash => $"a certificate was signed without a plan: TBS {hash}").ToList();
        faults.AddRange(signed.GroupBy(hash => hash, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => $"TBS {g.Key} was signed {g.Count()} times"));
        faults.AddRange(plans.Where(p => p.Outcome == "issued" && !signed.Contains(p.Hash)).Select(p => $"plan {p.Serial} says issued, but nothing was signed"));
        var known = plans.Where(p => p.Outcome == "issued").Select(p => p.Serial).ToHashSet(StringComparer.Ordinal);
        var certificates = await Store.ReadAsync(session => session.Sql("select serial from certificates").ListAsync(row => row.GetString(0)), CancellationToken.None);
        faults.AddRange(certificates.Where(serial => !known.Contains(serial)).Select(serial => $"certificate {serial} has no plan that was issued"));
        return faults;
    }

    private IEnumerable<string> FindFaultsInLog()
    {
        foreach (var line in Log.Lines)
        {
            // Exceptions belong into logs only where something is broken, and nothing breaks in a test that did not say so.
            // A gateway that goes away while it asks breaks nothing; the framework calls that an error.
            if (line.Fault is IOException { InnerException: ConnectionAbortedException } or IOException { Message: "The client reset the request stream." }) continue;
            if (line.Fault is not null) yield return $"[{line.Program}] {line.Level} {line.Text}: {line.Fault}";
            else if (line.Level >= LogLevel.Error) yield return $"[{line.Program}] {line.Level} {line.Text}";
            foreach (var _ in secrets.Where(secret => line.Text.Contains(secret, StringComparison.Ordinal)))
                yield return $"[{line.Program}] a secret is in the log, in a line of {line.Category} ({line.Id.Id})";
        }
    }
}
