using Google.Protobuf.WellKnownTypes;
using GrpcCa.TestKit;
using GrpcCa.V1;

namespace GrpcCa.Gateway.Tests.Endpoints;

/// <summary>One answer for each RPC, with every field that a gateway prints.</summary>
internal static class Canned
{
    public const string Base = "https://ca.test/acme/acme/";
    private static readonly Timestamp Expires = Timestamp.FromDateTimeOffset(new DateTimeOffset(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    public static AcmeAccount Account => new()
    {
        Status = "valid",
        Contact = { "mailto:ann+acme@net.gq" },
        TermsOfServiceAgreed = true,
        OrdersUrl = Base + "account/a1/orders",
        KeyJson = """{"kty":"EC","crv":"P-256","x":"x","y":"y"}""",
    };

    public static AcmeOrder Order => new()
    {
        Status = "pending",
        ExpireTime = Expires,
        Identifiers = { new AcmeIdentifier { Type = "dns", Value = "nas.net.gq" } },
        Authorizations = { Base + "authz/z1" },
        FinalizeUrl = Base + "order/o1/finalize",
    };

    public static AcmeChallenge Challenge => new() { Type = "http-01", Url = Base + "challenge/z1/h1", Status = "pending", Token = "tok" };

    public static AcmeAuthorization Authorization => new()
    {
        Identifier = new AcmeIdentifier { Type = "dns", Value = "nas.net.gq" },
        Status = "pending",
        ExpireTime = Expires,
        Challenges = { Challenge },
    };

    public static void Fill(FakeControlPlane plane)
    {
        plane.Answers(new NewAccountResponse { Location = Base + "account/a1", Created = true, Account = Account });
        plane.Answers(new PostAccountResponse { Location = Base + "account/a1", Account = Account });
        plane.Answers(new PostAccountOrdersResponse { Orders = { Base + "order/o1" }, NextUrl = Base + "account/a1/orders/c8" });
        plane.Answers(new KeyChangeResponse { Location = Base + "account/a1", Account = Account });
        plane.Answers(new NewOrderResponse { Location = Base + "order/o1", Order = Order });
        plane.Answers(new PostOrderResponse { Location = Base + "order/o1", Order = Order, RetryAfter = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1500)) });
        plane.Answers(new FinalizeOrderResponse { Location = Base + "order/o1", Order = Order });
        plane.Answers(new NewAuthorizationResponse { Location = Base + "authz/z1", Authorization = Authorization });
        plane.Answers(new PostAuthorizationResponse { Authorization = Authorization, RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) });
        plane.Answers(new PostChallengeResponse { Challenge = Challenge, AuthorizationUrl = Base + "authz/z1", RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)) });
        plane.Answers(new PostCertificateResponse { PemChain = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", AlternateUrls = { Base + "certificate/c1/1" } });
    }
}
