using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>A root whose key is elsewhere: its list is brought by an operator, or missing with a reason.</summary>
public sealed class CrlImportTests : IAsyncLifetime
{
    private readonly TestAuthority old = new("Old", TimeProvider.System, withIntermediate: true);
    private readonly DirectoryInfo files = Directory.CreateTempSubdirectory("grpcca-old-");
    private House house = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private AuthorityService.AuthorityServiceClient Authorities => new(house.Admin());

    private TrustService.TrustServiceClient Trust => new(house.Admin());

    public async ValueTask InitializeAsync()
    {
        house = await House.StartAsync(new HouseSettings
        {
            Options =
            {
                ["Hierarchy:ImportRoot"] = Write("root.pem", old.Root.ExportCertificatePem()),
                ["Hierarchy:ImportIntermediate"] = Write("intermediate.pem", old.Intermediate!.ExportCertificatePem()),
                ["Hierarchy:ImportKey"] = Write("key.pem", old.Intermediate!.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
                ["Hierarchy:RevocationBaseUrl"] = "http://ca.test",
            },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        files.Delete(recursive: true);
    }

    [Fact]
    public async Task RootWithoutItsKey_SaysWhyItHasNoList_UntilOneIsImported()
    {
        await UntilAsync(async () => (await CrlsAsync())[0].Number > 0, "the intermediate has a list");
        var missing = (await CrlsAsync())[1];
        Assert.Equal(("crls/root-main", 0L), (missing.Name, missing.Number));
        Assert.Contains("grpcca crl import", missing.Problem, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Authorities.RefreshCrlAsync(new RefreshCrlRequest { Name = missing.Name }, cancellationToken: Stop));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        var notFound = await Assert.ThrowsAsync<RpcException>(async () => await Trust.GetCrlAsync(new GetCrlRequest { Name = missing.Name }, cancellationToken: Stop));
        Assert.Contains("grpcca crl import", notFound.Status.Detail, StringComparison.Ordinal);

        var der = List(41);
        var imported = await ImportAsync(der);

        Assert.Equal(("crls/root-main", 41L, true, 1), (imported.Name, imported.Number, imported.Imported, imported.EntryCount));
        Assert.Equal(der, (await Trust.GetCrlAsync(new GetCrlRequest { Name = "crls/root-main" }, cancellationToken: Stop)).Der.ToByteArray());
        Assert.Equal(imported, await ImportAsync(der));
        using var http = new HttpClient();
        await UntilAsync(async () =>
        {
            using var answer = await http.GetAsync(new Uri(house.Gateway.Http, "/crl/root-main"), Stop);
            return answer.IsSuccessStatusCode && (await answer.Content.ReadAsByteArrayAsync(Stop)).AsSpan().SequenceEqual(der);
        }, "the gateway serves the imported list");
        var audit = await new AuditService.AuditServiceClient(house.Admin()).ListAuditEventsAsync(new ListAuditEventsRequest { PageSize = 1000 }, cancellationToken: Stop);
        Assert.Single(audit.AuditEvents, e => e is { Action: "crl.import", Resource: "crls/root-main" });
    }

    [Fact]
    public async Task Import_OfWhatNobodyWouldAccept_IsRefusedWithTheCause()
    {
        await ImportAsync(List(41));
        await RefusedAsync(List(41, lifetime: TimeSpan.FromHours(2)), "not higher than 41", StatusCode.FailedPrecondition);
        await RefusedAsync(List(40), "not higher than 41", StatusCode.FailedPrecondition);
        await RefusedAsync(List(42, lifetime: TimeSpan.FromSeconds(-5)), "ended at");
        await RefusedAsync(List(42, start: TimeSpan.FromHours(1)), "to come");
        var changed = List(42);
        changed[^1] ^= 1;
        await RefusedAsync(changed, "does not verify");
        await RefusedAsync([0x30, 0x00], "no revocation list");
        await RefusedAsync([1, 2, 3], "no revocation list");
        await RefusedAsync(Sign(new TestAuthority("Stranger", TimeProvider.System).Root, 42), "none of this CA's");
        // The same name is not the same key.
        await RefusedAsync(Sign(new TestAuthority("Old", TimeProvider.System).Root, 42), "does not verify");
        await RefusedAsync(Sign(old.Intermediate!, 1), "is signed here", StatusCode.FailedPrecondition);
        Assert.Equal(41, (await CrlsAsync())[1].Number);
    }

    private async Task RefusedAsync(byte[] der, string why, StatusCode code = StatusCode.InvalidArgument)
    {
        var fault = await Assert.ThrowsAsync<RpcException>(() => ImportAsync(der));
        Assert.Equal(code, fault.StatusCode);
        Assert.Contains(why, fault.Status.Detail, StringComparison.Ordinal);
    }

    private async Task<Crl> ImportAsync(byte[] der) => await Authorities.ImportCrlAsync(new ImportCrlRequest { Der = ByteString.CopyFrom(der) }, cancellationToken: Stop);

    private async Task<IReadOnlyList<Crl>> CrlsAsync() => (await Trust.ListCrlsAsync(new ListCrlsRequest(), cancellationToken: Stop)).Crls;

    private byte[] List(long number, TimeSpan? lifetime = null, TimeSpan? start = null) => Sign(old.Root, number, lifetime, start);

    private static byte[] Sign(X509Certificate2 issuer, long number, TimeSpan? lifetime = null, TimeSpan? start = null)
    {
        var builder = new CertificateRevocationListBuilder();
        var now = TimeProvider.System.GetUtcNow();
        builder.AddEntry([1, 2, 3], now.AddDays(-1), X509RevocationReason.CACompromise);
        var from = now + (start ?? TimeSpan.FromDays(-1));
        return builder.Build(issuer, new BigInteger(number), from > now ? from.AddHours(1) : now + (lifetime ?? TimeSpan.FromHours(1)), HashAlgorithmName.SHA256, thisUpdate: from);
    }

    private string Write(string name, string pem)
    {
        var path = Path.Combine(files.FullName, name);
        File.WriteAllText(path, pem);
        return path;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20), $"not within 20 s: {what}");
            await Task.Delay(20, Stop);
        }
    }
}
