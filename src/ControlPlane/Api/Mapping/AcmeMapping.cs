using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.V1;
using Order = GrpcCa.ControlPlane.Acme.Orders.Order;
using RoomAccount = GrpcCa.ControlPlane.Acme.Accounts.Account;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>ACME objects as the wire has them (RFC 8555 §7.1).</summary>
internal static class AcmeMapping
{
    public static AcmeAccount Account(RoomAccount account, AcmeUrls urls)
    {
        var wire = new AcmeAccount
        {
            Status = Word(account.Status.ToString()),
            TermsOfServiceAgreed = account.TermsAgreed,
            OrdersUrl = urls.AccountOrders(account.Id),
            KeyJson = account.Key.CanonicalJson,
            ExternalAccountBindingJson = account.Binding ?? "",
        };
        wire.Contact.Add(account.Contacts);
        return wire;
    }

    public static AcmeOrder Order(OrderView view, AcmeUrls urls)
    {
        var order = view.Order;
        var wire = new AcmeOrder
        {
            Status = Word(view.Status.ToString()),
            ExpireTime = Timestamp.FromDateTimeOffset(order.ExpiresAt),
            NotBefore = Time(order.NotBefore),
            NotAfter = Time(order.NotAfter),
            FinalizeUrl = urls.Finalize(order.Id),
            CertificateUrl = order.CertificateSerial is { } serial ? urls.Certificate(serial) : "",
            Profile = order.ProfileWanted ?? "",
            Replaces = order.Replaces ?? "",
            Error = view.Error is { } error ? Problem(error.Reason, error.Detail, error.Identifier) : null,
        };
        wire.Identifiers.Add(order.Identifiers.Select(Name));
        wire.Authorizations.Add(order.AuthorizationIds.Select(urls.Authorization));
        return wire;
    }

    public static AcmeAuthorization Authorization(Authorization authorization, DateTimeOffset now, AcmeUrls urls)
    {
        var status = authorization.StatusAt(now);
        var wire = new AcmeAuthorization
        {
            Identifier = Name(authorization.Identifier),
            Status = Word(status.ToString()),
            ExpireTime = Timestamp.FromDateTimeOffset(authorization.ExpiresAt),
            Wildcard = authorization.Wildcard,
        };
        // RFC 8555 §7.1.4: once valid or invalid, only the challenge that decided is shown.
        var shown = status switch
        {
            AuthorizationStatus.Valid => authorization.Challenges.Where(c => c.Status == ChallengeStatus.Valid),
            AuthorizationStatus.Invalid => authorization.Challenges.Where(c => c.Status == ChallengeStatus.Invalid),
            _ => authorization.Challenges,
        };
        wire.Challenges.Add(shown.Select(c => Challenge(authorization, c, urls)));
        return wire;
    }

    public static AcmeChallenge Challenge(Authorization authorization, Challenge challenge, AcmeUrls urls) => new()
    {
        Type = challenge.Type,
        Url = urls.Challenge(authorization.Id, challenge.Id),
        Status = Word(challenge.Status.ToString()),
        Token = challenge.Token,
        ValidateTime = Time(challenge.ValidatedAt),
        Error = challenge.Error is { } error ? Problem(error.Reason, error.Detail, null) : null,
    };

    private static AcmeProblem Problem(RefusalReason reason, string detail, Identifier? identifier)
    {
        var row = RefusalTable.Of(reason);
        var problem = new AcmeProblem { Type = row.AcmeType, Status = row.HttpStatus, Detail = detail };
        if (identifier is not null) problem.Subproblems.Add(new AcmeSubproblem { Type = row.AcmeType, Detail = detail, Identifier = Name(identifier) });
        return problem;
    }

    private static AcmeIdentifier Name(Identifier identifier) => new() { Type = identifier.TypeName, Value = identifier.Value };

    private static Timestamp? Time(DateTimeOffset? time) => time is { } moment ? Timestamp.FromDateTimeOffset(moment) : null;

    private static string Word(string state) => state.ToLowerInvariant();
}
