using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Audit;

/// <summary>
/// An act the CA stands for: who did what to which resource, when, and the facts worth keeping. Never a secret.
/// </summary>
/// <param name="Time">When.</param>
/// <param name="Action">What, as noun.verb: <c>certificate.issue</c>, <c>certificate.revoke</c>, <c>nameRule.create</c>.</param>
/// <param name="Actor">Who: <c>accounts/…</c>, <c>gateways/…</c>, <c>operators/…</c>, <c>local/uid/0</c>, <c>system</c>.</param>
/// <param name="Resource">To what: a resource name.</param>
/// <param name="Facts">More, in a fixed order; values are plain text.</param>
internal sealed record AuditEvent(
    DateTimeOffset Time, string Action, string Actor, string Resource, ImmutableArray<KeyValuePair<string, string>> Facts);
