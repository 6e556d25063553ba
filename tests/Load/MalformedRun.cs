using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using GrpcCa.Load.Acme;
using GrpcCa.Load.Http;
using GrpcCa.Load.Measures;

namespace GrpcCa.Load;

/// <summary>
/// What requests cost the server that it refuses: each kind is sent so many times over one connection, and the processors'
/// time of the server is divided by them. The dearest is what a stranger without an account can make it work.
/// </summary>
internal sealed class MalformedRun(LoadOptions options) : IAsyncDisposable
{
    private const int UsualCount = 300;

    private readonly TlsTrust trust = new(options.CaFile);
    private HttpConnection? connection;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Processes.Count == 0) throw new FormatException("--mode malformed needs --processes: it measures their CPU");
        var directory = await AcmeDirectory.LoadAsync(options.Directory, trust, cancellationToken);
        connection = new HttpConnection(directory.Address, trust);
        var count = options.Count == int.MaxValue ? UsualCount : options.Count;
        var watch = new ServerWatch(options.Processes, []);
        watch.Begin();
        var rows = new List<(string Kind, int Status, double Milliseconds)>();
        foreach (var (kind, url, make) in Kinds(directory))
        {
            var status = await SendAsync(directory, url, make, Math.Max(5, count / 10), cancellationToken);
            var nonces = await NonceCostAsync(directory, watch, count, cancellationToken);
            var before = watch.Read().CpuSeconds;
            await SendAsync(directory, url, make, count, cancellationToken);
            // Each request took a nonce too, which is not its own cost.
            rows.Add((kind, status, Math.Max(0, (watch.Read().CpuSeconds - before - nonces) * 1000 / count)));
        }
        Report([.. rows.OrderByDescending(r => r.Milliseconds)]);
        return rows.TrueForAll(r => r.Status is >= 400 and < 500) ? 0 : 3;
    }

    private static IEnumerable<(string Kind, string Url, Func<string, string, byte[]> Make)> Kinds(AcmeDirectory directory)
    {
        var ec = new Signer();
        yield return ("no JSON at all", directory.NewAccount, (_, _) => Encoding.ASCII.GetBytes(new string('{', 60_000)));
        yield return ("deep JSON", directory.NewAccount, (_, _) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 10_000))));
        yield return ("many duplicate members", directory.NewAccount, (_, _) => Encoding.ASCII.GetBytes("{" + string.Join(',', Enumerable.Repeat("\"protected\":\"\"", 4000)) + "}"));
        yield return ("signature of another key", directory.NewAccount, (url, nonce) => ec.Write(ec.Header(url, nonce), "{}", new Signer()));
        yield return ("payload of 48 kB that is no JSON", directory.NewAccount, (url, nonce) => ec.Write(ec.Header(url, nonce), new string('[', 36_000), ec));
        yield return ("key of 4,096 bits, wrong signature", directory.NewAccount, (url, nonce) => Rsa(url, nonce, Modulus(4096)));
        yield return ("key of 16,384 bits", directory.NewAccount, (url, nonce) => Rsa(url, nonce, Modulus(16_384)));
        yield return ("key of 2,048 bits that is even", directory.NewAccount, (url, nonce) => Rsa(url, nonce, [.. Modulus(2048)[..^1], 2]));
        yield return ("point off the curve", directory.NewAccount, (url, nonce) => ec.Write(ec.Header(url, nonce).Replace(ec.X, Base64Url.EncodeToString(new byte[32]), StringComparison.Ordinal), "{}", ec));
        yield return ("account of nobody", directory.NewOrder, (url, nonce) => ec.Write($$"""{"alg":"ES256","nonce":"{{nonce}}","url":"{{url}}","kid":"{{url.Replace("new-order", "account/nobody", StringComparison.Ordinal)}}"}""", "{}", ec));
        yield return ("certificate to revoke that is garbage", directory.RevokeCert, (url, nonce) => ec.Write(ec.Header(url, nonce), $$"""{"certificate":"{{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(30_000))}}"}""", ec));
        yield return ("binding that is garbage", directory.NewAccount, (url, nonce) => ec.Write(ec.Header(url, nonce), """{"termsOfServiceAgreed":true,"externalAccountBinding":{"protected":"e30","payload":"e30","signature":"AA"}}""", ec));
    }

    // Odd and of the full length; nobody knows its factors, and the server has to find out what is wrong by itself.
    private static byte[] Modulus(int bits)
    {
        var modulus = RandomNumberGenerator.GetBytes(bits / 8);
        modulus[0] |= 0x80;
        modulus[^1] |= 1;
        return modulus;
    }

    private static byte[] Rsa(string url, string nonce, byte[] modulus)
    {
        var header = $$$"""{"alg":"RS256","nonce":"{{{nonce}}}","url":"{{{url}}}","jwk":{"kty":"RSA","n":"{{{Base64Url.EncodeToString(modulus)}}}","e":"AQAB"}}""";
        return Encoding.ASCII.GetBytes($$"""{"protected":"{{Base64Url.EncodeToString(Encoding.ASCII.GetBytes(header))}}","payload":"e30","signature":"{{Base64Url.EncodeToString(new byte[modulus.Length])}}"}""");
    }

    private async Task<int> SendAsync(AcmeDirectory directory, string url, Func<string, string, byte[]> make, int count, CancellationToken cancellationToken)
    {
        var status = 0;
        for (var i = 0; i < count; i++)
        {
            var nonce = (await connection!.SendAsync("HEAD", new Uri(directory.NewNonce).AbsolutePath, default, cancellationToken)).Nonce ?? "";
            status = (await connection.SendAsync("POST", new Uri(url).AbsolutePath, make(url, nonce), cancellationToken)).Status;
        }
        return status;
    }

    private async Task<double> NonceCostAsync(AcmeDirectory directory, ServerWatch watch, int count, CancellationToken cancellationToken)
    {
        var before = watch.Read().CpuSeconds;
        for (var i = 0; i < count; i++) await connection!.SendAsync("HEAD", new Uri(directory.NewNonce).AbsolutePath, default, cancellationToken);
        return watch.Read().CpuSeconds - before;
    }

    private void Report(IReadOnlyList<(string Kind, int Status, double Milliseconds)> rows)
    {
        foreach (var (kind, status, milliseconds) in rows)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{milliseconds,8:0.00} ms  {status}  {kind}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"dearest: {rows[0].Milliseconds:0.00} ms of CPU, {rows[0].Kind}"));
        if (options.JsonFile is not { } file) return;
        var list = new JsonArray([.. rows.Select(r => (JsonNode)new JsonObject { ["kind"] = r.Kind, ["status"] = r.Status, ["cpu_ms"] = Math.Round(r.Milliseconds, 3) })]);
        File.WriteAllText(file, new JsonObject { ["label"] = options.Label, ["malformed"] = list, ["dearest_cpu_ms"] = Math.Round(rows[0].Milliseconds, 3) }.ToJsonString());
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null) await connection.DisposeAsync();
    }

    private sealed class Signer
    {
        private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly string y;

        public Signer()
        {
            var point = key.ExportParameters(includePrivateParameters: false).Q;
            (X, y) = (Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        }

        public string X { get; }

        public string Header(string url, string nonce) => $$$"""{"alg":"ES256","nonce":"{{{nonce}}}","url":"{{{url}}}","jwk":{"kty":"EC","crv":"P-256","x":"{{{X}}}","y":"{{{y}}}"}}""";

        public byte[] Write(string header, string payload, Signer by)
        {
            var (head, content) = (Base64Url.EncodeToString(Encoding.ASCII.GetBytes(header)), Base64Url.EncodeToString(Encoding.ASCII.GetBytes(payload)));
            var signature = by.key.SignData(Encoding.ASCII.GetBytes($"{head}.{content}"), HashAlgorithmName.SHA256);
            return Encoding.ASCII.GetBytes($$"""{"protected":"{{head}}","payload":"{{content}}","signature":"{{Base64Url.EncodeToString(signature)}}"}""");
        }
    }
}
