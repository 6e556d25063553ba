using GrpcCa.ControlPlane.Acme.Challenges.Caa;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Acme.Authorizations;

/// <summary>Asks for CAA again before a certificate is issued on authorizations whose answer is old (C1).</summary>
internal sealed class CaaRecheck(CaaChecker checker, AccountUrls urls, IStore store, TimeProvider time)
{
    private const int AtOnce = 8;

    /// <exception cref="RefusalException">Caa or Dns, with a part for each name when there are several.</exception>
    public async Task CheckAsync(ProvisionerRecord provisioner, IReadOnlyList<Authorization> authorizations, CancellationToken cancellationToken)
    {
        if (provisioner.Caa == CaaMode.Off) return;
        var now = time.GetUtcNow();
        var old = authorizations.Where(a => a.Identifier.Type == IdentifierType.Dns && !(now - a.CaaCheckedAt < CaaChecker.GoodFor)).ToList();
        var refused = new RefusalPart?[old.Count];
        var bounds = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, old.Count), bounds, async (i, stop) => refused[i] = await RefusedAsync(provisioner, old[i], stop));
        foreach (var (authorization, part) in old.Zip(refused))
            if (part is null) await NoteAsync(authorization, now);
        var parts = refused.OfType<RefusalPart>().ToList();
        if (parts.Count == 0) return;
        var detail = parts.Count == 1 ? parts[0].Detail : $"{parts.Count} of {authorizations.Count} names are refused; the first: {parts[0].Detail}";
        throw new RefusalException(parts[0].Reason, detail) { Parts = parts };
    }

    private async Task<RefusalPart?> RefusedAsync(ProvisionerRecord provisioner, Authorization authorization, CancellationToken cancellationToken)
    {
        var method = authorization.Challenges.First(c => c.Status == ChallengeStatus.Valid).Type;
        try
        {
            var accountUrls = await urls.OfAsync(provisioner.Id, authorization.AccountId, cancellationToken);
            await checker.CheckAsync(provisioner, authorization.Identifier, authorization.Wildcard, method, accountUrls, cancellationToken);
            return null;
        }
        catch (RefusalException refusal)
        {
            var name = authorization.Identifier;
            return new RefusalPart(refusal.Reason, refusal.Detail, name.TypeName, authorization.Wildcard ? $"*.{name.Value}" : name.Value);
        }
    }

    // When the authorization changed meanwhile, the next finalize asks once more than it must.
    private Task<bool> NoteAsync(Authorization seen, DateTimeOffset now) => store.WriteAsync(async session =>
    {
        var old = await AuthorizationStore.FindAsync(session, seen.Id);
        return old is not null && await AuthorizationStore.ReplaceAsync(session, old, old with { CaaCheckedAt = now });
    }, CancellationToken.None);
}
