using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Challenges.Lookup;
using GrpcCa.ControlPlane.Acme.Challenges.Http01;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Acme.Challenges;

/// <summary>An http-01 validator with a DNS server of its own, ready to be pointed at something.</summary>
internal sealed class Validation : IAsyncDisposable
{
    public const string Token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyPCt92wr-oA";
    public const string KeyAuthorization = Token + ".nP1qzpXGymHBrUEepNY9HCsQk7K8KhOypzEt62jcerQ";
    public const string Path = "/.well-known/acme-challenge/" + Token;

    public Validation() => Dns = DnsResponder.Start();

    public DnsResponder Dns { get; }

    public ImmutableArray<IPNetwork> Ranges { get; set; } = Networks("127.0.0.0/8", "::1/128");

    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    public Func<ValidationOptions, ValidationOptions> Change { get; set; } = options => options;

    public ValidationOptions Options => Change(new ValidationOptions { Resolver = [Dns.Endpoint] });

    public Http01Validator Validator
    {
        get
        {
            var options = Options;
            return new(new ValidationDialer(new ValidationResolver(new NameServers(options), options, TimeProvider.System), options, TimeProvider.System), options, TimeProvider.System);
        }
    }

    public static ImmutableArray<IPNetwork> Networks(params string[] ranges) => [.. ranges.Select(IPNetwork.Parse)];

    public ChallengeTask Task(string name, int httpPort, int httpsPort = 1) => new(
        char.IsAsciiDigit(name[^1]) ? Identifier.ParseIp(name) : Identifier.ParseDns(name), Token, KeyAuthorization,
        new ValidationBounds(httpPort, httpsPort, Ranges, AttemptTimeout) { Resolvers = [Dns.Endpoint] });

    public Task<ChallengeOutcome> RunAsync(string name, int httpPort, int httpsPort = 1) =>
        Validator.ValidateAsync(Task(name, httpPort, httpsPort), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Dns.DisposeAsync();
}
