using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>Gets certificates one after the other, now and then has one revoked, and writes down what it was told.</summary>
internal sealed class Customer(string name, ChallengeSite site, Notebook notebook)
{
    private const int Names = 5, RevokedOf = 4;

    private readonly AcmeKey key = AcmeKey.Es256();
    private string? kid;
    private int rounds;
    private bool served;

    /// <summary>Whether it ever got a certificate.</summary>
    public bool IsServed => Volatile.Read(ref served);

    /// <summary>Works until something fails; that is a fault unless <paramref name="mayFail"/> says so then.</summary>
    public async Task RunAsync(RunningInstance instance, HttpClient http, Func<bool> mayFail, CancellationToken stopping)
    {
        var client = new AcmeClient(http, new Uri(instance.Directory), key) { Kid = kid, Site = site };
        try
        {
            if (kid is null) AcmeClient.Expect(await client.RegisterAsync(), 201);
            kid = client.Kid;
            while (!stopping.IsCancellationRequested)
            {
                var issued = await client.IssueAsync($"{name}-{rounds++ % Names}.localhost");
                var serial = issued.Leaf.SerialNumber.ToLowerInvariant()[^32..];
                notebook.Got(serial, issued.Leaf.RawData);
                Volatile.Write(ref served, true);
                if (rounds % RevokedOf != 0) continue;
                AcmeClient.Expect(await client.RevokeAsync(issued.Leaf.RawData), 200);
                notebook.WasRevoked(serial);
            }
        }
        catch (Exception fault)
        {
            if (!mayFail()) notebook.Faults.Enqueue($"{name}: {fault}");
        }
    }
}
