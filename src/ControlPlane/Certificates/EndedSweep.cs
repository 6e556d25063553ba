using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>
/// Takes certificates that ended a while ago out of the store: into the archive, or for good where there is none. A revoked
/// one goes into an archive only. Archived and synced first, removed then: a crash in between archives it again.
/// </summary>
internal sealed class EndedSweep(ArchiveOptions options, CertificateArchive archive)
{
    private static readonly CertificatePosition Start = new(long.MinValue, "");

    // Those that stay are passed once in a round, not before every batch.
    private CertificatePosition place = Start;

    /// <summary>One batch, of at most so many rows looked at.</summary>
    /// <exception cref="IOException">The archive cannot be written; everything stays where it is.</exception>
    public async Task<SweepBatch> RunAsync(IStore store, DateTimeOffset now, int rows, CancellationToken cancellationToken)
    {
        var page = await store.ReadAsync(session => EndedStore.ListAsync(session, now - options.After, place, rows), cancellationToken);
        var leaving = page.Where(c => !c.IsNeeded && (archive.IsSet || c.Record.RevokedAt is null)).ToList();
        var removed = 0;
        if (leaving.Count > 0)
        {
            if (archive.IsSet) archive.Append(leaving);
            removed = await store.WriteAsync(session => EndedStore.RemoveAsync(session, leaving, archive.IsSet), cancellationToken);
        }
        var more = page.Count >= rows;
        place = more ? new CertificatePosition(page[^1].Record.NotAfter.ToUnixTimeMilliseconds(), page[^1].Record.Serial.Hex) : Start;
        return new SweepBatch(removed, more);
    }
}
