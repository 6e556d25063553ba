using System.Data.Common;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>Rows of certificates, the names they carry, and blocked keys.</summary>
internal static class CertificateStore
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    public const string Columns = """
        serial, der, issuer, provisioner_id, account_id, order_id, profile_id, gateway_id, identifiers, key_type, key_sha256,
        not_before, not_after, created_at, revoked_at, revocation_reason, invalid_since,
        requester, renewed_through, renews
        """;

    public static async ValueTask InsertAsync(StoreSession session, CertificateRecord certificate, CertificateEvidence evidence)
    {
        await session.Sql($"""
                insert into certificates ({Columns}, new_order_evidence, finalize_evidence)
                values (@serial, @der, @issuer, @provisioner_id, @account_id, @order_id, @profile_id, @gateway_id, @identifiers, @key_type, @key_sha256,
                        @not_before, @not_after, @created_at, null, null, null, @requester, @renewed_through, @renews, @new_order_evidence, @finalize_evidence)
                """)
            .With("@serial", certificate.Serial.Hex)
            .With("@der", certificate.Der)
            .With("@issuer", certificate.Issuer)
            .With("@provisioner_id", certificate.ProvisionerId)
            .With("@account_id", certificate.AccountId)
            .With("@order_id", certificate.OrderId)
            .With("@profile_id", certificate.ProfileId)
            .With("@gateway_id", certificate.GatewayId)
            .With("@identifiers", string.Join(' ', certificate.Identifiers))
            .With("@key_type", certificate.KeyType)
            .With("@key_sha256", certificate.KeySha256)
            .With("@not_before", certificate.NotBefore)
            .With("@not_after", certificate.NotAfter)
            .With("@created_at", certificate.CreatedAt)
            .With("@requester", certificate.Requester)
            .With("@renewed_through", certificate.RenewedThrough)
            .With("@renews", certificate.Renews?.Hex)
            .With("@new_order_evidence", KeptRequest.Pack(evidence.NewOrder))
            .With("@finalize_evidence", KeptRequest.Pack(evidence.Finalize))
            .Leaving(KeptRows.Certificates, certificate.Serial.Hex, AsRead(certificate), certificate.Der.Length)
            .ExecuteAsync();
        foreach (var identifier in certificate.Identifiers)
            await session.Sql("insert into certificate_names (identifier, serial) values (@identifier, @serial)")
                .With("@identifier", identifier.ToString())
                .With("@serial", certificate.Serial.Hex)
                .ExecuteAsync();
    }

    public static ValueTask<CertificateRecord?> FindAsync(StoreSession session, SerialNumber serial) => session.Recall<CertificateRecord>(KeptRows.Certificates, serial.Hex) is { } kept
        ? new ValueTask<CertificateRecord?>(kept)
        : session
            .Sql($"select {Columns} from certificates where serial = @serial")
            .With("@serial", serial.Hex)
            .FirstAsync(Read);

    /// <summary>As it is now.</summary>
    public static ValueTask<CertificateRecord?> FindAsync(IStore store, SerialNumber serial, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return store.Kept?.Find<CertificateRecord>(KeptRows.Certificates, serial.Hex) is { } kept
            ? new ValueTask<CertificateRecord?>(kept)
            : store.ReadOneAsync(session => FindAsync(session, serial), cancellationToken);
    }

    public static ValueTask<CertificateEvidence?> FindEvidenceAsync(StoreSession session, SerialNumber serial) => session
        .Sql("select new_order_evidence, finalize_evidence from certificates where serial = @serial")
        .With("@serial", serial.Hex)
        .FirstAsync(row => ReadEvidence(row, 0));

    /// <summary>Who asked, from two columns.</summary>
    public static CertificateEvidence ReadEvidence(DbDataReader row, int column) =>
        new(KeptRequest.Unpack(row.OptionalBytes(column)), KeptRequest.Unpack(row.OptionalBytes(column + 1)));

    /// <summary>Marks a certificate as revoked, and its issuer's list as out of date; zero rows when it is already.</summary>
    public static async ValueTask<int> RevokeAsync(StoreSession session, SerialNumber serial, RevocationReason reason, DateTimeOffset now, DateTimeOffset? invalidSince = null)
    {
        var rows = await session
            .Sql("update certificates set revoked_at = @now, revocation_reason = @reason, invalid_since = @since where serial = @serial and revoked_at is null")
            .With("@since", invalidSince)
            .With("@now", now)
            .With("@reason", (long)reason)
            .With("@serial", serial.Hex)
            .ExecuteAsync();
        if (rows > 0) await RevokedStore.MarkAsync(session, serial);
        return rows;
    }

    /// <summary>The TLS certificates of a gateway's own that somebody could still believe.</summary>
    public static ValueTask<List<CertificateRecord>> ListOfGatewayAsync(StoreSession session, string gatewayId, DateTimeOffset now) => session
        .Sql($"""
            select {Columns} from certificates
            where gateway_id = @gateway_id and provisioner_id is null and not_after >= @now and revoked_at is null
            order by not_after limit 1000
            """)
        .With("@gateway_id", gatewayId)
        .With("@now", now)
        .ListAsync(Read);

    /// <summary>The name of the last certificate before this one that is for just the same names; null when there is none.</summary>
    public static async ValueTask<string?> FindEarlierAsync(StoreSession session, CertificateRecord certificate)
    {
        var found = await ListSharingAsync(session, certificate, "created_at < @created");
        return found.Count == 0 ? null : Protocol.ResourceName.Of(Protocol.ResourceName.Certificates, found[0]);
    }

    /// <summary>Whether there is a later certificate for just the same names that was not taken back.</summary>
    public static async ValueTask<bool> IsRenewedAsync(StoreSession session, CertificateRecord certificate) =>
        (await ListSharingAsync(session, certificate, "created_at > @created and revoked_at is null")).Count > 0;

    // A name may have very many certificates, of which the newest few say enough.
    private static async ValueTask<List<string>> ListSharingAsync(StoreSession session, CertificateRecord certificate, string condition)
    {
        if (certificate.Identifiers.IsEmpty) return [];
        var rows = await session.Sql($"""
            select certificates.serial, certificates.identifiers
            from (select serial as picked from certificate_names where identifier = @identifier limit 1000) as few cross join certificates
            where certificates.serial = few.picked and {condition}
            order by created_at desc, certificates.serial limit 20
            """)
            .With("@identifier", certificate.Identifiers[0].ToString())
            .With("@created", certificate.CreatedAt)
            .ListAsync(row => (Serial: row.GetString(0), Names: row.GetString(1)));
        var names = certificate.Identifiers.Select(i => i.ToString()).ToHashSet(StringComparer.Ordinal);
        return [.. rows.Where(row => names.SetEquals(row.Names.Split(' '))).Select(row => row.Serial)];
    }

    /// <summary>Changes why a certificate is revoked, and since when it cannot be trusted where that is said; not when it was revoked.</summary>
    public static async ValueTask<int> ChangeReasonAsync(StoreSession session, SerialNumber serial, RevocationReason reason, DateTimeOffset? invalidSince = null)
    {
        var rows = await session
            .Sql("update certificates set revocation_reason = @reason, invalid_since = coalesce(@since, invalid_since) where serial = @serial and revoked_at is not null")
            .With("@since", invalidSince)
            .With("@reason", (long)reason)
            .With("@serial", serial.Hex)
            .ExecuteAsync();
        if (rows > 0) await RevokedStore.MarkAsync(session, serial);
        return rows;
    }

    /// <summary>Blocks a key for ever: no certificate and no account uses it again.</summary>
    public static ValueTask<int> BlockKeyAsync(StoreSession session, byte[] keySha256, SerialNumber serial, DateTimeOffset now) => session
        .Sql("""
            insert into blocked_keys (key_sha256, serial, created_at) values (@key_sha256, @serial, @now)
            on conflict (key_sha256) do nothing
            """)
        .With("@key_sha256", keySha256)
        .With("@serial", serial.Hex)
        .With("@now", now)
        .ExecuteAsync();

    /// <summary>
    /// Whether a certificate comes, by renewals and new keys, from one whose key is blocked: whoever stole a key may have taken a
    /// new one before anybody knew.
    /// </summary>
    public static async ValueTask<bool> HasBlockedAncestorAsync(StoreSession session, SerialNumber serial) => await session
        .Sql("""
            with recursive line(serial, key_sha256, renews) as (
              select serial, key_sha256, renews from certificates where serial = @serial
              union select c.serial, c.key_sha256, c.renews from certificates c join line on c.serial = line.renews)
            select count(*) from line join blocked_keys on blocked_keys.key_sha256 = line.key_sha256
            """)
        .With("@serial", serial.Hex)
        .NumberAsync() > 0;

    public static async ValueTask<bool> IsKeyBlockedAsync(StoreSession session, byte[] keySha256) => await session
        .Sql("select count(*) from blocked_keys where key_sha256 = @key_sha256")
        .With("@key_sha256", keySha256)
        .NumberAsync() > 0;

    // Columns of times hold milliseconds; a new row is not revoked.
    private static CertificateRecord AsRead(CertificateRecord certificate) => certificate with
    {
        NotBefore = ToMilliseconds(certificate.NotBefore),
        NotAfter = ToMilliseconds(certificate.NotAfter),
        CreatedAt = ToMilliseconds(certificate.CreatedAt),
        RevokedAt = null,
        RevocationReason = null,
        InvalidSince = null,
    };

    private static DateTimeOffset ToMilliseconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    public static CertificateRecord Read(DbDataReader row) => new()
    {
        Serial = SerialNumber.TryParseHex(row.GetString(0), out var serial) ? serial : throw new InvalidDataException("a stored serial is no hex number"),
        Der = row.Bytes(1),
        Issuer = row.GetString(2),
        ProvisionerId = row.OptionalText(3),
        AccountId = row.OptionalText(4),
        OrderId = row.OptionalText(5),
        ProfileId = row.OptionalText(6),
        GatewayId = row.OptionalText(7),
        Identifiers = [.. row.GetString(8).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Identifier.ParseKind)],
        KeyType = row.GetString(9),
        KeySha256 = row.Bytes(10),
        NotBefore = row.Time(11),
        NotAfter = row.Time(12),
        CreatedAt = row.Time(13),
        RevokedAt = row.OptionalTime(14),
        RevocationReason = row.IsDBNull(15) ? null : (RevocationReason)row.GetInt64(15),
        InvalidSince = row.OptionalTime(16),
        Requester = row.OptionalText(17),
        RenewedThrough = row.OptionalText(18),
        Renews = row.OptionalText(19) is { } renewed && SerialNumber.TryParseHex(renewed, out var before) ? before : null,
    };
}
