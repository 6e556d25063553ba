using Google.Protobuf;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Host;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Trust;

/// <summary>
/// The revocation lists served now, each checked against its issuer's key. They are kept in the state directory, so that a
/// restart while the control plane is away still serves them; a list is never replaced by one with a lower number.
/// </summary>
internal sealed class CrlBook(string stateDirectory, ConfigBook config, ILogger<CrlBook> log)
{
    private volatile IReadOnlyList<KeptCrl> current = [];
    private bool isKept = true, isTold;

    private string Path => System.IO.Path.Combine(stateDirectory, "crls.pb");

    /// <summary>In the control plane's order: the issuer that signs now comes first.</summary>
    public IReadOnlyList<KeptCrl> Current => current;

    /// <summary>The list of the issuer that signs now; null when there is none.</summary>
    public KeptCrl? First => current is [var first, ..] ? first : null;

    /// <summary>The list with that id; null when there is none.</summary>
    public KeptCrl? Find(string id) => Current.FirstOrDefault(c => c.Id == id);

    /// <summary>Reads what was kept. What cannot be believed is left out: it will be fetched again.</summary>
    public void Load()
    {
        if (!File.Exists(Path)) return;
        try
        {
            var kept = ListCrlsResponse.Parser.ParseFrom(File.ReadAllBytes(Path));
            current = [.. kept.Crls.Select(Check).OfType<KeptCrl>()];
        }
        catch (InvalidProtocolBufferException fault)
        {
            log.CrlsUnreadable(Path, fault.Message);
        }
    }

    /// <summary>
    /// Takes over what the control plane has now. <paramref name="fetched"/> are the lists that are new, with their bytes;
    /// <paramref name="listed"/> are all of them, in order.
    /// </summary>
    public void Accept(IReadOnlyList<Crl> listed, IReadOnlyDictionary<string, Crl> fetched)
    {
        var before = Current;
        var next = listed.Select(l => Newer(before.FirstOrDefault(c => c.Message.Name == l.Name), fetched.GetValueOrDefault(l.Name))).OfType<KeptCrl>().ToList();
        if (!next.SequenceEqual(before))
        {
            // Served whether or not it can be kept: a full disk must not hide a revocation.
            current = next;
            isKept = false;
            foreach (var crl in next.Except(before)) log.CrlServed(crl.Reading.Number, crl.Id, crl.Reading.NextUpdate);
        }
        if (!isKept) Keep(next);
    }

    private void Keep(IReadOnlyList<KeptCrl> lists)
    {
        var document = new ListCrlsResponse { Crls = { lists.Select(c => c.Message) } };
        try
        {
            SyncedFile.Write(Path, document.ToByteArray(), SyncedFile.Private);
            (isKept, isTold) = (true, false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Tried again at the next look.
            if (!isTold) log.CrlsNotKept(Path, fault.Message);
            isTold = true;
        }
    }

    private KeptCrl? Newer(KeptCrl? kept, Crl? offered)
    {
        if (offered is null || Check(offered) is not { } fresh) return kept;
        if (kept is null || fresh.Reading.Number > kept.Reading.Number) return fresh;
        if (fresh.Reading.Number < kept.Reading.Number) log.CrlOlder(fresh.Id, fresh.Reading.Number, kept.Reading.Number);
        return kept;
    }

    private KeptCrl? Check(Crl crl)
    {
        try
        {
            var now = config.Current;
            return KeptCrl.Check(crl, now.Intermediates.Concat(now.Roots));
        }
        catch (InvalidDataException fault)
        {
            log.CrlRefused(crl.Name, fault.Message);
            return null;
        }
    }
}
