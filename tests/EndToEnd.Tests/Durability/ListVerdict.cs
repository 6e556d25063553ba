using GrpcCa.TestKit.Signing;
using GrpcCa.V1;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>Revocation lists after a crash: numbers only grow, one number is one list, and what was revoked stands on the next.</summary>
internal sealed class ListVerdict(Drill drill)
{
    private const string Signed = "signed";
    private readonly Dictionary<string, long> published = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Issuer, long Number), string> seen = [];
    private HashSet<string> listed = [];

    public async Task<IReadOnlyList<string>> FindFaultsAsync(Rows rows, IReadOnlyList<SignatureNote> before, IReadOnlyList<SignatureNote> signatures)
    {
        var faults = new List<string>();
        foreach (var twice in signatures.Where(s => s.Kind == SignedKind.RevocationList).GroupBy(s => (s.Key, s.Number)).Where(g => g.Count() > 1))
            faults.Add($"list {twice.Key.Number} of {twice.Key.Key} was signed {twice.Count()} times");
        foreach (var state in rows.ListStates)
        {
            if (state.Published < published.GetValueOrDefault(state.Issuer)) faults.Add($"the newest list of {state.Issuer} was {published[state.Issuer]} and is {state.Published}");
            published[state.Issuer] = state.Published;
        }
        foreach (var row in rows.Lists)
        {
            if (seen.TryGetValue((row.Issuer, row.Number), out var bytes) && bytes != row.TbsSha256) faults.Add($"list {row.Number} of {row.Issuer} is another than it was");
            seen[(row.Issuer, row.Number)] = row.TbsSha256;
            if (row.Outcome == Signed && signatures.All(s => s.TbsSha256 != row.TbsSha256)) faults.Add($"list {row.Number} of {row.Issuer} is recorded as signed, and nothing was signed");
        }
        faults.AddRange(FaultsOfUnplanned(rows, before));
        faults.AddRange(await FaultsOfThePublishedAsync(rows));
        faults.AddRange(Missing(rows, mustBeCurrent: false));
        return faults;
    }

    /// <summary>Acknowledged revocations that the newest list lacks, unless a newer one is due anyway.</summary>
    public IEnumerable<string> Missing(Rows rows, bool mustBeCurrent)
    {
        if (!mustBeCurrent && rows.ListStates.Any(s => s.Covered < s.Changes)) return [];
        return drill.Ledger.Revoked.Where(s => !listed.Contains(s)).Select(s => $"the revocation of {s} was acknowledged, and no list has it");
    }

    // Lists are forgotten after a few newer ones; of those that are kept, each signature has its row.
    private static IEnumerable<string> FaultsOfUnplanned(Rows rows, IReadOnlyList<SignatureNote> signatures)
    {
        var oldest = rows.Lists.GroupBy(l => l.Issuer).Select(g => g.Min(l => l.Number)).DefaultIfEmpty().Max();
        var planned = rows.Lists.Select(l => l.TbsSha256).ToHashSet(StringComparer.Ordinal);
        return signatures.Where(s => s.Kind == SignedKind.RevocationList && Convert.ToInt64(s.Number, 16) >= oldest && !planned.Contains(s.TbsSha256))
            .Select(s => $"list {s.Number} was signed without a plan");
    }

    private async Task<List<string>> FaultsOfThePublishedAsync(Rows rows)
    {
        var faults = new List<string>();
        var service = new TrustService.TrustServiceClient(drill.Admin);
        foreach (var one in (await service.ListCrlsAsync(new ListCrlsRequest())).Crls)
        {
            if (one.Number == 0) continue;
            var crl = await service.GetCrlAsync(new GetCrlRequest { Name = one.Name });
            var read = new X509CrlParser().ReadCrl(crl.Der.ToByteArray());
            var number = DerInteger.GetInstance(Asn1Object.FromByteArray(read.GetExtensionValue(X509Extensions.CrlNumber).GetOctets())).LongValueExact;
            if (number != crl.Number || number < published.GetValueOrDefault(crl.Issuer)) faults.Add($"the list of {crl.Issuer} that is served has the number {number}, the newest is {published.GetValueOrDefault(crl.Issuer)}");
            if (crl.Name.StartsWith("crls/root-", StringComparison.Ordinal)) continue;
            listed = [.. (read.GetRevokedCertificates() ?? new HashSet<X509CrlEntry>()).Select(e => e.SerialNumber.ToString(16).PadLeft(32, '0'))];
        }
        // Nothing stands on a list that was not revoked.
        faults.AddRange(listed.Where(s => rows.Certificates.GetValueOrDefault(s) is not { IsRevoked: true }).Select(s => $"{s} stands on the revocation list and is not revoked"));
        return faults;
    }
}
