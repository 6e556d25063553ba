using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrpcCa.TestKit;

/// <summary>
/// A small authoritative DNS server on loopback, over UDP and TCP on one port: A, AAAA, CNAME, DNAME, TXT and CAA records that may
/// change while it runs, and the ways a server can fail. A name without records is NXDOMAIN.
/// </summary>
internal sealed class DnsResponder : IAsyncDisposable
{
    private const ushort TypeA = 1, TypeCname = 5, TypeTxt = 16, TypeAaaa = 28, TypeDname = 39, TypeCaa = 257;

    private readonly Socket udp;
    private readonly TcpListener tcp;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, ImmutableArray<Record>> records = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Fault> faults = new(StringComparer.OrdinalIgnoreCase);
    private readonly Task running;

    private DnsResponder(Socket udp, TcpListener tcp)
    {
        this.udp = udp;
        this.tcp = tcp;
        running = Task.WhenAll(Task.Run(ServeUdpAsync), Task.Run(ServeTcpAsync));
    }

    private enum Fault
    {
        ServFail = 1,
        Refused,
        Silent,
        Truncated,
        Garbage,
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)tcp.LocalEndpoint;

    /// <summary>Every question, such as <c>udp A nas.test</c>, in the order of arrival.</summary>
    public ConcurrentQueue<string> Questions { get; } = new();

    /// <summary>Answers names that have no records; null leaves them NXDOMAIN.</summary>
    public Func<string, IPAddress?>? Otherwise { get; set; }

    /// <summary>Whether an alias is answered with what it leads to, as resolvers do; otherwise with the alias alone.</summary>
    public bool FollowsAliases { get; set; } = true;

    /// <summary>Whether a DNAME is answered with the CNAME that it means (RFC 6672 §3.1).</summary>
    public bool SynthesizesCnames { get; set; } = true;

    public static DnsResponder Start(IPAddress? address = null)
    {
        while (true)
        {
            var streams = new TcpListener(address ?? IPAddress.Loopback, 0);
            streams.Start();
            var datagrams = new Socket(streams.LocalEndpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                datagrams.Bind(streams.LocalEndpoint);
                return new DnsResponder(datagrams, streams);
            }
            catch (SocketException)
            {
                // Somebody has the UDP port of that number: another number.
                datagrams.Dispose();
                streams.Dispose();
            }
        }
    }

    public DnsResponder A(string name, params IEnumerable<string> addresses) =>
        Add(name, addresses.Select(address => new Record(TypeA, IPAddress.Parse(address).GetAddressBytes(), null)));

    public DnsResponder Aaaa(string name, params IEnumerable<string> addresses) =>
        Add(name, addresses.Select(address => new Record(TypeAaaa, IPAddress.Parse(address).GetAddressBytes(), null)));

    public DnsResponder Cname(string name, string target) => Add(name, [new Record(TypeCname, EncodeName(target), target)]);

    /// <summary>One TXT record for each value; long ones are written in chunks of 255 bytes.</summary>
    public DnsResponder Txt(string name, params IEnumerable<string> values) =>
        Add(name, values.Select(value => new Record(TypeTxt, EncodeText(value), null)));

    /// <summary>One TXT record of exactly these chunks.</summary>
    public DnsResponder TxtChunks(string name, params IEnumerable<string> chunks) =>
        Add(name, [new Record(TypeTxt, [.. chunks.SelectMany(chunk => (byte[])[(byte)chunk.Length, .. Encoding.Latin1.GetBytes(chunk)])], null)]);

    /// <summary>All below the name moves below the target.</summary>
    public DnsResponder Dname(string name, string target) => Add(name, [new Record(TypeDname, EncodeName(target), target)]);

    public DnsResponder Caa(string name, string tag, string value, byte flags = 0) =>
        Add(name, [new Record(TypeCaa, [flags, (byte)tag.Length, .. Encoding.ASCII.GetBytes(tag), .. Encoding.Latin1.GetBytes(value)], null)]);

    public DnsResponder ServFail(string name) => Fail(name, Fault.ServFail);

    public DnsResponder Refuse(string name) => Fail(name, Fault.Refused);

    /// <summary>Questions for the name get no answer at all.</summary>
    public DnsResponder Silence(string name) => Fail(name, Fault.Silent);

    /// <summary>Over UDP the name's answers are cut off, so that the asker must come by TCP.</summary>
    public DnsResponder Truncate(string name) => Fail(name, Fault.Truncated);

    /// <summary>The answer is not DNS.</summary>
    public DnsResponder Garble(string name) => Fail(name, Fault.Garbage);

    /// <summary>Forgets all about the name.</summary>
    public DnsResponder Remove(string name)
    {
        records.TryRemove(name, out _);
        faults.TryRemove(name, out _);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        udp.Dispose();
        tcp.Dispose();
        await running;
        stopping.Dispose();
    }

    private DnsResponder Add(string name, IEnumerable<Record> added)
    {
        var list = added.ToImmutableArray();
        records.AddOrUpdate(name, list, (_, before) => before.AddRange(list));
        return this;
    }

    private DnsResponder Fail(string name, Fault fault)
    {
        faults[name] = fault;
        return this;
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[4096];
        var anyone = new IPEndPoint(udp.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var received = await udp.ReceiveFromAsync(buffer, SocketFlags.None, anyone, stopping.Token);
                if (Answer(buffer.AsSpan(0, received.ReceivedBytes), overUdp: true) is { } answer)
                    await udp.SendToAsync(answer, SocketFlags.None, received.RemoteEndPoint, stopping.Token);
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The asker went away, or this server does: the loop's condition tells.
            }
        }
    }

    private async Task ServeTcpAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var client = await tcp.AcceptTcpClientAsync(stopping.Token);
                _ = Task.Run(() => ServeConnectionAsync(client));
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException
                || (fault is InvalidOperationException && stopping.IsCancellationRequested))
            {
                // As above. A listener that was stopped between two accepts is "not listening".
            }
        }
    }

    private async Task ServeConnectionAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            var stream = connection.GetStream();
            var length = new byte[2];
            while (!stopping.IsCancellationRequested)
            {
                await stream.ReadExactlyAsync(length, stopping.Token);
                var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(question, stopping.Token);
                if (Answer(question, overUdp: false) is not { } answer) continue;
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
                await stream.WriteAsync((byte[])[.. length, .. answer], stopping.Token);
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            // The asker closed the connection.
        }
    }

    private byte[]? Answer(ReadOnlySpan<byte> query, bool overUdp)
    {
        if (query.Length < 17) return null;
        var (name, end) = DecodeName(query, 12);
        var type = BinaryPrimitives.ReadUInt16BigEndian(query[end..]);
        var question = query[12..(end + 4)];
        Questions.Enqueue($"{(overUdp ? "udp" : "tcp")} {TypeText(type)} {name}");
        faults.TryGetValue(name, out var fault);
        return fault switch
        {
            Fault.Silent => null,
            Fault.Garbage => [.. query[..2], 0xff, 0xff, 0xff],
            Fault.ServFail => Response(query, question, 2, [], false),
            Fault.Refused => Response(query, question, 5, [], false),
            Fault.Truncated when overUdp => Response(query, question, 0, [], true),
            _ => Resolve(query, question, name, type),
        };
    }

    private byte[] Resolve(ReadOnlySpan<byte> query, ReadOnlySpan<byte> question, string name, ushort type)
    {
        var answers = new List<(string Owner, Record Record)>();
        var found = true;
        for (var hops = 0; hops < 16; hops++)
        {
            var here = RecordsOf(name);
            found = !here.IsEmpty;
            answers.AddRange(here.Where(record => record.Type == type).Select(record => (name, record)));
            if (type == TypeCname) break;
            var target = here.FirstOrDefault(record => record.Type == TypeCname) is { } alias ? Follow(name, alias, answers) : FollowDname(name, answers);
            if (target is null) break;
            found = true;
            if (!FollowsAliases) break;
            name = target;
        }
        return Response(query, question, found ? 0 : 3, answers, false);
    }

    private static string? Follow(string name, Record alias, List<(string Owner, Record Record)> answers)
    {
        answers.Add((name, alias));
        return alias.Target;
    }

    private string? FollowDname(string name, List<(string Owner, Record Record)> answers)
    {
        foreach (var (owner, list) in records)
        {
            if (!name.EndsWith("." + owner, StringComparison.OrdinalIgnoreCase) || list.FirstOrDefault(record => record.Type == TypeDname) is not { } subtree) continue;
            var target = $"{name[..^(owner.Length + 1)]}.{subtree.Target}";
            answers.Add((owner, subtree));
            if (SynthesizesCnames) answers.Add((name, new Record(TypeCname, EncodeName(target), target)));
            return target;
        }
        return null;
    }

    private ImmutableArray<Record> RecordsOf(string name)
    {
        if (records.TryGetValue(name, out var known)) return known;
        if (Otherwise?.Invoke(name) is not { } address) return [];
        return [new Record(address.AddressFamily == AddressFamily.InterNetwork ? TypeA : TypeAaaa, address.GetAddressBytes(), null)];
    }

    private static byte[] Response(
        ReadOnlySpan<byte> query, ReadOnlySpan<byte> question, int code, List<(string Owner, Record Record)> answers, bool truncated)
    {
        var bytes = new List<byte>(512);
        bytes.AddRange(query[..2]);
        // QR, AA, TC; RD as asked, RA and the code.
        bytes.Add((byte)(0x84 | (truncated ? 2 : 0) | (query[2] & 1)));
        bytes.Add((byte)(0x80 | code));
        AddNumber(bytes, 1);
        AddNumber(bytes, (ushort)answers.Count);
        AddNumber(bytes, 0);
        AddNumber(bytes, 0);
        bytes.AddRange(question);
        foreach (var (owner, record) in answers)
        {
            bytes.AddRange(EncodeName(owner));
            AddNumber(bytes, record.Type);
            AddNumber(bytes, 1);
            AddNumber(bytes, 0);
            AddNumber(bytes, 60);
            AddNumber(bytes, (ushort)record.Data.Length);
            bytes.AddRange(record.Data);
        }
        return [.. bytes];
    }

    private static void AddNumber(List<byte> bytes, ushort number)
    {
        bytes.Add((byte)(number >> 8));
        bytes.Add((byte)number);
    }

    private static (string Name, int End) DecodeName(ReadOnlySpan<byte> message, int at)
    {
        var labels = new List<string>();
        while (message[at] is var length and > 0)
        {
            labels.Add(Encoding.ASCII.GetString(message.Slice(at + 1, length)));
            at += length + 1;
        }
        return (string.Join('.', labels).ToLowerInvariant(), at + 1);
    }

    private static byte[] EncodeName(string name) =>
        [.. name.Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];

    private static byte[] EncodeText(string value) =>
        [.. Encoding.UTF8.GetBytes(value).Chunk(255).SelectMany(chunk => (byte[])[(byte)chunk.Length, .. chunk])];

    private static string TypeText(ushort type) => type switch
    {
        TypeA => "A",
        TypeCname => "CNAME",
        TypeTxt => "TXT",
        TypeAaaa => "AAAA",
        TypeDname => "DNAME",
        TypeCaa => "CAA",
        _ => $"TYPE{type}",
    };

    private sealed record Record(ushort Type, byte[] Data, string? Target);
}
