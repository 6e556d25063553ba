using GrpcCa.ControlPlane.Storage;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Storage;

/// <summary>PostgreSQL by TLS, whose certificate counts as the connection file says.</summary>
public sealed class PostgresTlsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("grpcca-pgtls-").FullName;
    private readonly TestAuthority authority = new("database", TimeProvider.System);

    [Fact]
    public async Task CertificateBelowTheRootThatWasNamed_IsGood()
    {
        await using var server = await StartAsync("127.0.0.1");

        await using var store = await OpenAsync(server, authority);

        Assert.Equal(1, await store.ReadAsync(session => session.Sql("select 1").NumberAsync(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task CertificateOfAnotherRoot_IsRefused()
    {
        await using var server = await StartAsync("127.0.0.1");

        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(server, new TestAuthority("other", TimeProvider.System)));

        Assert.Contains("certificate", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CertificateForAnotherHost_IsRefused()
    {
        await using var server = await StartAsync("db.net.gq");

        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(server, authority));

        Assert.Contains("certificate", fault.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private async Task<PostgresServer> StartAsync(string host)
    {
        using var certificate = authority.IssueWithKey(TimeSpan.FromDays(1), names: [host]);
        return await PostgresServer.StartAsync(certificate);
    }

    private async Task<IStore> OpenAsync(PostgresServer server, TestAuthority trusted)
    {
        var roots = Path.Combine(directory, "root.crt");
        await File.WriteAllTextAsync(roots, trusted.Root.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var options = new StoreOptions
        {
            Provider = StoreProvider.Postgresql,
            ConnectionFile = await server.CreateDatabaseAsync($";SSL Mode=VerifyFull;Root Certificate={roots}"),
        };
        return await StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
    }
}
