using System.Diagnostics.CodeAnalysis;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>
/// A signed ACME request, read strictly but not yet believed (RFC 8555 §6.2): the first thing that looks into the
/// bytes a client sent.
/// </summary>
internal sealed class SignedMessage
{
    private const string Body = "the request body";

    private readonly FlattenedJws jws;

    private SignedMessage(FlattenedJws jws, ReadOnlyMemory<byte> evidence)
    {
        this.jws = jws;
        Evidence = evidence;
    }

    public required JwsAlgorithm Algorithm { get; init; }

    public required string Nonce { get; init; }

    public required string Url { get; init; }

    /// <summary>The account URL; null exactly when <see cref="Jwk"/> is not.</summary>
    public string? Kid { get; private init; }

    public JsonWebKey? Jwk { get; private init; }

    public ReadOnlyMemory<byte> Payload => jws.Payload;

    /// <summary>The payload is the empty string (RFC 8555 §6.3).</summary>
    public bool IsPostAsGet => jws.Payload.Length == 0;

    /// <summary>The body as it came: what the certificate keeps as evidence of who asked.</summary>
    public ReadOnlyMemory<byte> Evidence { get; }

    /// <summary>Reads a body or refuses it; for callers that have no nonce to redeem.</summary>
    public static SignedMessage Parse(ReadOnlyMemory<byte> body, JwsLimits limits)
    {
        var reading = Read(body, limits);
        return reading.IsMessage ? reading.Message : throw reading.Refusal;
    }

    /// <summary>
    /// Reads a body without throwing: the message or the refusal, and the nonce wherever the protected header can
    /// be read at all, because it is used up whatever else is wrong (RFC 8555 §6.5).
    /// </summary>
    public static JwsReading Read(ReadOnlyMemory<byte> body, JwsLimits limits)
    {
        var fault = new FirstFault();
        var parts = FlattenedJws.Read(body.Span, Body, limits, fault);
        if (parts.Protected is null) return new() { Refusal = fault.Refusal! };
        var header = ProtectedHeader.Read(parts.Protected, Body, limits, fault);
        if (fault.Refusal is { } refusal) return new() { Nonce = header.Nonce, Refusal = refusal };
        try
        {
            return new() { Nonce = header.Nonce, Message = Understand(parts, header, body, limits) };
        }
        catch (RefusalException e)
        {
            return new() { Nonce = header.Nonce, Refusal = e };
        }
    }

    /// <summary>Checks that the key made the signature, by the algorithm that belongs to it.</summary>
    public void Verify(JsonWebKey key) => jws.Verify(Algorithm, key, Body);

    private static SignedMessage Understand(FlattenedJws parts, ProtectedHeader header, ReadOnlyMemory<byte> body, JwsLimits limits)
    {
        var algorithm = JwsAlgorithms.Parse(header.Algorithm ?? throw Malformed("the protected header has no alg"));
        var url = header.Url ?? throw Malformed("the protected header has no url");
        if (header.Jwk is null && header.Kid is null) throw Malformed("the protected header has neither jwk nor kid");
        if (header.Jwk is not null && header.Kid is not null) throw Malformed("the protected header has both jwk and kid");
        var jwk = header.Jwk is null ? null : JsonWebKey.Parse(header.Jwk, "jwk", limits);
        if (jwk is not null && !algorithm.Fits(jwk.PublicKey.Type))
        {
            throw new RefusalException(RefusalReason.BadSignatureAlgorithm,
                $"alg {algorithm} does not fit the key, which is {jwk.PublicKey.TypeText}");
        }
        var nonce = header.Nonce ?? throw new RefusalException(RefusalReason.BadNonce, "the protected header has no nonce");
        return new(parts, body) { Algorithm = algorithm, Nonce = nonce, Url = url, Kid = header.Kid, Jwk = jwk };
    }

    private static RefusalException Malformed(string detail) => new(RefusalReason.Malformed, detail);
}

/// <summary>What a first reading of a body found: a message or a refusal, and the nonce if it came to light.</summary>
internal readonly record struct JwsReading
{
    public SignedMessage? Message { get; init; }

    public RefusalException? Refusal { get; init; }

    public string? Nonce { get; init; }

    /// <summary>True when there is a message; otherwise there is a refusal.</summary>
    [MemberNotNullWhen(true, nameof(Message))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsMessage => Message is not null;
}
