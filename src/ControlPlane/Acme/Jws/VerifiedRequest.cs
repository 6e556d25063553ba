using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>A request that its signer is known to have made; only <see cref="RequestVerifier"/> makes one.</summary>
internal sealed class VerifiedRequest(IncomingRequest request, SignedMessage message, AccountKey? account, JwsLimits limits)
{
    /// <summary>The account that signed; null when a jwk did.</summary>
    public AccountKey? Account => account;

    /// <summary>The key that signed, when it came with the request; null when an account did.</summary>
    public JsonWebKey? Jwk => message.Jwk;

    /// <summary>The key that signed, the account's or its own.</summary>
    public JsonWebKey Key => account?.Key ?? message.Jwk!;

    /// <summary>The account URL as signed; null when a jwk signed.</summary>
    public string? Kid => message.Kid;

    /// <summary>The url as signed: an inner JWS must repeat it.</summary>
    public string Url => message.Url;

    public ReadOnlyMemory<byte> Payload => message.Payload;

    public bool IsPostAsGet => message.IsPostAsGet;

    /// <summary>The signed body as it came.</summary>
    public ReadOnlyMemory<byte> Evidence => message.Evidence;

    /// <summary>Where it came from: gateway, origin, client address, user agent, request id, provisioner, route.</summary>
    public IncomingRequest Context => request;

    public JwsLimits Limits => limits;

    /// <summary>Refuses a payload where the resource is only fetched (RFC 8555 §6.3); <c>{}</c> is one too.</summary>
    public void RequirePostAsGet()
    {
        if (!IsPostAsGet)
            throw new RefusalException(RefusalReason.Malformed, "this resource is only fetched: the payload must be the empty string");
    }

    /// <summary>Reads the payload as an object.</summary>
    public JsonPayload RequireObject()
    {
        if (IsPostAsGet) throw new RefusalException(RefusalReason.Malformed, "the payload is empty, but an object is due");
        return JsonPayload.Parse(Payload.Span, limits);
    }
}
