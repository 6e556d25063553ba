using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Gateway.Trust;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>Asks every second for the numbers of the revocation lists, and fetches the lists that are new.</summary>
internal sealed class CrlDuty(CrlBook book, ConfigBook config, ControlPlaneLink link, CallPolicy calls, TimeProvider time, ILogger<CrlDuty> log)
    : Duty("Fetching the revocation lists", time, log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // What was refused is not fetched again, until the issuers are others.
    private readonly HashSet<string> refused = [];
    private string refusedUnder = "";
    private DateTimeOffset due = time.GetUtcNow();

    protected override DateTimeOffset Due => due;

    protected override TimeSpan LongestWait => TimeSpan.FromSeconds(10);

    protected override async Task DoAsync(CancellationToken ct)
    {
        var listed = (await calls.AskOpenAsync(options => link.Public.ListCrlsAsync(new ListCrlsRequest(), options), ct)).Crls;
        Forget(listed);
        var fetched = new Dictionary<string, Crl>(StringComparer.Ordinal);
        foreach (var crl in listed.Where(IsNew))
            fetched[crl.Name] = await calls.AskOpenAsync(options => link.Public.GetCrlAsync(new GetCrlRequest { Name = crl.Name }, options), ct);
        book.Accept(listed, fetched);
        refused.UnionWith(listed.Where(l => fetched.ContainsKey(l.Name) && IsNew(l)).Select(l => l.Sha256));
        due = Time.GetUtcNow() + Interval;
    }

    private void Forget(IEnumerable<Crl> listed)
    {
        var etag = config.Current.Config.Etag;
        refused.IntersectWith(etag == refusedUnder ? listed.Select(l => l.Sha256) : []);
        refusedUnder = etag;
    }

    private bool IsNew(Crl crl) =>
        crl.Number > 0 && !refused.Contains(crl.Sha256) && book.Current.All(kept => kept.Message.Name != crl.Name || kept.Sha256 != crl.Sha256);
}
