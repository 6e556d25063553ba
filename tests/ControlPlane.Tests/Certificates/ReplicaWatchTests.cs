using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.ControlPlane.Tests.Storage;
using GrpcCa.Host.Identity;
using GrpcCa.V1;
using Kind = GrpcCa.V1.CertificateEvent.Types.Kind;

namespace GrpcCa.ControlPlane.Tests.Certificates;

/// <summary>Two processes on one store: what is done at one is heard at the other, and tokens of one hold there.</summary>
[Collection(PostgresGroup.Name)]
public sealed class ReplicaWatchTests(PostgresFixture postgres)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatOneDoes_IsHeardAtTheOther(bool onPostgresql)
    {
        await using var first = new RunningControlPlane();
        if (onPostgresql) first.Use(new("Storage:Provider", "postgresql"), new("Storage:ConnectionFile", await postgres.Server.CreateDatabaseAsync()));
        await first.InitializeAsync();
        await using var second = new RunningControlPlane();
        await second.JoinAsync(first);
        var request = new WatchCertificatesRequest { Identifier = "dns:watched.test" };
        using var here = new CertificateService.CertificateServiceClient(first.Admin()).WatchCertificates(request, cancellationToken: Stop);
        Assert.True(await here.ResponseStream.MoveNext(Stop));
        var start = here.ResponseStream.Current.ResumeToken;
        using var there = new CertificateService.CertificateServiceClient(second.Admin()).WatchCertificates(new(request) { ResumeToken = start }, cancellationToken: Stop);

        await IssueAsync(first);

        Assert.Equal([Kind.Issued, Kind.Renewed], await KindsAsync(there, 2));
        Assert.Equal([Kind.Issued, Kind.Renewed], await KindsAsync(here, 2));
    }

    private static async Task<List<Kind>> KindsAsync(AsyncServerStreamingCall<WatchCertificatesResponse> call, int many)
    {
        var kinds = new List<Kind>();
        while (kinds.Count < many && await call.ResponseStream.MoveNext(Stop))
            if (call.ResponseStream.Current.Event is { } happened) kinds.Add(happened.Kind);
        return kinds;
    }

    // The TLS certificates of a gateway: the shortest way to two for the same name.
    private static async Task IssueAsync(RunningControlPlane plane)
    {
        var created = await new GatewayService.GatewayServiceClient(plane.Admin())
            .CreateGatewayAsync(new() { GatewayId = "watched", Gateway = new V1.Gateway { BaseUrls = { "https://watched.test" } } });
        Assert.True(Host.JoinToken.TryParse(created.JoinToken, out var token, out var fault), fault);
        using var key = new FreshKey();
        var enrolled = await new GatewayService.GatewayServiceClient(plane.Remote()).EnrollGatewayAsync(new() { Secret = token.Secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) });
        using var identity = key.Join(enrolled.CertificateDer.ToByteArray());
        var gateway = new GatewayService.GatewayServiceClient(plane.Remote(identity));
        for (var i = 0; i < 2; i++)
        {
            using var tls = new FreshKey();
            await gateway.IssueTlsCertificateAsync(new() { CsrDer = ByteString.CopyFrom(tls.SigningRequest()) });
        }
    }
}
