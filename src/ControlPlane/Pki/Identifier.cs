namespace GrpcCa.ControlPlane.Pki;

/// <summary>The kinds of names a certificate can carry (RFC 8555 §9.7.7).</summary>
internal enum IdentifierType
{
    Dns = 1,
    Ip = 2,
}

/// <summary>
/// A name in canonical form, parsed once at the door: a dns name as lower-case A-labels with at most one leading
/// <c>*.</c>, or an IP address in its canonical text form. Equality is ordinal.
/// </summary>
internal sealed partial record Identifier
{
    private Identifier(IdentifierType type, string value)
    {
        Type = type;
        Value = value;
    }

    public IdentifierType Type { get; }

    /// <summary>Canonical text: <c>nas.net.gq</c>, <c>*.net.gq</c>, <c>100.64.0.1</c>, <c>fd7a:115c:a1e0::1</c>.</summary>
    public string Value { get; }

    /// <summary>dns or ip, as ACME writes it.</summary>
    public string TypeName => Type == IdentifierType.Dns ? "dns" : "ip";

    public bool IsWildcard => Type == IdentifierType.Dns && Value.StartsWith("*.", StringComparison.Ordinal);

    /// <summary>The name without <c>*.</c>: what an authorization is about (RFC 8555 §7.1.4).</summary>
    public Identifier WithoutWildcard => IsWildcard ? new(Type, Value[2..]) : this;

    public override string ToString() => $"{TypeName}:{Value}";
}
