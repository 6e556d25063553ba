using Grpc.Core;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.CertificateRequests;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Credentials;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;
using Role = GrpcCa.ControlPlane.Access.Role;

namespace GrpcCa.ControlPlane.Api;

// Asking for certificates.
internal sealed partial class CertificateApi
{
    public override async Task<Certificate> CreateCertificate(CreateCertificateRequest request, ServerCallContext context)
    {
        var credential = CredentialOf(request);
        var order = new CertificateApplication(Wire.Id(request.Provisioner, ResourceName.Provisioners, "provisioner"), request.Csr.ToByteArray())
        {
            ProfileId = request.Profile.Length == 0 ? null : Wire.Id(request.Profile, ResourceName.Profiles, "profile"),
            NotBefore = Wire.Moment(request.StartTime, "start_time"),
            NotAfter = Wire.Moment(request.ExpireTime, "expire_time"),
            Credential = credential,
            OperatorActor = credential is null ? OperatorOf(context) : null,
        };
        return await RunAsync(await wishes.ReadAsync(order, context.CancellationToken), request, request.RequestId, request.ValidateOnly, context);
    }

    public override async Task<Certificate> RenewCertificate(RenewCertificateRequest request, ServerCallContext context) => await RunAsync(
        await wishes.ReadRenewalAsync(SerialOf(request.Name), request.Proof, null, RenewerOf(request.Provisioner), context.CancellationToken),
        request, request.RequestId, request.ValidateOnly, context);

    public override async Task<Certificate> RekeyCertificate(RekeyCertificateRequest request, ServerCallContext context) => await RunAsync(
        await wishes.ReadRenewalAsync(SerialOf(request.Name), request.Proof, request.Csr.ToByteArray(), RenewerOf(request.Provisioner), context.CancellationToken),
        request, request.RequestId, request.ValidateOnly, context);

    // Ids of requests are the credential's subject's own: nobody reads another's answer.
    private async Task<Certificate> RunAsync(
        CertificateWish wish, Google.Protobuf.IMessage request, string requestId, bool validateOnly, ServerCallContext context)
    {
        if (validateOnly) return CertificateMapping.ToProto(await requests.PreviewAsync(wish, context.CancellationToken));
        return await onceOnly.RunAsync(context, request, requestId, Certificate.Parser, async note =>
        {
            var issuers = await authorities.CurrentAsync(context.CancellationToken);
            Certificate Answer(CertificateRecord made) => CertificateMapping.ToProto(made, issuers.FindIssuer(made.Issuer)?.Der, time.GetUtcNow());
            return Answer(await requests.IssueAsync(wish, note is null ? null : (session, made) => note(session, Answer(made)), context.CancellationToken));
        }, wish.Actor);
    }

    private static (CredentialKind Kind, string Text)? CredentialOf(CreateCertificateRequest request) => request.CredentialCase switch
    {
        CreateCertificateRequest.CredentialOneofCase.None => null,
        CreateCertificateRequest.CredentialOneofCase.Token => (CredentialKind.Token, request.Token),
        CreateCertificateRequest.CredentialOneofCase.OidcToken => (CredentialKind.OidcToken, request.OidcToken),
        CreateCertificateRequest.CredentialOneofCase.X5CToken => (CredentialKind.X5cToken, request.X5CToken),
        _ => throw new RefusalException(RefusalReason.InvalidArgument, "the credential is of a kind that this program does not know") { Field = "credential" },
    };

    // Anybody may call, by a credential; without one the caller's own role counts.
    private static string? OperatorOf(ServerCallContext context)
    {
        var caller = context.Caller();
        if (caller.Fault is { } fault) throw new RefusalException(RefusalReason.Unauthenticated, fault.Detail);
        if (caller.Kind == CallerKind.Anonymous) return null;
        return caller.Role is Role.Issuer or Role.Operator or Role.Owner
            ? caller.Actor
            : throw new RefusalException(RefusalReason.PermissionDenied, $"{caller.Actor} is {caller.Role}; without a token only issuers, operators and owners ask for certificates");
    }

    private static string? RenewerOf(string provisioner) => provisioner.Length == 0 ? null : Wire.Id(provisioner, ResourceName.Provisioners, "provisioner");
}
