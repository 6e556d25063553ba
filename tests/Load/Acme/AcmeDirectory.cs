using System.Text.Json;
using GrpcCa.Load.Http;

namespace GrpcCa.Load.Acme;

/// <summary>The URLs of a server (RFC 8555 §7.1.1).</summary>
internal sealed record AcmeDirectory(Uri Address, string NewNonce, string NewAccount, string NewOrder, string RevokeCert)
{
    public static async Task<AcmeDirectory> LoadAsync(Uri address, TlsTrust trust, CancellationToken cancellationToken)
    {
        await using var connection = new HttpConnection(address, trust);
        var reply = await connection.SendAsync("GET", address.PathAndQuery, default, cancellationToken);
        if (!reply.Ok) throw AcmeProblemException.Of("directory", reply);
        using var json = JsonDocument.Parse(reply.Body);
        string Url(string name) => json.RootElement.GetProperty(name).GetString()!;
        return new AcmeDirectory(address, Url("newNonce"), Url("newAccount"), Url("newOrder"), Url("revokeCert"));
    }
}
