using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Audit;
using GrpcCa.ControlPlane.Crls.Lint;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Crls;

/// <summary>
/// Takes in a list that was signed elsewhere: that of an imported root, whose key stays where it is. Those who check whole
/// chains want it as much as the intermediate's.
/// </summary>
internal sealed class CrlImport(IStore store, CrlBook book, IssuanceOptions replica, TimeProvider time, ILogger<CrlImport> log)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>Publishes the list; one that is published already is left as it is.</summary>
    /// <exception cref="RefusalException">InvalidArgument: no list of ours, or one that nobody would accept; FailedPrecondition: it is signed here, or is old.</exception>
    public async Task<CrlStanding> ImportAsync(byte[] der, string actor, CancellationToken cancellationToken)
    {
        var (tbs, algorithm, signature, reading) = Read(der);
        var standing = await FindIssuerAsync(reading, cancellationToken);
        if (standing.Crl is { } published && published.Der.AsSpan().SequenceEqual(der)) return standing;
        var issuer = standing.Issuer;
        if (issuer.Problem is null)
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{issuer.CrlName} is signed here; only lists whose key is elsewhere are imported");
        var facts = IssuerFacts.Read(issuer.CertificateDer, []);
        CheckSignature(tbs, algorithm, signature, reading, facts, issuer);
        var row = Row(reading, facts, issuer, signature) with { TbsSha256 = SHA256.HashData(tbs.Span) };
        await RecordAsync(row, tbs.ToArray(), issuer, Convert.ToHexStringLower(SHA256.HashData(der)), actor, cancellationToken);
        log.CrlImported(row.Number, issuer.Name, row.Entries, row.NextUpdate);
        return (await book.CurrentAsync(cancellationToken)).First(s => s.Issuer.Name == issuer.Name);
    }

    private static (ReadOnlyMemory<byte> Tbs, ReadOnlyMemory<byte> Algorithm, byte[] Signature, CrlReading Reading) Read(byte[] der)
    {
        try
        {
            var (tbs, algorithm, signature) = SignedCrl.TakeApart(der);
            return (tbs, algorithm, signature, CrlReading.Read(tbs));
        }
        catch (AsnContentException fault)
        {
            throw Bad($"it is no revocation list in DER: {fault.Message}");
        }
    }

    private async Task<CrlStanding> FindIssuerAsync(CrlReading reading, CancellationToken cancellationToken) =>
        (await book.CurrentAsync(cancellationToken)).FirstOrDefault(s => IssuerFacts.Read(s.Issuer.CertificateDer, []).SubjectName.Span.SequenceEqual(reading.Issuer.Span))
        ?? throw Bad("its issuer is none of this CA's roots and intermediates");

    private static void CheckSignature(
        ReadOnlyMemory<byte> tbs, ReadOnlyMemory<byte> algorithm, byte[] signature, CrlReading reading, IssuerFacts facts, CrlIssuer issuer)
    {
        if (!algorithm.Span.SequenceEqual(reading.Algorithm.Span)) throw Bad("its two signature algorithms differ");
        var oid = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();
        SignatureScheme? scheme = oid switch
        {
            "1.2.840.10045.4.3.2" => SignatureScheme.EcdsaSha256,
            "1.2.840.10045.4.3.3" => SignatureScheme.EcdsaSha384,
            "1.2.840.10045.4.3.4" => SignatureScheme.EcdsaSha512,
            "1.2.840.113549.1.1.11" => SignatureScheme.RsaPkcs1Sha256,
            "1.2.840.113549.1.1.12" => SignatureScheme.RsaPkcs1Sha384,
            "1.2.840.113549.1.1.13" => SignatureScheme.RsaPkcs1Sha512,
            _ => null,
        };
        if (scheme is not { } known) throw Bad($"it is signed by {oid}, which gateways cannot check; ECDSA and RSA (PKCS #1) with SHA-2 they can");
        if (!PublicKey.FromSubjectPublicKeyInfo(facts.SubjectPublicKeyInfo).Verify(known, tbs.Span, signature, EcdsaEncoding.Der))
            throw Bad($"its signature does not verify under the key of {issuer.Name}");
    }

    private CrlRow Row(CrlReading reading, IssuerFacts facts, CrlIssuer issuer, byte[] signature)
    {
        var now = time.GetUtcNow();
        try
        {
            if (reading.Version != BigInteger.One) throw Bad("it is of version 1; version 2 has the number that lists are told apart by (openssl: crl_extensions)");
            if (reading.Extensions.FirstOrDefault(e => e.Critical) is { } critical) throw Bad($"it has the critical extension {critical.Oid}: only full lists for all of an issuer's certificates are taken");
            if (reading.Find(Oids.AuthorityKeyIdentifier) is { } identifier && !HasKey(identifier, facts)) throw Bad("its authority key identifier is not the issuer's");
            var number = reading.Find(Oids.CrlNumber) is { } extension ? new AsnReader(extension.Value, AsnEncodingRules.DER).ReadInteger() : throw Bad("it has no CRL number (RFC 5280 §5.2.3)");
            if (number <= 0 || number > long.MaxValue) throw Bad($"its number {number} is not between 1 and {long.MaxValue}");
            var thisUpdate = TimeReading.Read(reading.ThisUpdate).Time;
            var nextUpdate = reading.NextUpdate is { } next ? TimeReading.Read(next).Time : throw Bad("it has no nextUpdate (RFC 5280 §5.1.2.5)");
            if (thisUpdate > now + ClockTolerance) throw Bad($"it starts at {thisUpdate:u}, which is to come");
            if (nextUpdate <= now) throw Bad($"it ended at {nextUpdate:u}; sign a new one");
            return new CrlRow(issuer.Name, (long)number, thisUpdate, nextUpdate, CrlEntryReading.All(reading).Count(), CrlStore.Imported, replica.ReplicaId, now, now, [], signature);
        }
        catch (AsnContentException fault)
        {
            throw Bad($"it cannot be read: {fault.Message}");
        }
    }

    private static bool HasKey(TbsExtension identifier, IssuerFacts facts)
    {
        var fields = identifier.Sequence();
        var tag = new Asn1Tag(TagClass.ContextSpecific, 0);
        return !fields.HasData || fields.PeekTag() != tag || fields.ReadOctetString(tag).AsSpan().SequenceEqual(facts.KeyIdentifier.Span);
    }

    private Task<bool> RecordAsync(CrlRow row, byte[] tbs, CrlIssuer issuer, string sha256, string actor, CancellationToken cancellationToken) =>
        store.ActAsync(async session =>
        {
            var state = await CrlStore.FindStateAsync(session, row.Issuer);
            if (state is not null && row.Number <= state.LastNumber)
                throw new RefusalException(RefusalReason.FailedPrecondition, $"its number {row.Number} is not higher than {state.LastNumber}, the last one of {issuer.CrlName}") { Field = "der" };
            await CrlStore.TakeNumberAsync(session, row.Issuer, row.Number);
            await CrlStore.AddAsync(session, row, tbs);
            await CrlStore.PublishAsync(session, row.Issuer, row.Number, state?.Changes ?? 0, row.ThisUpdate, row.NextUpdate);
            return new Acted<bool>(true, new AuditEvent(row.CreatedAt, "crl.import", actor, issuer.CrlName,
            [
                new("issuer", row.Issuer),
                new("number", $"{row.Number}"),
                new("nextUpdate", row.NextUpdate.ToString("yyyy-MM-ddTHH:mm:ssZ")),
                new("entries", $"{row.Entries}"),
                new("sha256", sha256),
            ]));
        }, cancellationToken, Urgency.Urgent);

    private static RefusalException Bad(string why) => new(RefusalReason.InvalidArgument, why) { Field = "der" };
}
