using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Http01;

public sealed class RedirectTests : IAsyncDisposable
{
    private readonly Validation validation = new();

    public RedirectTests() => validation.Dns.A("nas.test", "127.0.0.1").A("other.test", "127.0.0.2");

    public ValueTask DisposeAsync() => validation.DisposeAsync();

    [Theory]
    [InlineData(301, "http://other.test:{port}/found")]
    [InlineData(302, "http://OTHER.test:{port}/found#fragment")]
    [InlineData(307, "//other.test:{port}/found")]
    [InlineData(308, "http://127.0.0.2:{port}/found")]
    [InlineData(302, "/found")]
    [InlineData(302, "../../found")]
    [InlineData(302, "http:/found")]
    [InlineData(302, "http://other.test.:{port}/x/../found")]
    public async Task Redirect_IsFollowed(int status, string location)
    {
        Task AnswerAsync(Stream stream, string path, CancellationToken stop, int port) => RawServer.SayAsync(stream,
            path == "/found" ? RawServer.Ok(Validation.KeyAuthorization) : RawServer.Redirect(location.Replace("{port}", $"{port}", StringComparison.Ordinal), status), stop);
        var number = 0;
        var servers = RawServer.StartOnOnePort((stream, path, stop) => AnswerAsync(stream, path, stop, number), "127.0.0.1", "127.0.0.2");
        number = servers[0].Port;
        await using var one = servers[0];
        await using var two = servers[1];

        var outcome = await validation.RunAsync("nas.test", number);

        Assert.True(outcome.Fault is null, outcome.Fault?.Detail);
        Assert.EndsWith("/found", outcome.Url, StringComparison.Ordinal);
        Assert.Equal(2, one.Connections + two.Connections);
    }

    [Fact]
    public async Task RedirectToHttps_IsFollowed_WhateverTheCertificate()
    {
        using var certificate = RawServer.Untrusted();
        await using var secure = RawServer.Start(
            (stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok(Validation.KeyAuthorization), stop), certificate: certificate);
        await using var plain = RawServer.Start(RawServer.Redirect($"https://nas.test:{secure.Port}/x?y=z"));

        var outcome = await validation.RunAsync("nas.test", plain.Port, secure.Port);

        Assert.True(outcome.Fault is null, outcome.Fault?.Detail);
        Assert.StartsWith($"GET /x?y=z HTTP/1.1\r\nHost: nas.test:{secure.Port}\r\n", secure.Requests.Single(), StringComparison.Ordinal);
    }

    // The platform's TLS would fetch the issuer from the certificate's AIA, wherever it points.
    [Fact]
    public async Task CertificateOfTheTarget_MakesNobodyElseBeAsked()
    {
        await using var stranger = RawServer.Start(RawServer.Ok("x"), "127.0.0.4");
        using var certificate = RawServer.Untrusted(request =>
        {
            var access = new X509AuthorityInformationAccessExtension([$"http://127.0.0.4:{stranger.Port}/ocsp"], [$"http://127.0.0.4:{stranger.Port}/ca.crt"]);
            request.CertificateExtensions.Add(access);
        });
        await using var secure = RawServer.Start(
            (stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok(Validation.KeyAuthorization), stop), certificate: certificate);
        await using var plain = RawServer.Start(RawServer.Redirect($"https://nas.test:{secure.Port}/"));

        Assert.Null((await validation.RunAsync("nas.test", plain.Port, secure.Port)).Fault);
        Assert.Equal(0, stranger.Connections);
    }

    [Fact]
    public async Task TargetWithoutTls_IsATlsFault()
    {
        using var talker = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Parse("127.0.0.6"), 0);
        talker.Start();
        var port = ((System.Net.IPEndPoint)talker.LocalEndpoint).Port;
        var talking = Task.Run(async () =>
        {
            using var client = await talker.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            await RawServer.SayAsync(client.GetStream(), "HTTP/1.1 400 Bad Request\r\n\r\n", TestContext.Current.CancellationToken);
            await client.GetStream().CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        await using var plain = RawServer.Start(RawServer.Redirect($"https://127.0.0.6:{port}/"));

        var outcome = await validation.RunAsync("nas.test", plain.Port, port);
        await talking;

        Assert.Equal(RefusalReason.Tls, outcome.Fault!.Reason);
        Assert.Contains($"TLS with 127.0.0.6:{port}", outcome.Fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HangingHandshake_IsATlsFault()
    {
        validation.AttemptTimeout = TimeSpan.FromMilliseconds(400);
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        await using var plain = RawServer.Start(RawServer.Redirect($"https://nas.test:{port}/"));

        var outcome = await validation.RunAsync("nas.test", plain.Port, port);

        Assert.Equal(RefusalReason.Tls, outcome.Fault!.Reason);
        Assert.StartsWith("timed out after 0.4 s: the TLS handshake with 127.0.0.1:", outcome.Fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OldTls_IsRefused()
    {
        using var certificate = RawServer.Untrusted();
#pragma warning disable CA5397, SYSLIB0039 // That it is old is the point.
        await using var old = RawServer.Start((stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok(Validation.KeyAuthorization), stop),
            certificate: certificate, protocols: SslProtocols.Tls11);
#pragma warning restore CA5397, SYSLIB0039
        await using var plain = RawServer.Start(RawServer.Redirect($"https://nas.test:{old.Port}/"));

        var outcome = await validation.RunAsync("nas.test", plain.Port, old.Port);

        Assert.Equal(RefusalReason.Tls, outcome.Fault!.Reason);
    }

    [Fact]
    public async Task Loop_IsNamed()
    {
        await using var server = RawServer.Start((stream, path, stop) => RawServer.SayAsync(stream, RawServer.Redirect(path == "/b" ? "/a" : "/b"), stop));

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal(RefusalReason.Connection, outcome.Fault!.Reason);
        Assert.Contains($"redirects back to http://nas.test:{server.Port}/b: a loop", outcome.Fault.Detail, StringComparison.Ordinal);
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task RedirectToItself_IsNamed()
    {
        await using var server = RawServer.Start(RawServer.Redirect(Validation.Path));

        Assert.Contains("a loop", (await validation.RunAsync("nas.test", server.Port)).Fault!.Detail, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public async Task TenRedirects_AreFollowed_ElevenAreNot(int redirects, bool valid)
    {
        var left = redirects;
        await using var server = RawServer.Start((stream, _, stop) => RawServer.SayAsync(stream,
            Interlocked.Decrement(ref left) >= 0 ? RawServer.Redirect($"/{left}") : RawServer.Ok(Validation.KeyAuthorization), stop));

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal(valid, outcome.Fault is null);
        Assert.Equal(11, server.Connections);
        if (!valid) Assert.Contains("once more after 10 redirects", outcome.Fault!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1999, true)]
    [InlineData(2000, false)]
    public async Task LongPath_IsFollowedUpToTwoThousand(int behindTheSlash, bool followed)
    {
        await using var server = RawServer.Start((stream, path, stop) => RawServer.SayAsync(stream,
            path.Length > 1000 ? RawServer.Ok(Validation.KeyAuthorization) : RawServer.Redirect("/" + new string('p', behindTheSlash)), stop));

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal(followed, outcome.Fault is null);
        if (!followed) Assert.Contains("more than 2000 characters", outcome.Fault!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RedirectWithoutLocation_IsNamed()
    {
        await using var server = RawServer.Start("HTTP/1.1 302 Found\r\n\r\n");

        Assert.Contains("redirects without a Location", (await validation.RunAsync("nas.test", server.Port)).Fault!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NameOfTheNextHop_ThatDoesNotResolve_IsADnsFault()
    {
        await using var server = RawServer.Start((stream, _, stop) => RawServer.SayAsync(stream, RawServer.Redirect($"http://gone.test:{HostPort(stream)}/"), stop));

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal(RefusalReason.Dns, outcome.Fault!.Reason);
        Assert.Contains("gone.test (NXDOMAIN)", outcome.Fault.Detail, StringComparison.Ordinal);

        static int HostPort(Stream stream) => ((System.Net.IPEndPoint)((System.Net.Sockets.NetworkStream)stream).Socket.LocalEndPoint!).Port;
    }
}
