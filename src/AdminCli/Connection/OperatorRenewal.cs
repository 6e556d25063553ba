using Google.Protobuf;
using Grpc.Core;
using GrpcCa.Host.Identity;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Connection;

/// <summary>Replaces the operator's client certificate silently while the old one still works.</summary>
internal static class OperatorRenewal
{
    public static async Task RenewAsync(CallInvoker server, CallOptions call, string identityDirectory)
    {
        var store = new IdentityStore(identityDirectory);
        using var key = new FreshKey();
        var request = new RenewOperatorIdentityRequest { CsrDer = ByteString.CopyFrom(key.SigningRequest()) };
        var answer = await new OperatorService.OperatorServiceClient(server).RenewOperatorIdentityAsync(request, call);
        var der = answer.CertificateDer.ToByteArray();
        // A certificate that is not for this key would lock the operator out.
        key.Join(der).Dispose();
        if (answer.IdentityRootDers.Count > 0) store.SaveRoots(answer.IdentityRootDers.Select(r => r.ToByteArray()));
        store.SaveIdentity(key, der);
    }
}
