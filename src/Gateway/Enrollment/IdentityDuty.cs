using Google.Protobuf;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Host.Identity;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>Renews the identity certificate, with a fresh key, at two thirds of its life.</summary>
internal sealed class IdentityDuty(ControlPlaneLink link, CallPolicy calls, IdentityStore store, TimeProvider time, ILogger<IdentityDuty> log)
    : Duty("Renewing the identity certificate", time, log)
{
    protected override DateTimeOffset Due => link.Identity.RenewAt;

    protected override async Task DoAsync(CancellationToken ct)
    {
        using var key = new FreshKey();
        var request = new RenewIdentityRequest { CsrDer = ByteString.CopyFrom(key.SigningRequest()) };
        var answer = await calls.AskAsync(options => link.Gateways.RenewIdentityAsync(request, options), ct);
        var der = answer.CertificateDer.ToByteArray();
        using (key.Join(der))
        {
            if (answer.IdentityRootDers.Count > 0) store.SaveRoots(answer.IdentityRootDers.Select(r => r.ToByteArray()));
            store.SaveIdentity(key, der);
        }
        var renewed = store.Load();
        link.Trust.RootDers = renewed.RootDers;
        link.Replace(renewed);
        Log.IdentityRenewed(renewed.NotAfter);
    }
}
