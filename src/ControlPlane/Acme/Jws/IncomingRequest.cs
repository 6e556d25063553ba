using System.Collections.Immutable;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>A signed request as a gateway brought it: the raw body, and what only the gateway can say about it.</summary>
internal sealed record IncomingRequest
{
    /// <summary>The HTTP body as it came.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The resource that the RPC and its ids stand for: what the signed url must name.</summary>
    public required AcmeRoute Route { get; init; }

    /// <summary>The gateway that called, by its client certificate.</summary>
    public required CallingGateway Gateway { get; init; }

    /// <summary>
    /// Every base URL, current or retired, of every gateway that serves the provisioner: where its account URLs may
    /// point. Hosts move and gateways share names, accounts stay.
    /// </summary>
    public required IReadOnlySet<string> AccountOrigins { get; init; }

    /// <summary>Scheme, host and port that the client used, as the gateway saw it.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The client's address as the gateway saw it.</summary>
    public string ClientAddress { get; init; } = "";

    public string UserAgent { get; init; } = "";

    public string RequestId { get; init; } = "";

    public string Provisioner => Route.Provisioner;

    /// <summary>Where links in the answer point: an undeclared host is never echoed.</summary>
    public string LinkOrigin => Gateway.BaseUrls.Contains(Origin) ? Origin : Gateway.BaseUrls[0];
}

/// <summary>What an operator declared about the calling gateway.</summary>
/// <param name="Id">Its id.</param>
/// <param name="BaseUrls">Its current base URLs, such as <c>https://ca.net.gq</c>: no path, no trailing slash.</param>
/// <param name="Provisioners">Ids of the provisioners it may serve; empty serves all.</param>
internal sealed record CallingGateway(string Id, ImmutableArray<string> BaseUrls, ImmutableArray<string> Provisioners)
{
    public bool Serves(string provisioner) => Provisioners.IsEmpty || Provisioners.Contains(provisioner, StringComparer.Ordinal);
}

/// <summary>Which key must have signed (RFC 8555 §6.2).</summary>
internal enum KeyRequirement
{
    /// <summary>An account's key, named by its URL: everything but the two below.</summary>
    Kid = 1,
    /// <summary>The key itself: new-account.</summary>
    Jwk,
    /// <summary>Either: revoke-cert, where the certificate's key may sign.</summary>
    Either,
}
