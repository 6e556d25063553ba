using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>URLs in the answer to one request: below the origin the client used, if it is the gateway's.</summary>
internal readonly struct AcmeUrls(VerifiedRequest request)
{
    private readonly string origin = request.Context.LinkOrigin;
    private readonly string provisioner = request.Context.Provisioner;

    public string Account(string id) => Url(AcmeResource.Account, id);

    public string AccountOrders(string id, string cursor = "") => Url(AcmeResource.AccountOrders, id, cursor);

    public string Order(string id) => Url(AcmeResource.Order, id);

    public string Finalize(string id) => Url(AcmeResource.Finalize, id);

    public string Authorization(string id) => Url(AcmeResource.Authorization, id);

    public string Challenge(string authorizationId, string id) => Url(AcmeResource.Challenge, authorizationId, id);

    public string Certificate(string id, string chain = "") => Url(AcmeResource.Certificate, id, chain);

    private string Url(AcmeResource resource, string id, string subId = "") => origin + new AcmeRoute(resource, provisioner, id, subId).Path;
}
