using System.Data.Common;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>What revocation lists are made of: revoked certificates of an issuer, and the note that something changed.</summary>
internal static class RevokedStore
{
    private const int PageRows = 10_000;

    /// <summary>
    /// The revoked certificates of an issuer that expire at the given time or later, in the order of their revocation;
    /// read from the index alone, page by page.
    /// </summary>
    public static async ValueTask<List<RevokedEntry>> ListAsync(StoreSession session, string issuer, DateTimeOffset expiringFrom)
    {
        var all = new List<RevokedEntry>();
        var (afterTime, afterSerial) = (long.MinValue, "");
        while (true)
        {
            // The position is as the rows have it: milliseconds and text.
            var page = await session.Sql("""
                select serial, revoked_at, revocation_reason, invalid_since from certificates
                where issuer = @issuer and revoked_at is not null and not_after >= @from
                  and (revoked_at, serial) > (@time, @serial)
                order by revoked_at, serial limit @limit
                """)
                .With("@issuer", issuer).With("@from", expiringFrom).With("@time", afterTime).With("@serial", afterSerial).With("@limit", PageRows)
                .ListAsync(row => (Text: row.GetString(0), Time: row.GetInt64(1), Entry: Read(row)));
            all.AddRange(page.Select(row => row.Entry));
            if (page.Count < PageRows) return all;
            (afterSerial, afterTime, _) = page[^1];
        }
    }

    /// <summary>Notes that the issuer's list is out of date; in the transaction of whatever changed.</summary>
    public static async ValueTask MarkAsync(StoreSession session, SerialNumber serial) => await session.Sql("""
        insert into crl_state (issuer, changes, covered, last_number, published_number, scheduled_at, refresh_at)
        select issuer, 1, 0, 0, 0, 0, 0 from certificates where serial = @serial
        on conflict (issuer) do update set changes = crl_state.changes + 1
        """).With("@serial", serial.Hex).ExecuteAsync();

    private static RevokedEntry Read(DbDataReader row) => new(
        SerialNumber.TryParseHex(row.GetString(0), out var serial) ? serial : throw new InvalidDataException("a stored serial is no hex number"),
        Second(row.GetInt64(1)),
        row.IsDBNull(2) ? RevocationReason.Unspecified : (RevocationReason)row.GetInt64(2),
        row.IsDBNull(3) ? null : Second(row.GetInt64(3)));

    private static DateTimeOffset Second(long milliseconds) => DateTimeOffset.FromUnixTimeSeconds(Math.DivRem(milliseconds, 1000).Quotient);
}
