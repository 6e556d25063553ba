using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Orders as operators see them.</summary>
internal static class OrderMapping
{
    /// <summary>The order without its attempts.</summary>
    public static V1.Order ToProto(OrderView view) => new()
    {
        Name = view.Order.Name,
        Account = ResourceName.Of(ResourceName.Accounts, view.Order.AccountId),
        Provisioner = ResourceName.Of(ResourceName.Provisioners, view.Order.ProvisionerId),
        State = view.Status.ToString().ToLowerInvariant(),
        Identifiers = { view.Order.Identifiers.Select(i => i.ToString()) },
        CreateTime = Wire.Time(view.Order.CreatedAt),
        ExpireTime = Wire.Time(view.Order.ExpiresAt),
        Certificate = view.Order.CertificateSerial is { } serial ? ResourceName.Of(ResourceName.Certificates, serial) : "",
        Error = view.Error?.Detail ?? "",
    };

    /// <summary>With what validation tried, in time's order.</summary>
    public static V1.Order WithAttempts(OrderView view)
    {
        var order = ToProto(view);
        order.Attempts.Add(view.Authorizations
            .SelectMany(a => a.Challenges.SelectMany(c => c.Attempts.Select(attempt => (a, c, attempt))))
            .OrderBy(t => t.attempt.StartedAt)
            .Select(t => ToProto(t.a, t.c, t.attempt)));
        return order;
    }

    private static ValidationAttempt ToProto(Authorization authorization, Challenge challenge, Attempt attempt) => new()
    {
        Identifier = authorization.Identifier.ToString(),
        ChallengeType = challenge.Type,
        StartTime = Wire.Time(attempt.StartedAt),
        Duration = Duration.FromTimeSpan(attempt.Duration),
        Url = attempt.Url,
        AddressesResolved = { attempt.AddressesResolved },
        AddressDialled = attempt.AddressDialled,
        HttpStatus = attempt.HttpStatus,
        BytesRead = attempt.BytesRead,
        Error = attempt.Error,
    };
}
