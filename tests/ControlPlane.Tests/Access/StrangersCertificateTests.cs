using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Acme.Challenges;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.Protocol.Identity;
using GrpcCa.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Access;

/// <summary>
/// Nothing in a certificate that a stranger shows is followed: the platform's TLS would fetch its issuer from its AIA, wherever that
/// points, before anybody is asked whether the certificate is good, on a thread that waits for it.
/// </summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class StrangersCertificateTests(RunningControlPlane plane)
{
    // What the others rule out can be seen from here.
    [Fact]
    public async Task ChainOfThePlatform_AsksWhomTheCertificateNames()
    {
        await using var stranger = RawServer.Start(RawServer.Ok("x"), "127.0.0.4");
        using var certificate = PointingTo(stranger);
        using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck } };

        Assert.False(chain.Build(certificate));
        Assert.Equal(1, stranger.Connections);
    }

    [Fact]
    public async Task ClientCertificate_MakesNobodyElseBeAsked()
    {
        await using var stranger = RawServer.Start(RawServer.Ok("x"), "127.0.0.4");
        using var certificate = PointingTo(stranger);

        await Assert.ThrowsAsync<RpcException>(() => CheckAsync(plane.Remote(certificate)));

        Assert.Equal(0, stranger.Connections);
    }

    [Fact]
    public async Task CertificateOfAServerThatIsNotTheControlPlane_MakesNobodyElseBeAsked()
    {
        await using var stranger = RawServer.Start(RawServer.Ok("x"), "127.0.0.4");
        using var certificate = PointingTo(stranger);
        await using var pretender = RawServer.Start((stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok("x"), stop), certificate: certificate);
        var trust = new PeerTrust([certificate.RawData], TimeProvider.System);
        using var channel = ControlPlaneChannel.Open($"127.0.0.1:{pretender.Port}", trust, identity: null);

        await Assert.ThrowsAsync<RpcException>(() => CheckAsync(channel.CreateCallInvoker()));

        Assert.Contains("does not chain to the trusted identity root", trust.LastFault, StringComparison.Ordinal);
        Assert.Equal(0, stranger.Connections);
    }

    [Fact]
    public async Task CertificateOfThePostgresqlServer_MakesNobodyElseBeAsked()
    {
        await using var stranger = RawServer.Start(RawServer.Ok("x"), "127.0.0.4");
        using var certificate = PointingTo(stranger);
        await using var server = await PostgresServer.StartAsync(certificate);
        var options = new StoreOptions { Provider = StoreProvider.Postgresql, ConnectionFile = await server.CreateDatabaseAsync() };
        // The test's own connection, which made the database, may have asked.
        var before = stranger.Connections;

        await using var store = await StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
        var encrypted = await store.ReadAsync(session => session.Sql("select count(*) from pg_stat_ssl where pid = pg_backend_pid() and ssl").NumberAsync(), TestContext.Current.CancellationToken);

        Assert.Equal(1, encrypted);
        Assert.Equal(before, stranger.Connections);
    }

    private static async Task CheckAsync(CallInvoker invoker) =>
        await new Health.HealthClient(invoker).CheckAsync(new HealthCheckRequest(), cancellationToken: TestContext.Current.CancellationToken);

    private static X509Certificate2 PointingTo(RawServer stranger) => RawServer.Untrusted(request => request.CertificateExtensions.Add(
        new X509AuthorityInformationAccessExtension([$"http://127.0.0.4:{stranger.Port}/ocsp"], [$"http://127.0.0.4:{stranger.Port}/ca.crt"])));
}
