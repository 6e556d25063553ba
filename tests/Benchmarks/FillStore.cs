using System.Diagnostics;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.Benchmarks;

/// <summary>
/// <c>fill DATABASE [CERTIFICATES]</c>: puts a million certificates into the database of an instance that is stopped, with names, signed
/// requests and audit events, issued over the last ninety days, each for ninety days, one in a hundred revoked.
/// </summary>
internal sealed class FillStore(string path, int certificates)
{
    public async Task<int> RunAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        var began = Stopwatch.GetTimestamp();
        var before = new FileInfo(path).Length;
        await using (var store = await StoreFactory.OpenAsync(new StoreOptions { Path = path }, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None))
        {
            var issuer = await StoreFiller.IssuerAsync(store);
            var apart = TimeSpan.FromDays(90) / certificates;
            await new StoreFiller(store, CancellationToken.None).AddCertificatesAsync(certificates, issuer,
                i => new(now - apart * (certificates - i), now - apart * (certificates - i) + TimeSpan.FromDays(90)), i => i % 100 == 0 ? now : null, audited: true);
        }
        Console.WriteLine($"{certificates} certificates in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s; {(new FileInfo(path).Length - before) / certificates} bytes each");
        return 0;
    }
}
