using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Revocation;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;
using GrpcCa.V1;
using Microsoft.Extensions.DependencyInjection;
using RevocationReason = GrpcCa.ControlPlane.Pki.RevocationReason;

namespace GrpcCa.ControlPlane.Tests.Crls;

/// <summary>From a revocation to the list that a gateway serves, in a whole house.</summary>
public sealed class CrlHouseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Revocation_IsOnTheServedListSoon_AndNumbersIncreaseAcrossRestarts()
    {
        await using var house = await House.StartAsync();
        var account = await house.AccountAsync();
        var (first, second) = (await account.IssueAsync("one.test"), await account.IssueAsync("two.test"));
        var before = await UntilServedAsync(house, _ => true);
        Assert.Empty(before.Reasons);

        var began = TimeProvider.System.GetTimestamp();
        await account.RevokeAsync(first.Leaf.RawData, 4);
        var listed = await UntilServedAsync(house, crl => crl.Lists(SerialOf(first)));

        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal((int)RevocationReason.Superseded, listed.Reasons[SerialOf(first).Hex]);
        Assert.False(listed.Lists(SerialOf(second)));
        Assert.True(listed.Number > before.Number);

        await house.RestartControlPlaneAsync();
        await RevokeAsync(house, SerialOf(second), RevocationReason.KeyCompromise);
        var after = await UntilServedAsync(house, crl => crl.Lists(SerialOf(second)));
        Assert.True(after.Number > listed.Number);
        Assert.True(after.Lists(SerialOf(first)));
    }

    [Fact]
    public async Task Gateway_RestartedWhileTheControlPlaneIsAway_ServesTheLastList()
    {
        await using var house = await House.StartAsync();
        var issued = await (await house.AccountAsync()).IssueAsync("one.test");
        await RevokeAsync(house, SerialOf(issued), RevocationReason.Superseded);
        var served = await UntilServedAsync(house, crl => crl.Lists(SerialOf(issued)));

        await house.StopControlPlaneAsync();
        await house.RestartAsync(house.Gateway);

        var kept = await FetchAsync(house, "/crl");
        Assert.Equal(served.Number, kept!.Number);
        Assert.True(kept.Lists(SerialOf(issued)));
    }

    [Fact]
    public async Task GatewayDisabled_ItsTlsCertificateIsRevoked_AndEnabledItShowsANewOne()
    {
        // The gateway says that it is refused, which is an error.
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        var edge = await house.AddGatewayAsync("edge");
        var shown = await UntilShownAsync(house, edge, _ => true);
        var admin = new GatewayService.GatewayServiceClient(house.Admin());

        await admin.DisableGatewayAsync(new DisableGatewayRequest { Name = "gateways/edge" }, cancellationToken: Stop);

        var crl = await UntilServedAsync(house, c => c.Lists(shown));
        Assert.Equal((int)RevocationReason.PrivilegeWithdrawn, crl.Reasons[shown.Hex]);
        var audit = await new AuditService.AuditServiceClient(house.Admin()).ListAuditEventsAsync(new ListAuditEventsRequest { PageSize = 1000 }, cancellationToken: Stop);
        Assert.Contains(shown.Hex, Assert.Single(audit.AuditEvents, e => e.Action == "gateway.disable").CanonicalJson, StringComparison.Ordinal);

        await admin.UpdateGatewayAsync(new UpdateGatewayRequest { Gateway = new V1.Gateway { Name = "gateways/edge" }, UpdateMask = new() { Paths = { "disabled" } } }, cancellationToken: Stop);
        var next = await UntilShownAsync(house, edge, serial => serial != shown);
        Assert.False((await FetchAsync(house, "/crl"))!.Lists(next));
    }

    [Fact]
    public async Task Leaf_PointsToListAndIssuer_ByProfile_AndBothAreThere()
    {
        await using var house = await House.StartAsync(new HouseSettings { Options = { ["Hierarchy:RevocationBaseUrl"] = "http://ca.house.test/" } });
        var account = await house.AccountAsync();
        var leaf = (await account.IssueAsync("one.test")).Leaf;
        await UntilServedAsync(house, _ => true);

        var issuer = Assert.Single(leaf.Extensions.OfType<System.Security.Cryptography.X509Certificates.X509AuthorityInformationAccessExtension>()).EnumerateCAIssuersUris().Single();
        Assert.StartsWith("http://ca.house.test/intermediates/", issuer, StringComparison.Ordinal);
        var intermediate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(await BytesAsync(house, new Uri(issuer).AbsolutePath, "application/pkix-cert"));
        Assert.Equal(leaf.IssuerName.RawData, intermediate.SubjectName.RawData);
        Assert.Equal($"http://ca.house.test/crl/{(await CrlsAsync(house))[0].Name["crls/".Length..]}", CrlUrlOf(leaf));
        Assert.NotNull(await FetchAsync(house, new Uri(CrlUrlOf(leaf)!).AbsolutePath));

        // The intermediate's are the root's; a profile may want none.
        Assert.Equal("http://ca.house.test/crl/root-main", CrlUrlOf(intermediate));
        Assert.NotNull(await FetchAsync(house, "/crl/root-main"));
        var root = Assert.Single(intermediate.Extensions.OfType<System.Security.Cryptography.X509Certificates.X509AuthorityInformationAccessExtension>()).EnumerateCAIssuersUris().Single();
        Assert.Equal(house.Root.RawData, await BytesAsync(house, new Uri(root).AbsolutePath, "application/pkix-cert"));
        await new ProfileService.ProfileServiceClient(house.Admin()).UpdateProfileAsync(new UpdateProfileRequest
        {
            Profile = new Profile { Name = "profiles/default", NoRevocationPointers = true },
            UpdateMask = new() { Paths = { "no_revocation_pointers" } },
        }, cancellationToken: Stop);
        var bare = (await account.IssueAsync("two.test")).Leaf;
        Assert.Null(CrlUrlOf(bare));
        Assert.Empty(bare.Extensions.OfType<System.Security.Cryptography.X509Certificates.X509AuthorityInformationAccessExtension>());
    }

    [Fact]
    [Trait("Long", "true")]
    public async Task List_LongerThanAMessageUsuallyIs_ReachesTheGateway()
    {
        // Its certificates come from nowhere.
        await using var house = await House.StartAsync(new HouseSettings { MayEndBadly = true });
        var before = await UntilServedAsync(house, _ => true);
        var first = (await CrlsAsync(house))[0];
        const int Many = 100_000;
        await LongListTests.InsertAsync(house.Store, first.Issuer, Many, TimeProvider.System.GetUtcNow().AddHours(-1));

        await new AuthorityService.AuthorityServiceClient(house.Admin()).RefreshCrlAsync(new RefreshCrlRequest { Name = first.Name }, cancellationToken: Stop);

        // gRPC's clients take 4 MiB where nobody tells them otherwise.
        var bytes = await UntilAsync(async () => await BytesAsync(house, "/crl", "application/pkix-crl") is { Length: > 4 * 1024 * 1024 } found ? found : null, "the long list is not served");
        var served = ReadCrl.Of(bytes);
        Assert.True(served.Number > before.Number);
        Assert.Equal(Many, served.Reasons.Count);
    }

    [Fact]
    public async Task InvalidityDate_ThatAnOperatorKnows_IsOnTheList_AndNeverLiesAhead()
    {
        await using var house = await House.StartAsync();
        var serial = SerialOf(await (await house.AccountAsync()).IssueAsync("one.test"));
        var certificates = new CertificateService.CertificateServiceClient(house.Admin());
        var since = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().AddDays(-3).ToUnixTimeSeconds());
        var request = new RevokeCertificateRequest
        {
            Name = $"certificates/{serial.Hex}",
            Reason = V1.RevocationReason.KeyCompromise,
            InvalidityTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddDays(1)),
        };
        var ahead = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () => await certificates.RevokeCertificateAsync(request, cancellationToken: Stop));
        Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, ahead.StatusCode);

        request.InvalidityTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(since);
        Assert.Equal(request.InvalidityTime, (await certificates.RevokeCertificateAsync(request, cancellationToken: Stop)).InvalidityTime);

        var crl = await UntilServedAsync(house, c => c.Lists(serial));
        var entry = Assert.Single(crl.Crl.GetRevokedCertificates());
        var date = Org.BouncyCastle.Asn1.Asn1Object.FromByteArray(entry.GetExtensionValue(Org.BouncyCastle.Asn1.X509.X509Extensions.InvalidityDate).GetOctets());
        Assert.Equal(since.UtcDateTime, Org.BouncyCastle.Asn1.Asn1GeneralizedTime.GetInstance(date).ToDateTime());
    }

    [Fact]
    public async Task Lists_AreOpenToAnyone_AndRefreshedForOperators()
    {
        await using var house = await House.StartAsync();
        await UntilServedAsync(house, _ => true);
        var listed = await CrlsAsync(house);
        Assert.Equal(2, listed.Count);
        Assert.Equal("crls/root-main", listed[1].Name);
        Assert.All(listed, crl => Assert.True(crl is { Number: > 0, Problem: "", Der.IsEmpty: true }));
        Assert.Equal(TimeSpan.FromDays(30), (listed[1].NextUpdateTime - listed[1].ThisUpdateTime).ToTimeSpan());

        var refreshed = await new AuthorityService.AuthorityServiceClient(house.Admin()).RefreshCrlAsync(new RefreshCrlRequest { Name = "crls/root-main" }, cancellationToken: Stop);

        Assert.True(refreshed.Number > listed[1].Number);
        var got = await Trust(house).GetCrlAsync(new GetCrlRequest { Name = "crls/root-main" }, cancellationToken: Stop);
        Assert.Equal(refreshed.Number, ReadCrl.Of(got.Der.ToByteArray()).Number);
        var unknown = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () => await Trust(house).GetCrlAsync(new GetCrlRequest { Name = "crls/nobody" }, cancellationToken: Stop));
        Assert.Equal(Grpc.Core.StatusCode.NotFound, unknown.StatusCode);
    }

    private static TrustService.TrustServiceClient Trust(House house) => new(house.Admin());

    private static async Task<IReadOnlyList<Crl>> CrlsAsync(House house) => (await Trust(house).ListCrlsAsync(new ListCrlsRequest(), cancellationToken: Stop)).Crls;

    private static Task<Revoked> RevokeAsync(House house, SerialNumber serial, RevocationReason reason) =>
        house.Services.GetRequiredService<Revoker>().RevokeAsync(serial, reason, blockKey: false, "test", Stop);

    private static SerialNumber SerialOf(IssuedCertificate issued) => SerialNumber.TryParseHex(issued.Leaf.SerialNumber, out var serial) ? serial : throw new InvalidOperationException();

    private static string? CrlUrlOf(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        var points = certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == "2.5.29.31");
        if (points is null) return null;
        var text = System.Text.Encoding.Latin1.GetString(points.RawData);
        return text[text.IndexOf("http", StringComparison.Ordinal)..];
    }

    private static async Task<byte[]> BytesAsync(House house, string path, string type)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(house.Gateway.Http, path), Stop);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsByteArrayAsync(Stop);
    }

    private static async Task<ReadCrl?> FetchAsync(House house, string path)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(house.Gateway.Http, path), Stop);
        return answer.IsSuccessStatusCode ? ReadCrl.Of(await answer.Content.ReadAsByteArrayAsync(Stop)) : null;
    }

    private static Task<ReadCrl> UntilServedAsync(House house, Func<ReadCrl, bool> condition) =>
        UntilAsync(async () => await FetchAsync(house, "/crl") is { } crl && condition(crl) ? crl : null, "the list that is wanted is not served");

    private static async Task<SerialNumber> UntilShownAsync(House house, HouseGateway gateway, Func<SerialNumber, bool> condition) => (SerialNumber)await UntilAsync<object>(async () =>
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync("127.0.0.1", gateway.Https.Port, Stop);
        using var tls = new System.Net.Security.SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("edge.ca.test");
        var text = ((System.Security.Cryptography.X509Certificates.X509Certificate2)tls.RemoteCertificate!).SerialNumber;
        return SerialNumber.TryParseHex(text, out var serial) && condition(serial) ? serial : null;
    }, $"{house.Gateway.Id} does not show the certificate that is wanted");

    private static async Task<T> UntilAsync<T>(Func<Task<T?>> probe, string otherwise) where T : class
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            if (await probe() is { } found) return found;
            await Task.Delay(50, Stop);
        }
        throw new InvalidOperationException(otherwise);
    }
}
