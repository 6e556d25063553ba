using System.Text;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges.Http01;

public sealed class Http01ValidatorTests : IAsyncDisposable
{
    private readonly Validation validation = new();

    public Http01ValidatorTests() => validation.Dns.A("nas.test", "127.0.0.1");

    public ValueTask DisposeAsync() => validation.DisposeAsync();

    [Fact]
    public async Task RightAnswer_IsValid_AndTheRequestIsAsTheRfcSays()
    {
        await using var server = RawServer.Start(RawServer.Ok(Validation.KeyAuthorization));

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Null(outcome.Fault);
        Assert.Equal(200, outcome.HttpStatus);
        Assert.Equal($"http://nas.test:{server.Port}{Validation.Path}", outcome.Url);
        Assert.Equal(["127.0.0.1"], outcome.AddressesResolved);
        Assert.Equal($"127.0.0.1:{server.Port}", outcome.AddressDialled);
        Assert.Equal(Validation.KeyAuthorization.Length, outcome.BytesRead);
        var request = Assert.Single(server.Requests);
        Assert.StartsWith($"GET {Validation.Path} HTTP/1.1\r\nHost: nas.test:{server.Port}\r\nUser-Agent: grpcca-validator/", request, StringComparison.Ordinal);
        Assert.DoesNotContain("gzip", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Cookie", request, StringComparison.OrdinalIgnoreCase);
    }

    public static TheoryData<string> RightAnswers => new()
    {
        RawServer.Ok(Validation.KeyAuthorization + "\n"),
        RawServer.Ok(Validation.KeyAuthorization + " \t\r\n\r\n"),
        $"HTTP/1.0 200 OK\r\n\r\n{Validation.KeyAuthorization}",
        $"HTTP/1.1 200 OK\nContent-Length: {Validation.KeyAuthorization.Length}\n\n{Validation.KeyAuthorization} and what does not belong to it",
        $"HTTP/1.1 200\r\ncontent-type: text/html; charset=x\r\n\r\n{Validation.KeyAuthorization}",
        $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Validation.KeyAuthorization.Length:x}\r\n{Validation.KeyAuthorization}\r\n0\r\n\r\n",
        $"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n5;x=\"y\"\r\n{Validation.KeyAuthorization[..5]}\r\n"
            + $"{Validation.KeyAuthorization.Length - 5:X4}\r\n{Validation.KeyAuthorization[5..]}\r\n0\r\nTrailer: x\r\n\r\n",
        $"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{Validation.KeyAuthorization}",
        $"HTTP/1.1 200 OK\r\nContent-Length: {Validation.KeyAuthorization.Length}\r\nContent-Length: {Validation.KeyAuthorization.Length}\r\n\r\n{Validation.KeyAuthorization}",
        $"HTTP/1.1 200 OK\r\nX: {new string('x', 15_000)}\r\n\r\n{Validation.KeyAuthorization}",
    };

    [Theory]
    [MemberData(nameof(RightAnswers))]
    public async Task RightAnswer_InAnyFraming_IsValid(string response)
    {
        await using var server = RawServer.Start(response);
        Assert.Null((await validation.RunAsync("nas.test", server.Port)).Fault);

        await using var slow = RawServer.Start(async (stream, _, stop) =>
        {
            // Every byte in a packet of its own, so that no boundary falls where it is comfortable.
            foreach (var octet in Encoding.Latin1.GetBytes(response))
            {
                stream.WriteByte(octet);
                await stream.FlushAsync(stop);
            }
        });
        Assert.Null((await validation.RunAsync("nas.test", slow.Port)).Fault);
    }

    public static TheoryData<string, string, string> WrongAnswers => new()
    {
        { RawServer.Ok("something else"), nameof(RefusalReason.IncorrectResponse), "with \"something else\" (14 bytes), which is not the key authorization" },
        { RawServer.Ok(""), nameof(RefusalReason.IncorrectResponse), "with \"\" (0 bytes)" },
        { RawServer.Ok(" " + Validation.KeyAuthorization), nameof(RefusalReason.IncorrectResponse), "not the key authorization" },
        { RawServer.Ok(Validation.KeyAuthorization + "x"), nameof(RefusalReason.IncorrectResponse), "not the key authorization" },
        { RawServer.Ok(Validation.KeyAuthorization + "\0"), nameof(RefusalReason.IncorrectResponse), "not the key authorization" },
        { RawServer.Ok(Validation.Token), nameof(RefusalReason.IncorrectResponse), "not the key authorization" },
        { RawServer.Ok(Validation.KeyAuthorization.ToUpperInvariant()), nameof(RefusalReason.IncorrectResponse), "not the key authorization" },
        { RawServer.Ok("\u001b[2J\u0000<script>\"\\ÿ" + new string('y', 500)), nameof(RefusalReason.IncorrectResponse), "\\x1b[2J\\x00<script>\\x22\\x5c\\xff" },
        { "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nnothing", nameof(RefusalReason.Unauthorized), "status 404, not 200: \"nothing\"" },
        { "HTTP/1.1 500 Oops\r\n\r\n", nameof(RefusalReason.Unauthorized), "status 500" },
        { "HTTP/1.1 204 No Content\r\n\r\n", nameof(RefusalReason.Unauthorized), "status 204" },
        { $"HTTP/1.1 201 Created\r\n\r\n{Validation.KeyAuthorization}", nameof(RefusalReason.Unauthorized), "status 201" },
        { $"HTTP/1.1 206 Partial\r\n\r\n{Validation.KeyAuthorization}", nameof(RefusalReason.Unauthorized), "status 206" },
        { "HTTP/1.1 303 See Other\r\nLocation: /x\r\n\r\n", nameof(RefusalReason.Unauthorized), "status 303" },
        { "HTTP/1.1 101 Switching\r\n\r\n", nameof(RefusalReason.Unauthorized), "status 101" },
        { "", nameof(RefusalReason.Connection), "closed the connection without an answer" },
        { "HTTP/1.1 200 OK\r\nContent-", nameof(RefusalReason.Connection), "in the middle of the header" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", nameof(RefusalReason.Connection), "after 5 of 500 bytes" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", nameof(RefusalReason.Connection), "in the middle of the body" },
        { "SSH-2.0-OpenSSH_9.2\r\n", nameof(RefusalReason.IncorrectResponse), "no HTTP/1.1 response: \"SSH-2.0-OpenSSH_9.2\\x0d\\x0a\"" },
        { "\u0015\u0003\u0003\u0000\u0002\u0002\u0046", nameof(RefusalReason.IncorrectResponse), "no HTTP/1.1 response" },
        { "<html>", nameof(RefusalReason.IncorrectResponse), "no HTTP/1.1 response" },
        { "HTTP/2 200\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "no HTTP/1.1 response" },
        { "HTTP/1.1 2000 OK\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "no HTTP/1.1 response" },
        { "HTTP/1.1 abc OK\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "no HTTP/1.1 response" },
        { "HTTP/1.1 -20 OK\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "no HTTP/1.1 response" },
        { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "a header line \"no colon\"" },
        { "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc", nameof(RefusalReason.IncorrectResponse), "a header line" },
        { "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\nabc", nameof(RefusalReason.IncorrectResponse), "a header line" },
        { "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "the content length \"-1\"" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "the content length" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "longer than 65536 bytes" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", nameof(RefusalReason.IncorrectResponse), "two different content lengths" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "the transfer encoding \"gzip, chunked\"" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", nameof(RefusalReason.IncorrectResponse), "the chunk size \"xyz\"" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", nameof(RefusalReason.IncorrectResponse), "the chunk size" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", nameof(RefusalReason.IncorrectResponse), "the chunk size" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", nameof(RefusalReason.IncorrectResponse), "longer than 65536 bytes" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", nameof(RefusalReason.IncorrectResponse), "a chunk longer than it says" },
        { $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;{new string('x', 300)}\r\n", nameof(RefusalReason.IncorrectResponse), "a chunk header without end" },
        { $"HTTP/1.1 200 OK\r\nX: {new string('x', 17_000)}\r\n\r\n", nameof(RefusalReason.IncorrectResponse), "more than 16384 bytes" },
        { string.Concat(Enumerable.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10)), nameof(RefusalReason.IncorrectResponse), "interim responses" },
    };

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task WrongAnswer_IsNamedWithWhatCameBack(string response, string reason, string detail)
    {
        await using var server = RawServer.Start(response);

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.NotNull(outcome.Fault);
        Assert.Equal(reason, outcome.Fault.Reason.ToString());
        Assert.Contains(detail, outcome.Fault.Detail, StringComparison.Ordinal);
        Assert.True(outcome.Fault.MayRetry);
        Assert.DoesNotContain(outcome.Fault.Detail, c => char.IsControl(c) || (c > 0x7e && c != '…'));
        Assert.True(outcome.Fault.Detail.Length < 400, outcome.Fault.Detail);
        Assert.Equal($"127.0.0.1:{server.Port}", outcome.AddressDialled);
    }

    [Fact]
    public async Task WrongContent_NamesAddressUrlAndContent()
    {
        await using var server = RawServer.Start(RawServer.Ok("hello"));

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal($"127.0.0.1:{server.Port} answered http://nas.test:{server.Port}{Validation.Path} with \"hello\" (5 bytes), which is not the key authorization",
            outcome.Fault!.Detail);
    }

    [Fact]
    public async Task BodyOfTheLimit_IsRead_OneByteMoreIsNot()
    {
        var most = validation.Options.MaxBody;
        await using var fits = RawServer.Start($"HTTP/1.1 200 OK\r\n\r\n{Validation.KeyAuthorization}{new string(' ', most - Validation.KeyAuthorization.Length)}");
        Assert.Null((await validation.RunAsync("nas.test", fits.Port)).Fault);

        await using var exceeds = RawServer.Start($"HTTP/1.1 200 OK\r\n\r\n{Validation.KeyAuthorization}{new string(' ', most - Validation.KeyAuthorization.Length + 1)}");
        var outcome = await validation.RunAsync("nas.test", exceeds.Port);
        Assert.Contains("longer than 65536 bytes", outcome.Fault!.Detail, StringComparison.Ordinal);
        Assert.True(outcome.BytesRead <= most);
    }

    [Fact]
    public async Task EndlessAnswer_IsCutOff()
    {
        await using var server = RawServer.Start(async (stream, _, stop) =>
        {
            await RawServer.SayAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", stop);
            while (!stop.IsCancellationRequested) await RawServer.SayAsync(stream, $"400\r\n{new string('x', 1024)}\r\n", stop);
        });

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Contains("longer than 65536 bytes", outcome.Fault!.Detail, StringComparison.Ordinal);
        Assert.True(outcome.BytesRead <= 65536);
    }

    [Fact]
    public async Task CompressedBomb_IsNotUnpacked()
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(bomb, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
            for (var n = 0; n < 40; n++) await gzip.WriteAsync(new byte[1024 * 1024], TestContext.Current.CancellationToken);
        var packed = bomb.ToArray();
        await using var server = RawServer.Start(async (stream, _, stop) =>
        {
            await RawServer.SayAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n", stop);
            await stream.WriteAsync(packed, stop);
        });

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal(RefusalReason.IncorrectResponse, outcome.Fault!.Reason);
        Assert.True(outcome.BytesRead <= packed.Length);
    }

    [Theory]
    [InlineData("", "waiting for the answer of 127.0.0.1:")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", "waiting for the answer of 127.0.0.1:")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 87\r\n\r\nabc", "3 bytes so far")]
    public async Task SilentTarget_EndsWithTheAttempt(string first, string phase)
    {
        validation.AttemptTimeout = TimeSpan.FromMilliseconds(400);
        await using var server = RawServer.Start(async (stream, _, stop) =>
        {
            await RawServer.SayAsync(stream, first, stop);
            await RawServer.SilenceAsync(stop);
        });

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Equal(RefusalReason.Connection, outcome.Fault!.Reason);
        Assert.StartsWith("timed out after 0.4 s: ", outcome.Fault.Detail, StringComparison.Ordinal);
        Assert.Contains(phase, outcome.Fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DrippingTarget_EndsWithTheAttempt()
    {
        validation.AttemptTimeout = TimeSpan.FromMilliseconds(400);
        using var drip = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        await using var server = RawServer.Start(async (stream, _, stop) =>
        {
            await RawServer.SayAsync(stream, "HTTP/1.1 200 OK\r\n\r\n", stop);
            while (await drip.WaitForNextTickAsync(stop)) await RawServer.SayAsync(stream, "x", stop);
        });

        var outcome = await validation.RunAsync("nas.test", server.Port);

        Assert.Matches(@"^timed out after 0\.4 s: reading the body of .* from 127\.0\.0\.1:\d+, \d+ bytes so far$", outcome.Fault!.Detail);
        Assert.True(outcome.BytesRead > 0);
    }

    [Fact]
    public async Task ResettingTarget_IsAConnectionFault()
    {
        var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        var accept = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
            await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken);
            socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        }, TestContext.Current.CancellationToken);

        var outcome = await validation.RunAsync("nas.test", port);
        await accept;
        listener.Dispose();

        Assert.Equal(RefusalReason.Connection, outcome.Fault!.Reason);
        Assert.Contains($"connection reset: waiting for the answer of 127.0.0.1:{port}", outcome.Fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_ReachesTheCaller()
    {
        await using var server = RawServer.Start((_, _, stop) => RawServer.SilenceAsync(stop));
        using var stop = new CancellationTokenSource();
        var running = validation.Validator.ValidateAsync(validation.Task("nas.test", server.Port), stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task EachName_IsValidatedForItself()
    {
        validation.Dns.A("good.test", "127.0.0.2").A("bad.test", "127.0.0.3");
        var servers = RawServer.StartOnOnePort(
            (stream, _, stop) => RawServer.SayAsync(stream, RawServer.Ok(Validation.KeyAuthorization), stop), "127.0.0.2");
        await using var good = servers[0];
        await using var bad = RawServer.Start(RawServer.Ok("no"), "127.0.0.3", good.Port);

        Assert.Null((await validation.RunAsync("good.test", good.Port)).Fault);
        Assert.Contains("http://bad.test", (await validation.RunAsync("bad.test", good.Port)).Fault!.Detail, StringComparison.Ordinal);
        Assert.Equal((1, 1), (good.Connections, bad.Connections));
    }
}
