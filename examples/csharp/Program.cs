// Certificates of a GrpcCa: dotnet run -- (--socket PATH | --identity DIR)
// (issue PROVISIONER CSR | expiring DAYS | watch COUNT | revoke SERIAL)
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.Client;
using GrpcCa.V1;

if (args is not [var how and ("--socket" or "--identity"), var where, .. var command])
{
    Console.Error.WriteLine("usage: (--socket PATH | --identity DIR) (issue PROVISIONER CSR | expiring DAYS | watch COUNT | revoke SERIAL)");
    return 2;
}
using var ca = how == "--socket" ? GrpcCaClient.OverSocket(where) : GrpcCaClient.WithIdentity(where);
try
{
    switch (command)
    {
        case ["issue", var provisioner, var csr]:
            await IssueAsync(provisioner, csr);
            return 0;
        case ["expiring", var days]:
            await ListExpiringAsync(int.Parse(days));
            return 0;
        case ["watch", var count]:
            await WatchAsync(int.Parse(count));
            return 0;
        case ["revoke", var serial]:
            await RevokeAsync(serial);
            return 0;
        default:
            Console.Error.WriteLine($"there is no command '{string.Join(' ', command)}'");
            return 2;
    }
}
catch (RpcException refused)
{
    Console.Error.WriteLine($"{refused.StatusCode}: {refused.Status.Detail}");
    return 1;
}

async Task IssueAsync(string provisioner, string csr)
{
    var pem = File.ReadAllText(csr);
    var block = PemEncoding.Find(pem);
    var issued = await ca.Certificates.CreateCertificateAsync(new CreateCertificateRequest
    {
        Provisioner = $"provisioners/{provisioner}",
        Csr = ByteString.CopyFrom(Convert.FromBase64String(pem[block.Base64Data])),
        RequestId = Guid.NewGuid().ToString("N"),
    }, deadline: Soon());
    Console.Write(issued.PemChain);
}

async Task ListExpiringAsync(int days)
{
    var request = new ListCertificatesRequest
    {
        Filter = $"state = VALID AND expire_time < \"{DateTime.UtcNow.AddDays(days):yyyy-MM-ddTHH:mm:ssZ}\"",
        OrderBy = "expire_time",
    };
    // A page may be short, even empty, before the last one: only the token tells.
    do
    {
        var page = await ca.Certificates.ListCertificatesAsync(request, deadline: Soon());
        foreach (var certificate in page.Certificates)
            Console.WriteLine($"{Serial(certificate)} {certificate.ExpireTime.ToDateTime():yyyy-MM-ddTHH:mm:ssZ} {string.Join(' ', certificate.Identifiers)}");
        request.PageToken = page.NextPageToken;
    }
    while (request.PageToken.Length > 0);
}

async Task RevokeAsync(string serial)
{
    var revoked = await ca.Certificates.RevokeCertificateAsync(new RevokeCertificateRequest
    {
        Name = $"certificates/{serial}",
        Reason = RevocationReason.Superseded,
        // Sent again with the same id, it is done once.
        RequestId = Guid.NewGuid().ToString("N"),
    }, deadline: Soon());
    Console.WriteLine($"revoked {Serial(revoked)} at {revoked.RevokeTime.ToDateTime():yyyy-MM-ddTHH:mm:ssZ}");
}

async Task WatchAsync(int count)
{
    var request = new WatchCertificatesRequest();
    while (count > 0)
    {
        try
        {
            using var watch = ca.Certificates.WatchCertificates(request);
            await foreach (var told in watch.ResponseStream.ReadAllAsync())
            {
                // Where to go on when the connection ends, without a gap.
                request.ResumeToken = told.ResumeToken;
                // Without an event it is a sign of life.
                if (told.Event is not { } happened) continue;
                Console.WriteLine($"{happened.Kind} {Serial(happened.Certificate)} {string.Join(' ', happened.Certificate.Identifiers)}");
                if (--count == 0) return;
            }
        }
        catch (RpcException away) when (away.StatusCode == StatusCode.Unavailable)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }
}

static string Serial(Certificate certificate) => certificate.Name["certificates/".Length..];

static DateTime Soon() => DateTime.UtcNow.AddSeconds(30);
