using System.Collections.Immutable;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Policy;

/// <summary>Decides about keys and lifetimes of leaves. Pure.</summary>
internal static class LeafPolicy
{
    /// <summary>Refuses a key that the profile does not take, or that signs for the account.</summary>
    /// <exception cref="RefusalException">BadCsr.</exception>
    public static void CheckKey(PublicKey key, LeafTerms terms, PublicKey? accountKey)
    {
        var family = key.Type == KeyType.Rsa ? "RSA" : key.TypeText;
        if (!terms.KeyTypes.Contains(family, StringComparer.Ordinal))
            throw new RefusalException(RefusalReason.BadCsr, $"{terms.Source} takes no {key.TypeText} keys; it takes {(terms.KeyTypes.IsEmpty ? "none" : string.Join(", ", terms.KeyTypes))}");
        // RFC 8555 §11.1: the account key is for the account alone.
        if (accountKey is not null && key.Sha256.AsSpan().SequenceEqual(accountKey.Sha256))
            throw new RefusalException(RefusalReason.BadCsr, "the key in the CSR is the account key; a certificate needs a key of its own");
    }

    /// <summary>
    /// The first and the last second of a leaf issued now: notAfter is inclusive, so a lifetime of 24 h ends one second
    /// before the same time tomorrow. It never outlives its issuer.
    /// </summary>
    /// <exception cref="RefusalException">ServerInternal when the issuer's own time is up.</exception>
    public static ValidityPeriod Validity(
        LeafTerms terms, DateTimeOffset now, ValidityPeriod issuer, DateTimeOffset? wantedNotBefore, DateTimeOffset? wantedNotAfter)
    {
        var second = Seconds(now);
        // What was asked for was held against the terms of then; what is issued keeps to the terms of now.
        var earliest = second - terms.Profile.Backdate;
        var notBefore = wantedNotBefore is { } start && Seconds(start) > earliest ? Seconds(start) : earliest;
        var latest = second + (wantedNotAfter is null ? terms.Default : terms.Longest) - TimeSpan.FromSeconds(1);
        var notAfter = wantedNotAfter is { } end && Seconds(end) < latest ? Seconds(end) : latest;
        var period = issuer.Clamp(notBefore, notAfter);
        if (period.NotAfter <= second || period.NotBefore > period.NotAfter)
            throw new RefusalException(RefusalReason.ServerInternal, $"the issuer's certificate ends at {issuer.NotAfter:yyyy-MM-ddTHH:mm:ssZ}; nothing can be issued below it any more");
        return period;
    }

    /// <summary>Refuses requested times that lie outside the terms (RFC 8555 §7.4).</summary>
    /// <exception cref="RefusalException">Malformed, naming the limit.</exception>
    public static void CheckWanted(LeafTerms terms, DateTimeOffset now, DateTimeOffset? notBefore, DateTimeOffset? notAfter)
    {
        var backdate = terms.Profile.Backdate;
        if (notBefore is { } start && start < now - backdate - Tolerance)
            throw new RefusalException(RefusalReason.Malformed, $"notBefore lies more than {backdate} in the past, which is what profile {terms.Profile.Id} allows");
        if (notBefore is { } first && notAfter is { } last && last <= first)
            throw new RefusalException(RefusalReason.Malformed, "notAfter is not after notBefore");
        if (notAfter is { } end && end <= now)
            throw new RefusalException(RefusalReason.Malformed, "notAfter lies in the past");
        var latest = now + terms.Longest;
        if (notAfter > latest + Tolerance || notBefore >= latest)
            throw new RefusalException(RefusalReason.Malformed, $"the requested time goes beyond {terms.Longest} from now, the longest lifetime of {terms.Source}");
        if (notAfter is null && notBefore >= now + terms.Default)
            throw new RefusalException(RefusalReason.Malformed, $"the requested notBefore lies {terms.Default} or more ahead, the default lifetime of {terms.Source}; ask for a notAfter as well");
        var from = notBefore > now ? notBefore.Value : now;
        if (notAfter < from + terms.Shortest - Tolerance)
            throw new RefusalException(RefusalReason.Malformed, $"the requested time is shorter than {terms.Shortest}, the shortest lifetime of {terms.Source}");
    }

    /// <summary>Clients send times in whole seconds of their own clock.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    private static DateTimeOffset Seconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
