// Certificates of a GrpcCa: dotnet run -- (--socket PATH | --identity DIR) (expiring DAYS | revoke SERIAL)
using Grpc.Core;
using GrpcCa.Client;
using GrpcCa.V1;

if (args is not [var how, var where, var what, var about])
{
    Console.Error.WriteLine("usage: (--socket PATH | --identity DIR) (expiring DAYS | revoke SERIAL)");
    return 2;
}
using var ca = how == "--socket" ? GrpcCaClient.OverSocket(where) : GrpcCaClient.WithIdentity(where);
try
{
    switch (what)
    {
        case "expiring":
            await ListExpiringAsync(int.Parse(about));
            return 0;
        case "revoke":
            await RevokeAsync(about);
            return 0;
        default:
            Console.Error.WriteLine($"there is no command '{what}'");
            return 2;
    }
}
catch (RpcException refused)
{
    Console.Error.WriteLine($"{refused.StatusCode}: {refused.Status.Detail}");
    return 1;
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

static string Serial(Certificate certificate) => certificate.Name["certificates/".Length..];

static DateTime Soon() => DateTime.UtcNow.AddSeconds(30);
