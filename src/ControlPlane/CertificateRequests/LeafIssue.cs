using System.Collections.Immutable;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Policy;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.CertificateRequests;

/// <summary>What every way to a certificate for names has in common.</summary>
internal static class LeafIssue
{
    /// <summary>The certificate as the context wants it.</summary>
    public static CertificateSpec SpecOf(LeafContext context, ImmutableArray<Identifier> names, PublicKey key, ValidityPeriod period)
    {
        var pointers = context.Profile.RevocationPointers ? RevocationPointers.Below(context.Authority, context.Issuer) : RevocationPointers.None;
        return new CertificateSpec
        {
            Role = CertificateRole.Leaf,
            Issuer = new IssuerKey(context.Issuer.Name, context.Issuer.Key, context.Issuer.Der) { AboveDer = [context.Authority.RootDer] },
            Names = names,
            Key = key,
            NotBefore = period.NotBefore,
            NotAfter = period.NotAfter,
            ExtendedKeyUsages = context.Profile.ExtendedKeyUsages,
            CrlUrl = pointers.CrlUrl,
            IssuerUrl = pointers.IssuerUrl,
        };
    }

    /// <summary>The record of it; who asked and how is added by the way it came.</summary>
    public static CertificateRecord RecordOf(IssuedCertificate issued, LeafContext context, DateTimeOffset now) => new()
    {
        Serial = issued.Serial,
        Der = issued.Der,
        Issuer = issued.Spec.Issuer.Name,
        ProvisionerId = context.Provisioner.Id,
        ProfileId = context.Profile.Id,
        Identifiers = issued.Spec.Names,
        KeyType = issued.Spec.Key.TypeText,
        KeySha256 = issued.Spec.Key.Sha256,
        NotBefore = issued.Spec.NotBefore,
        NotAfter = issued.Spec.NotAfter,
        // As the store keeps it: what is answered is what will be read.
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
    };

    /// <summary>
    /// In the plan's transaction: the configuration is the one that was asked (DESIGN §4: names are allowed <em>now</em>), and
    /// nobody blocked the key.
    /// </summary>
    /// <exception cref="StaleContextException">The configuration changed: decide anew.</exception>
    /// <exception cref="RefusalException">BadPublicKey.</exception>
    public static async ValueTask CheckPlannedAsync(StoreSession session, LeafContext context, PublicKey key)
    {
        if (await Generation.ReadConfigurationAsync(session) != context.Generation) throw new StaleContextException();
        if (await CertificateStore.IsKeyBlockedAsync(session, key.Sha256))
            throw new RefusalException(RefusalReason.BadPublicKey, "the key in the CSR was reported as compromised and is blocked; make a new one");
    }

    /// <summary>Decides and issues; a configuration that changes in between is asked anew, a few times.</summary>
    public static async Task<T> ByCurrentPolicyAsync<T>(Func<Task<T>> attempt)
    {
        for (var count = 1; ; count++)
        {
            try
            {
                return await attempt();
            }
            catch (StaleContextException) when (count < MostAttempts)
            {
                // Nothing was planned: the check undid it.
            }
        }
    }

    /// <summary>Refuses with one part per name that policy rejects.</summary>
    /// <exception cref="RefusalException">RejectedIdentifier.</exception>
    public static void CheckNames(ImmutableArray<Identifier> names, Func<Identifier, NameVerdict> decide)
    {
        var parts = names.Select(n => (Name: n, Verdict: decide(n))).Where(d => !d.Verdict.Allowed)
            .Select(d => new RefusalPart(RefusalReason.RejectedIdentifier, d.Verdict.Explanation, d.Name.TypeName, d.Name.Value)).ToList();
        if (parts.Count == 0) return;
        var detail = parts.Count == 1 ? parts[0].Detail : $"{parts.Count} of {names.Length} names are refused; the first: {parts[0].Detail}";
        throw new RefusalException(RefusalReason.RejectedIdentifier, detail) { Parts = parts };
    }

    private const int MostAttempts = 5;
}

/// <summary>The configuration changed between the decision and the plan: a refusal, since it undid the plan.</summary>
internal sealed class StaleContextException() : RefusalException(RefusalReason.Unavailable, "the configuration changed while the certificate was asked for, again and again; try again");
