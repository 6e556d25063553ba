using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane;

/// <summary>
/// What happens between an open store and the first request: recovery, founding, checks, declarations. What it writes at every start is
/// urgent: on a full disk the program has to come up so that somebody can revoke.
/// </summary>
internal sealed class StartUp(
    IStore store,
    IssuanceCorridor corridor,
    HierarchyFounder founder,
    AuthorityBook authorities,
    ProvisionerBook provisioners,
    EndpointIdentity endpoint,
    GatewayRegistry gateways,
    ControlPlaneOptions options,
    TimeProvider time,
    ILogger<StartUp> log)
{
    /// <summary>Where clients find the root to trust.</summary>
    public string RootFile => Path.Combine(options.DataDirectory, "root.crt");

    /// <summary>Makes everything ready to listen.</summary>
    /// <param name="mayFound">Whether a CA may be founded when there is none.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="HierarchyException">There is no CA and none may be founded, or it cannot be founded so.</exception>
    public async Task PrepareAsync(bool mayFound, CancellationToken cancellationToken)
    {
        // A plan that was cut off was never issued; its order can be finalized anew.
        await corridor.RecoverAsync((session, purpose, serial) => OrderStore.ReleasePlanAsync(session, purpose, serial.Hex), cancellationToken);
        await FoundAsync(mayFound, cancellationToken);
        await founder.CheckKeysAsync(cancellationToken);
        await DeclareNamesAsync(cancellationToken);
        if (options.Declare.GatewayId is { } id) await DeclareGatewayAsync(id, cancellationToken);
        await PublishRootAsync(cancellationToken);
        await endpoint.RenewAsync(cancellationToken);
    }

    /// <summary>Writes the declared gateway's join token, unless the gateway is disabled; its endpoint is known once the program listens.</summary>
    public async Task WriteTokenAsync(CancellationToken cancellationToken)
    {
        if (options.Declare is not { GatewayId: { } id, GatewayTokenFile: { } file }) return;
        // One that an operator disabled stays out, and is no reason not to start.
        if ((await gateways.GetAsync(id, cancellationToken)).Disabled) return;
        var token = await gateways.CreateTokenAsync(id, Actor, null, cancellationToken, Urgency.Urgent);
        SyncedFile.Write(file, System.Text.Encoding.ASCII.GetBytes(token.Text + "\n"), SyncedFile.Private);
    }

    private const string Actor = "system";

    private async Task FoundAsync(bool mayFound, CancellationToken cancellationToken)
    {
        var exists = (await authorities.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Issuing) is not null;
        if (!exists && !mayFound)
            throw new HierarchyException($"there is no CA in '{options.DataDirectory}' yet; found one with 'grpcca-server init'");
        if (mayFound) await founder.EnsureAsync(options.Hierarchy, cancellationToken);
        // Provisioners that somebody deleted stay deleted: only a house without profiles was never founded.
        if ((await provisioners.CurrentAsync(cancellationToken)).Count > 0 || (await store.ReadAsync(ProfileStore.LoadAsync, cancellationToken)).Count > 0) return;
        var authority = (await authorities.CurrentAsync(cancellationToken)).Active(AuthorityPurpose.Issuing)!;
        var now = time.GetUtcNow();
        await store.ActAsync(async session =>
        {
            foreach (var profile in ProfileBook.FromTheStart) await ProfileStore.InsertAsync(session, profile);
            foreach (var provisioner in ProvisionerBook.FromTheStart(authority.Id))
            {
                await ProvisionerStore.InsertAsync(session, provisioner, now);
                if (options.Declare.InitialAllow is { } patterns) await NameRuleStore.ReplaceAllowAsync(session, provisioner.Name, patterns, Actor, now);
            }
            return new Acted<bool>(true, new AuditEvent(now, "authority.found", Actor, authority.Name,
                [new("rootSha256", authority.RootSha256), new("allow", string.Join(' ', options.Declare.InitialAllow ?? []))]));
        }, cancellationToken);
        log.Founded(authority.RootSha256);
    }

    // The allowlist of the command line holds at every start that gives one; without one, the store's rules stand. It
    // speaks of the provisioners of the start: what operators made since has the rules that they gave it.
    // Names that an operator gave it since stay, before the addresses that were declared: a restart takes nothing away.
    private async Task DeclareGatewayAsync(string id, CancellationToken cancellationToken)
    {
        var there = await store.ReadAsync(session => GatewayStore.FindAsync(session, id), cancellationToken);
        IEnumerable<string> urls = there?.BaseUrls.Where(url => IsName(BaseUrl.HostOf(url))) ?? [];
        IEnumerable<string> names = there?.DeclaredTlsNames.Where(IsName).Select(name => name.Value) ?? [];
        var draft = new GatewayDraft
        {
            BaseUrls = [.. urls.Union(options.Declare.GatewayBaseUrls, StringComparer.Ordinal)],
            TlsNames = [.. names.Union(options.Declare.GatewayTlsNames, StringComparer.Ordinal)],
        };
        await gateways.DeclareAsync(id, draft, Actor, cancellationToken);

        static bool IsName(Identifier host) => host.Type == IdentifierType.Dns && host.Value != "localhost";
    }

    private async Task DeclareNamesAsync(CancellationToken cancellationToken)
    {
        if (options.Declare.Allow is not { } patterns) return;
        var now = time.GetUtcNow();
        var ours = ProvisionerBook.FromTheStart("").Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var provisioner in (await provisioners.CurrentAsync(cancellationToken)).Values.Where(p => ours.Contains(p.Id)).OrderBy(p => p.Id, StringComparer.Ordinal))
            await store.ActAsync(async session =>
            {
                var changed = await NameRuleStore.ReplaceAllowAsync(session, provisioner.Name, patterns, Actor, now);
                return new Acted<bool>(changed, new AuditEvent(now, "nameRule.declare", Actor, provisioner.Name,
                    [new("allow", string.Join(' ', patterns)), new("changed", changed ? "true" : "false")]));
            }, cancellationToken, Urgency.Urgent);
    }

    private async Task PublishRootAsync(CancellationToken cancellationToken)
    {
        var roots = (await authorities.CurrentAsync(cancellationToken)).Of(AuthorityPurpose.Issuing).Where(a => a.IsTrusted).OrderBy(a => a.State);
        var pem = string.Concat(roots.Select(a => Pem.Encode("CERTIFICATE", a.RootDer)));
        var content = System.Text.Encoding.ASCII.GetBytes(pem);
        // The same again would need room that a full disk may not have.
        if (File.Exists(RootFile) && (await File.ReadAllBytesAsync(RootFile, cancellationToken)).AsSpan().SequenceEqual(content)) return;
        SyncedFile.Write(RootFile, content, SyncedFile.Public);
    }
}
