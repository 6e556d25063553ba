using System.Security.Cryptography;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>
/// An ACME client that gets certificates without end, and does what a good client does when no answer comes: it looks how far
/// the order is and goes on from there.
/// </summary>
internal sealed class DrillClient(int number, Drill drill) : IDisposable
{
    // With outages, and on a machine that has much else to do.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3), Pause = TimeSpan.FromMilliseconds(20);
    private const int Names = 6, NonceTries = 20;

    private readonly ECDsa certificateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private AcmeClient client = drill.NewClient();

    private Ledger Ledger => drill.Ledger;

    private string Account => client.Kid!.Split('/')[^1];

    /// <summary>Until it is told to stop, and to the end of what it is at then.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await RegisterAsync();
            for (var round = number; !stopping.IsCancellationRequested; round++)
            {
                // Names come again, so that authorizations are reused as well as made.
                var certificate = await IssueAsync($"c{number}-{round % Names}.test");
                if (certificate is null) return;
                if (round % 2 == 0) await RevokeAsync(certificate);
                if (round % 3 == 0) await ChangeKeyAsync();
                if (round % 8 == 7) await StartAnewAsync();
            }
        }
        catch (Exception fault)
        {
            Ledger.Fault($"client {number}: {fault}");
        }
    }

    public void Dispose() => certificateKey.Dispose();

    private async Task StartAnewAsync()
    {
        client = drill.NewClient();
        await RegisterAsync();
    }

    private async Task RegisterAsync()
    {
        var patience = new Deadline(Patience, "no account");
        while (await AskAsync(c => c.RegisterAsync()) is not { } answer || !Is(answer, 200, 201)) await patience.PauseAsync(Pause);
        Ledger.KeyPromise(Account, new Promise(client.Key.Thumbprint));
        Ledger.Count("accounts");
    }

    private async Task<Download?> IssueAsync(string name)
    {
        var patience = new Deadline(Patience, $"no certificate for {name}");
        string? url = null;
        var finalized = false;
        while (true)
        {
            var order = url is null ? await AskAsync(c => c.OrderAsync(name)) : await AskAsync(c => c.FetchAsync(url));
            if (order is not null && Is(order, 200, 201))
            {
                url ??= order.Location!;
                switch (order.Text("status"))
                {
                    case "pending":
                        await AuthorizeAsync(order);
                        continue;
                    case "ready":
                        if (finalized) Ledger.Count("finalized again");
                        finalized = true;
                        // 403 orderNotReady: the one before was heard after all.
                        if (await AskAsync(c => c.FinalizeAsync(order, Csr.Of(certificateKey, name))) is { } answer) Is(answer, 200, 403);
                        continue;
                    case "valid":
                        if (await DownloadAsync(order, url) is { } download) return download;
                        continue;
                    case "processing":
                        break;
                    default:
                        Ledger.Fault($"client {number}: order {url} is {order.Body}");
                        return null;
                }
            }
            await patience.PauseAsync(Pause);
        }
    }

    private async Task AuthorizeAsync(AcmeAnswer order)
    {
        foreach (var url in AcmeClient.Texts(order.Json["authorizations"]))
        {
            var patience = new Deadline(Patience, $"authorization {url} stays pending");
            var asked = false;
            while (await AskAsync(c => c.FetchAsync(url)) is not { } authorization || !Is(authorization, 200) || authorization.Text("status") == "pending")
            {
                if (!asked) asked = await AcceptAsync(url);
                await patience.PauseAsync(Pause);
            }
        }
    }

    private async Task<bool> AcceptAsync(string authorizationUrl)
    {
        if (await AskAsync(c => c.FetchAsync(authorizationUrl)) is not { } authorization || authorization.Text("status") != "pending") return false;
        var challenge = AcmeClient.ChallengeOf(authorization, "http-01");
        var token = challenge["token"]!.GetValue<string>();
        drill.Site.Put(token, client.KeyAuthorization(token));
        return await AskAsync(c => c.PostAsync(challenge["url"]!.GetValue<string>(), "{}")) is { } answer && Is(answer, 200);
    }

    private async Task<Download?> DownloadAsync(AcmeAnswer order, string orderUrl)
    {
        if (await AskAsync(c => c.FetchAsync(order.Text("certificate")!)) is not { } answer || !Is(answer, 200)) return null;
        var der = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(answer.Body);
        var download = new Download(der.RawData, orderUrl.Split('/')[^1], Account);
        Ledger.Downloaded(Serials.Of(der), download);
        der.Dispose();
        return download;
    }

    private async Task RevokeAsync(Download certificate)
    {
        var patience = new Deadline(Patience, "no revocation");
        while (true)
        {
            // The second time it is revoked already: then the first was heard.
            if (await AskAsync(c => c.RevokeAsync(certificate.Der)) is { } answer && (answer.Problem == "alreadyRevoked" || Is(answer, 200))) break;
            await patience.PauseAsync(Pause);
        }
        Ledger.WasRevoked(Serials.Of(certificate.Der));
        Ledger.Count("revocations");
    }

    // No answer: the account is under exactly one of the two keys.
    private async Task ChangeKeyAsync()
    {
        var (old, next) = (client.Key, AcmeKey.Es256());
        Ledger.KeyPromise(Account, new Promise(old.Thumbprint).Ask(next.Thumbprint));
        if (await AskAsync(c => c.ChangeKeyAsync(next)) is { } answer)
        {
            if (!Is(answer, 200)) return;
        }
        else
        {
            var holds = new List<AcmeKey>();
            foreach (var key in new[] { old, next })
                if (await SignsAsync(key)) holds.Add(key);
            if (holds.Count != 1)
            {
                Ledger.Fault($"client {number}: {holds.Count} of two keys sign for account {Account} after a key change without an answer");
                return;
            }
            client.Key = holds[0];
            Ledger.Count(holds[0] == next ? "key changes heard of late" : "key changes lost");
        }
        Ledger.KeyPromise(Account, new Promise(client.Key.Thumbprint));
        Ledger.Count("key changes");
    }

    private async Task<bool> SignsAsync(AcmeKey key)
    {
        var patience = new Deadline(Patience, "no answer to an account's key");
        while (true)
        {
            if (await AskAsync(c => c.FetchAsync(c.Kid!, draft => draft with { Key = key })) is { } answer) return answer.Status == 200;
            await patience.PauseAsync(Pause);
        }
    }

    /// <summary>Null when there was no answer, so that nobody knows whether the request was heard.</summary>
    private async Task<AcmeAnswer?> AskAsync(Func<AcmeClient, Task<AcmeAnswer>> send)
    {
        for (var tries = 0; tries < NonceTries; tries++)
        {
            using var pass = await drill.Gate.EnterAsync();
            try
            {
                var answer = await send(client);
                if (answer.Status == 503)
                {
                    Ledger.NoAnswer();
                    return null;
                }
                // A nonce of the life before (RFC 8555 §6.5): at once again.
                if (answer.Problem == "badNonce") continue;
                Ledger.Answer();
                return answer;
            }
            catch (Exception fault) when (drill.IsAway(fault))
            {
                Ledger.NoAnswer();
                return null;
            }
        }
        throw new InvalidOperationException("badNonce again and again");
    }

    private bool Is(AcmeAnswer answer, params ReadOnlySpan<int> expected)
    {
        if (expected.Contains(answer.Status)) return true;
        Ledger.Fault($"client {number}: {answer}");
        throw new InvalidOperationException($"unexpected {answer.Status}");
    }
}
