using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>A JWS inside the payload of a verified request (RFC 8555 §7.3.4, §7.3.5): no nonce, and the url of the outer one.</summary>
internal sealed class InnerMessage
{
    private InnerMessage(FlattenedJws jws, ProtectedHeader header, string algorithm)
    {
        Jws = jws;
        Header = header;
        Algorithm = algorithm;
    }

    public FlattenedJws Jws { get; }

    public ProtectedHeader Header { get; }

    public string Algorithm { get; }

    /// <summary>Reads it and checks what both kinds share; signature and key are their own.</summary>
    public static InnerMessage Parse(ReadOnlySpan<byte> json, string what, VerifiedRequest outer)
    {
        var fault = new FirstFault();
        var jws = FlattenedJws.Read(json, what, outer.Limits, fault);
        if (fault.Refusal is { } broken) throw broken;
        var header = ProtectedHeader.Read(jws.Protected, what, outer.Limits, fault);
        if (fault.Refusal is { } wrong) throw wrong;
        var algorithm = header.Algorithm ?? throw Malformed($"the protected header of {what} has no alg");
        if (header.Nonce is not null) throw Malformed($"the protected header of {what} has a nonce, which only the outer JWS may have");
        var url = header.Url ?? throw Malformed($"the protected header of {what} has no url");
        if (url != outer.Url) throw Malformed($"url of {what} is {Excerpt.Of(url)}, but that of the outer JWS is {Excerpt.Of(outer.Url)}");
        return new(jws, header, algorithm);
    }

    private static RefusalException Malformed(string detail) => new(RefusalReason.Malformed, detail);
}
