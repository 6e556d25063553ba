using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using GrpcCa.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrpcCa.ControlPlane.Tests.CertificateRequests;

/// <summary>An OpenID provider on loopback: discovery, keys, and tokens as it signs them.</summary>
internal sealed class OpenIdProvider : IAsyncDisposable
{
    private readonly TestAuthority authority = new("idp", TimeProvider.System);
    private WebApplication? app;

    /// <summary>The keys it shows, by name.</summary>
    public Dictionary<string, AsymmetricAlgorithm> Keys { get; } = new(StringComparer.Ordinal) { ["one"] = ECDsa.Create(ECCurve.NamedCurves.nistP256) };

    public string Issuer { get; private set; } = "";

    /// <summary>What the discovery document says, where it should not be the truth.</summary>
    public string? ClaimedIssuer { get; set; }

    /// <summary>How often its discovery document was fetched.</summary>
    public int Discoveries { get; private set; }

    /// <summary>How often its keys were fetched.</summary>
    public int KeyFetches { get; private set; }

    public string RootsPem => authority.Root.ExportCertificatePem();

    public static async Task<OpenIdProvider> StartAsync()
    {
        var provider = new OpenIdProvider();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(provider.authority.IssueWithKey(TimeSpan.FromDays(1), names: ["idp.localhost"]))));
        var app = provider.app = builder.Build();
        app.MapGet("/realm/.well-known/openid-configuration", (HttpContext context) =>
        {
            provider.Discoveries++;
            return context.Response.WriteAsync(new JsonObject { ["issuer"] = provider.ClaimedIssuer ?? provider.Issuer, ["jwks_uri"] = provider.Issuer + "/keys" }.ToJsonString());
        });
        app.MapGet("/realm/keys", (HttpContext context) =>
        {
            provider.KeyFetches++;
            // A key of a kind that nobody here takes stands among them, as real sets have them.
            var keys = new JsonArray(new JsonObject { ["kty"] = "EC", ["crv"] = "secp256k1", ["kid"] = "odd" });
            foreach (var (name, key) in provider.Keys) keys.Add(Tokens.Jwk(key, name));
            return context.Response.WriteAsync(new JsonObject { ["keys"] = keys }.ToJsonString());
        });
        await app.StartAsync();
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        provider.Issuer = $"https://idp.localhost:{port}/realm";
        return provider;
    }

    /// <summary>An ID token for the client <c>grpcca</c>.</summary>
    public string Token(JsonObject claims, string key = "one")
    {
        var now = TimeProvider.System.GetUtcNow();
        var all = new JsonObject
        {
            ["iss"] = Issuer, ["aud"] = "grpcca", ["sub"] = "u-17",
            ["iat"] = now.ToUnixTimeSeconds(), ["exp"] = now.AddMinutes(10).ToUnixTimeSeconds(),
            ["nonce"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(8)),
        };
        foreach (var (name, value) in claims) all[name] = value?.DeepClone();
        return Tokens.Sign(Keys.TryGetValue(key, out var signer) ? signer : Keys["one"], new JsonObject { ["kid"] = key }, all);
    }

    public async Task StopAsync()
    {
        if (app is not null) await app.DisposeAsync();
        app = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var key in Keys.Values) key.Dispose();
    }
}
