using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using PublicKey = GrpcCa.ControlPlane.Pki.PublicKey;

namespace GrpcCa.ControlPlane.Credentials;

/// <summary>Tokens signed with the key of a certificate below a foreign root (RFC 7515 §4.1.6).</summary>
internal static class X5cCredentials
{
    private const int MostCertificates = 8;
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <exception cref="RefusalException">Unauthenticated.</exception>
    public static VerifiedCredential Verify(ProvisionerRecord provisioner, X5cSettings settings, CompactJws jws, AuthoritySnapshot hierarchy, DateTimeOffset now)
    {
        jws.RequireType("JWT", mayBeAbsent: true);
        var chain = ReadChain(jws);
        try
        {
            var leaf = chain[0];
            CheckChain(chain, settings.RootsPem, hierarchy, now);
            jws.Verify(KeyOf(leaf), "the certificate's key");
            if (CompactJws.Text(jws.Claims, "iss") != provisioner.Id) throw CompactJws.Refused($"has another iss than {provisioner.Id}");
            var until = TokenClaims.Check(jws, settings.Terms, CredentialDesk.AudienceOf(provisioner), now);
            var names = TokenClaims.RequireNames(jws);
            if (!settings.AnyName) CheckNames(names, leaf);
            var thumbprint = Convert.ToHexStringLower(SHA256.HashData(leaf.RawDataMemory.Span));
            return new(CredentialDesk.ActorOf(provisioner, leaf.Subject, jws), TokenUse.Of(until, provisioner.Name, thumbprint, TokenClaims.RequireId(jws)))
            {
                Names = names,
                AllNames = true,
                Profile = CompactJws.Text(jws.Claims, "profile"),
                Evidence = jws.SigningInput.ToArray(),
            };
        }
        catch (CryptographicException)
        {
            // Extensions are read when they are looked at.
            throw CompactJws.Refused("has a certificate in x5c that cannot be read");
        }
        finally
        {
            foreach (var certificate in chain) certificate.Dispose();
        }
    }

    private static List<X509Certificate2> ReadChain(CompactJws jws)
    {
        if (jws.Header.Find("x5c") is not { ValueKind: JsonValueKind.Array } header || header.GetArrayLength() is 0 or > MostCertificates)
            throw CompactJws.Refused($"needs x5c in its header: the certificate and those above it, {MostCertificates} at most");
        var chain = new List<X509Certificate2>(header.GetArrayLength());
        try
        {
            // RFC 7515 §4.1.6: base64, not base64url.
            foreach (var element in header.EnumerateArray()) chain.Add(X509CertificateLoader.LoadCertificate(element.GetBytesFromBase64()));
            return chain;
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException or CryptographicException)
        {
            foreach (var certificate in chain) certificate.Dispose();
            throw CompactJws.Refused($"has something in x5c, at place {chain.Count}, that is no certificate in base64");
        }
    }

    // A certificate for servers is no credential: where there are usages, that for clients must be among them.
    private static void CheckChain(List<X509Certificate2> certificates, string rootsPem, AuthoritySnapshot hierarchy, DateTimeOffset now)
    {
        var leaf = certificates[0];
        if (leaf.Extensions.OfType<X509BasicConstraintsExtension>().Any(c => c.CertificateAuthority)) throw CompactJws.Refused("is signed by an authority's own certificate, which is no credential");
        if (leaf.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
            throw CompactJws.Refused("is signed by a certificate whose key usage has no digitalSignature");
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        policy.CustomTrustStore.AddRange(CredentialFaults.ReadRoots(rootsPem));
        foreach (var above in certificates.Skip(1)) policy.ExtraStore.Add(above);
        try
        {
            if (chain.Build(leaf))
            {
                // A foreign root may have certified an issuer of ours; what that one issues anybody can get by ACME.
                if (chain.ChainElements.Skip(1).FirstOrDefault(e => CredentialFaults.IsOwn(hierarchy, e.Certificate)) is { } own)
                    throw CompactJws.Refused($"is signed below {Excerpt.Of(own.Certificate.Subject)}, which has a key of this CA; certificates that it issues are no credentials");
                return;
            }
            var faults = string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()).Where(s => s.Length > 0).Distinct(StringComparer.Ordinal));
            throw CompactJws.Refused($"is signed by {Excerpt.Of(leaf.Subject)}, whose certificate does not hold below the configured roots: {faults}");
        }
        finally
        {
            foreach (var element in chain.ChainElements) element.Certificate.Dispose();
            foreach (var root in policy.CustomTrustStore) root.Dispose();
        }
    }

    private static PublicKey KeyOf(X509Certificate2 leaf)
    {
        try
        {
            return PublicKey.FromSubjectPublicKeyInfo(leaf.PublicKey.ExportSubjectPublicKeyInfo());
        }
        catch (PublicKeyException fault)
        {
            throw CompactJws.Refused($"is signed by a key that is refused: {fault.Message}");
        }
    }

    private static void CheckNames(ImmutableArray<Identifier> names, X509Certificate2 leaf)
    {
        var own = NamesOf(leaf);
        var foreign = names.Where(n => !own.Contains(n)).ToList();
        if (foreign.Count > 0) throw CompactJws.Refused($"asks for {string.Join(", ", foreign)}, which its certificate does not have");
    }

    private static HashSet<Identifier> NamesOf(X509Certificate2 leaf)
    {
        var names = new HashSet<Identifier>();
        try
        {
            foreach (var extension in leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>())
            {
                foreach (var dns in extension.EnumerateDnsNames())
                    if (Identifier.TryParse("dns", dns, out var name, out _, out _)) names.Add(name);
                foreach (var address in extension.EnumerateIPAddresses())
                    if (Identifier.TryParse("ip", address.ToString(), out var name, out _, out _)) names.Add(name);
            }
            return names;
        }
        catch (Exception fault) when (fault is CryptographicException or AsnContentException)
        {
            throw CompactJws.Refused("is signed by a certificate whose names cannot be read");
        }
    }
}
