using GrpcCa.ControlPlane.Provisioners;

namespace GrpcCa.ControlPlane.Acme.Limits;

/// <summary><c>Limits:*</c>: how much clients may ask for, where their provisioner does not say otherwise. 0 is unlimited.</summary>
internal sealed record LimitOptions
{
    /// <summary>The most that any limit can be set to.</summary>
    public const int Largest = 1_000_000;

    // The defaults stop a client that runs wild for hours, and nobody's home or load test.

    /// <summary>New accounts from one address in three hours; default 5,000.</summary>
    public int AccountsPerAddress { get; init; } = 5000;

    /// <summary>New accounts of one provisioner in three hours, wherever they come from; default 50,000.</summary>
    public int Accounts { get; init; } = 50_000;

    /// <summary>New orders of one account in three hours; default 100,000.</summary>
    public int OrdersPerAccount { get; init; } = 100_000;

    /// <summary>New orders from one address in three hours; default 200,000.</summary>
    public int OrdersPerAddress { get; init; } = 200_000;

    /// <summary>New orders of one account with one name in a week; default 100,000.</summary>
    public int OrdersPerName { get; init; } = 100_000;

    /// <summary>New orders of one provisioner in three hours; default 1,000,000.</summary>
    public int Orders { get; init; } = 1_000_000;

    /// <summary>Authorizations of one account that are pending at a time; default 1,000.</summary>
    public int PendingAuthorizationsPerAccount { get; init; } = 1000;

    /// <summary>Failed validations of one name by one account in an hour; default 600.</summary>
    public int FailedValidationsPerAccountAndName { get; init; } = 600;

    /// <summary>A page that explains the limits, linked from refusals (RFC 8555 §6.6); default none.</summary>
    public string? HelpUrl { get; init; }

    /// <summary>Buckets that are remembered for each limit, 100 bytes each or so; beyond it the fullest are forgotten; default 100,000.</summary>
    public int MostBuckets { get; init; } = 100_000;

    /// <summary>What the provisioner says, else the option; 0 or less is unlimited.</summary>
    public int SizeOf(LimitKind limit, ProvisionerLimits own) => limit switch
    {
        LimitKind.AccountsPerAddress => own.AccountsPerAddress ?? AccountsPerAddress,
        LimitKind.Accounts => own.Accounts ?? Accounts,
        LimitKind.OrdersPerAccount => own.OrdersPerAccount ?? OrdersPerAccount,
        LimitKind.OrdersPerAddress => own.OrdersPerAddress ?? OrdersPerAddress,
        LimitKind.OrdersPerName => own.OrdersPerName ?? OrdersPerName,
        LimitKind.Orders => own.Orders ?? Orders,
        LimitKind.PendingAuthorizationsPerAccount => own.PendingAuthorizationsPerAccount ?? PendingAuthorizationsPerAccount,
        LimitKind.FailedValidationsPerAccountAndName => own.FailedValidationsPerAccountAndName ?? FailedValidationsPerAccountAndName,
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, "no such limit"),
    };
}
