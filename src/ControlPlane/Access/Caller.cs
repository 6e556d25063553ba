using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Access;

/// <summary>How a caller is known.</summary>
internal enum CallerKind
{
    Anonymous,
    Gateway,
    Operator,
    LocalAdmin,
}

/// <summary>Who calls, as the connection proves it and our own books confirm it for this one call.</summary>
/// <param name="Kind">How it is known.</param>
/// <param name="Id">The gateway's or operator's id, the uid of a local admin; empty for an anonymous caller.</param>
/// <param name="Role">The one role it has; <see cref="Role.Anyone"/> for an anonymous caller.</param>
internal sealed record Caller(CallerKind Kind, string Id, Role Role)
{
    public static readonly Caller Anonymous = new(CallerKind.Anonymous, "", Role.Anyone);

    /// <summary>Serial of the identity certificate, lower-case hex; empty where there is none.</summary>
    public string IdentitySerial { get; init; } = "";

    /// <summary>The only provisioners that an operator or issuer acts on; empty means all.</summary>
    public ImmutableArray<string> Provisioners { get; init; } = [];

    /// <summary>Why an identity that was shown does not count; null when it does or none was shown.</summary>
    public IdentityFault? Fault { get; init; }

    /// <summary>The audit's word for the caller.</summary>
    public string Actor => Kind switch
    {
        CallerKind.Gateway => "gateways/" + Id,
        CallerKind.Operator => "operators/" + Id,
        CallerKind.LocalAdmin => "local/uid/" + Id,
        _ => "anonymous",
    };

    public static Caller Gateway(string id, string serial) => new(CallerKind.Gateway, id, Role.Gateway) { IdentitySerial = serial };

    public static Caller Operator(string id, Role role, string serial) => new(CallerKind.Operator, id, role) { IdentitySerial = serial };

    /// <summary>A process on the admin socket is an owner: the socket's directory is its user's alone.</summary>
    public static Caller LocalAdmin(uint uid) => new(CallerKind.LocalAdmin, uid.ToString(), Role.Owner);

    /// <summary>Has no more rights than anybody, and remembers why.</summary>
    public static Caller Refused(IdentityFault fault) => Anonymous with { Fault = fault };
}

/// <summary>Why an identity does not count.</summary>
/// <param name="Kind">Which of the kinds of faults.</param>
/// <param name="Detail">A sentence for whoever runs the caller.</param>
internal sealed record IdentityFault(IdentityFaultKind Kind, string Detail);

/// <summary>The kinds of faults of an identity; a caller reacts to them differently.</summary>
internal enum IdentityFaultKind
{
    /// <summary>Not ours, expired, replaced by a later enrolment: enrol again.</summary>
    Unacceptable,
    /// <summary>Known, and refused by an operator: only an operator can help.</summary>
    Disabled,
}
