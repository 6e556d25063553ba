namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>How large and how nested a signed request may be; what is beyond is refused before it is read further.</summary>
internal sealed record JwsLimits
{
    /// <summary>Bytes of the whole body; 64 KiB.</summary>
    public int MaxBodyBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes of a newOrder, which is kept with its certificate; 16 KiB.</summary>
    public int MaxNewOrderBytes { get; init; } = 16 * 1024;

    /// <summary>Bytes of a finalize, which is kept with its certificate; 48 KiB.</summary>
    public int MaxFinalizeBytes { get; init; } = 48 * 1024;

    /// <summary>Bytes of a protected header once decoded; 16 KiB hold an RSA-4096 key many times over.</summary>
    public int MaxHeaderBytes { get; init; } = 16 * 1024;

    /// <summary>Members of a protected header or of a key; 32.</summary>
    public int MaxHeaderMembers { get; init; } = 32;

    /// <summary>Depth of any JSON in the request; 10.</summary>
    public int MaxDepth { get; init; } = 10;

    /// <summary>JSON tokens of a payload: braces, brackets, names and values; 4,096 hold an order of 100 names six times.</summary>
    public int MaxPayloadTokens { get; init; } = 4096;
}
