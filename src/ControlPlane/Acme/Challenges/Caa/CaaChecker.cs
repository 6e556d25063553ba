using System.Collections.Immutable;
using DnsClient;
using DnsClient.Protocol;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Challenges.Caa;

/// <summary>Asks DNS whether its owner lets this CA issue for a name (RFC 8659), and decides by the provisioner's mode.</summary>
internal sealed class CaaChecker(RecordLookup records, ValidationOptions options, TimeProvider time)
{
    /// <summary>How long an answer may be relied on before a certificate is issued.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromHours(8);

    /// <param name="provisioner">Its mode, its issuer domain names, its resolvers.</param>
    /// <param name="identifier">The name, without <c>*.</c>.</param>
    /// <param name="wildcard">Whether the certificate is to carry <c>*.</c> of it.</param>
    /// <param name="method">The type of the challenge that proved it (RFC 8657 §4).</param>
    /// <param name="accountUrls">The account's URL below every base URL of the provisioner (RFC 8657 §3).</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="RefusalException">Caa when the records forbid it; Dns when they cannot be read, which is not their absence.</exception>
    public async Task CheckAsync(
        ProvisionerRecord provisioner, Identifier identifier, bool wildcard, string method, ImmutableArray<string> accountUrls, CancellationToken cancellationToken)
    {
        // RFC 8659 is about domain names; an address has no owner there (RFC 8738 §7 leaves it out).
        if (provisioner.Caa == CaaMode.Off || identifier.Type == IdentifierType.Ip) return;
        var bounds = options.BoundsFor(provisioner);
        using var bound = new CancellationTokenSource(bounds.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            var (owner, properties) = await RelevantAsync(identifier.Value, bounds, either.Token);
            var question = new CaaQuestion(provisioner.CaaIdentities, method, accountUrls, wildcard, provisioner.Caa == CaaMode.Require);
            if (CaaRules.WhyForbidden(properties, question) is { } why)
                throw new RefusalException(RefusalReason.Caa, $"CAA for {Shown(identifier, wildcard)}: {(owner is null ? "" : $"at {owner}, ")}{why}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RefusalException(RefusalReason.Dns, $"CAA for {Shown(identifier, wildcard)}: DNS gave no answer within {bounds.AttemptTimeout.TotalSeconds:0.#} s");
        }
    }

    /// <summary>RFC 8659 §3: the records of the name, or of its nearest ancestor that has any; aliases are followed for each.</summary>
    private async Task<(string? Owner, ImmutableArray<CaaProperty> Properties)> RelevantAsync(
        string name, ValidationBounds bounds, CancellationToken cancellationToken)
    {
        for (var domain = name; domain.Length > 0; domain = ParentOf(domain))
        {
            var found = await records.FindAsync(domain, QueryType.CAA, bounds.Resolvers, cancellationToken);
            if (found.Verdict == RecordVerdict.Failed) throw new RefusalException(RefusalReason.Dns, $"CAA for {name} could not be read: {found.Fault}");
            if (found.Verdict == RecordVerdict.Answered)
                return (domain, [.. found.Records.OfType<CaaRecord>().Select(record => new CaaProperty(record.Flags, record.Tag, record.Value))]);
        }
        return (null, []);
    }

    private static string ParentOf(string name) => name.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 ? name[(dot + 1)..] : "";

    private static string Shown(Identifier identifier, bool wildcard) => wildcard ? $"*.{identifier.Value}" : identifier.Value;
}
