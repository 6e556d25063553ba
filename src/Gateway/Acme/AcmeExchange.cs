using Google.Protobuf;
using Grpc.Core;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Acme;

/// <summary>What an endpoint knows of one ACME request: route, directory, and for a POST the bytes that the client signed.</summary>
internal sealed class AcmeExchange(HttpContext http, AcmeRoute route, GatewaySnapshot config, GatewayConfig.Types.DirectoryConfig directory,
    ControlPlaneLink link, CallPolicy calls, NoncePool nonces)
{
    private const int LongestUserAgent = 256;

    // Only a declared base URL is passed on or echoed; an undeclared Host stays here.
    private readonly string? declared = config.OriginOf(http.Request.Host.Value);

    public HttpRequest Request => http.Request;

    public GatewaySnapshot Config => config;

    public AcmeRoute Route => route;

    public GatewayConfig.Types.DirectoryConfig Directory => directory;

    public NoncePool Nonces => nonces;

    /// <summary>The request body; empty unless this is a POST.</summary>
    public byte[] Body { get; set; } = [];

    /// <summary>The origin that links use.</summary>
    public string Origin => declared ?? config.FirstOrigin;

    /// <summary>The absolute URL of a resource of this directory.</summary>
    public string Url(AcmeResource resource) => Origin + new AcmeRoute(resource, route.Provisioner).Path;

    /// <summary>Carries the signed request to the control plane: one call, never repeated.</summary>
    public Task<T> SendAsync<T>(Func<AcmeService.AcmeServiceClient, SignedRequest, CallOptions, AsyncUnaryCall<T>> call)
    {
        var signed = Signed();
        return calls.SendAsync(options => call(link.Acme, signed, options));
    }

    /// <summary>Asks the control plane something that nobody has to sign for.</summary>
    public Task<T> AskAsync<T>(Func<AcmeService.AcmeServiceClient, CallOptions, AsyncUnaryCall<T>> call) =>
        calls.ReadAsync(options => call(link.Acme, options), http.RequestAborted);

    private SignedRequest Signed() => new()
    {
        Provisioner = ResourceName.Of(ResourceName.Provisioners, route.Provisioner),
        // The array is ours and is not written to again: no copy.
        Body = UnsafeByteOperations.UnsafeWrap(Body),
        Origin = declared ?? "",
        ClientAddress = ClientAddress(http),
        UserAgent = UserAgent(http),
    };

    public static string ClientAddress(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        return (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? "";
    }

    private static string UserAgent(HttpContext http)
    {
        var text = http.Request.Headers.UserAgent.ToString();
        if (text.Length > LongestUserAgent) text = text[..LongestUserAgent];
        return text.All(c => c is >= ' ' and <= '~') ? text : string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'));
    }
}
