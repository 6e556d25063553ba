using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges;

/// <summary>A DNS server with what the validators ask it by.</summary>
internal sealed class DnsRig : IAsyncDisposable
{
    public const string Token = Validation.Token;
    public const string KeyAuthorization = Validation.KeyAuthorization;
    public const string AccountUrl = "https://ca.test/acme/acme/account/one";

    /// <summary>base64url(SHA-256(<see cref="KeyAuthorization"/>)), worked out by openssl.</summary>
    public const string Digest = "jQNWu_MpwzFpMKmBpJ7NGSjfRLjFzVuqJpBivoG1Hy4";

    public DnsResponder Dns { get; } = DnsResponder.Start();

    public ValidationOptions Options { get; set; } = new() { ResolveTimeout = TimeSpan.FromSeconds(4) };

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public RecordLookup Records => new(new NameServers(Options), Options, TimeProvider.System);

    public TxtLookup Texts => new(Records);

    public ChallengeTask Task(string name) => new(
        Identifier.ParseDns(name), Token, KeyAuthorization,
        new ValidationBounds(80, 443, Validation.Networks("127.0.0.0/8"), TimeSpan.FromSeconds(10)) { Resolvers = [Dns.Endpoint] })
    {
        AccountUrls = [AccountUrl],
        IssuerDomainNames = ["ca.test"],
    };

    public ValueTask DisposeAsync() => Dns.DisposeAsync();
}
