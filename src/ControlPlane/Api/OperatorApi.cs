using Google.Protobuf;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.Protocol;
using GrpcCa.ControlPlane.Access;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>OperatorService: people and tools with client certificates.</summary>
internal sealed class OperatorApi(OperatorRegistry registry, OperatorEnrollment enrollment, OperatorBook book, OnceOnly onceOnly, PageTokens tokens)
    : OperatorService.OperatorServiceBase
{
    public override async Task<Operator> GetOperator(GetOperatorRequest request, ServerCallContext context) =>
        OperatorMapping.ToProto(await registry.GetAsync(IdOf(request.Name), context.CancellationToken));

    public override async Task<ListOperatorsResponse> ListOperators(ListOperatorsRequest request, ServerCallContext context)
    {
        var operators = await book.CurrentAsync(context.CancellationToken);
        var (rows, next) = tokens.Of(operators.All, o => o.Id, request.PageSize, request.PageToken, "operators");
        return new ListOperatorsResponse { Operators = { rows.Select(OperatorMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<CreateOperatorResponse> CreateOperator(CreateOperatorRequest request, ServerCallContext context)
    {
        var draft = OperatorMapping.ToDraft(request.Operator, new FieldChanges(["*"]));
        if (request.ValidateOnly)
            return Answer(await registry.CheckAsync(request.OperatorId, draft, context.CancellationToken));
        return await onceOnly.RunAsync(context, request, request.RequestId, CreateOperatorResponse.Parser, async note =>
        {
            Alongside<OperatorRecord>? alongside = note is null ? null : (session, record) => note(session, Answer(record));
            var (created, token) = await registry.CreateAsync(request.OperatorId, draft, context.Caller().Actor, alongside, context.CancellationToken);
            var answer = Answer(created);
            answer.LoginToken = token.Text;
            answer.TokenExpireTime = Wire.Time(token.ExpiresAt);
            return answer;
        });
    }

    public override async Task<Operator> UpdateOperator(UpdateOperatorRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Operator.Name, ResourceName.Operators, "operator.name");
        var draft = OperatorMapping.ToDraft(request.Operator, new FieldChanges(request.UpdateMask?.Paths ?? []));
        return OperatorMapping.ToProto(await registry.UpdateAsync(
            id, draft, request.Operator.Etag, OwnerOf(context), request.ValidateOnly, context.CancellationToken));
    }

    public override async Task<Operator> DisableOperator(DisableOperatorRequest request, ServerCallContext context) =>
        OperatorMapping.ToProto(await registry.DisableAsync(IdOf(request.Name), OwnerOf(context), context.CancellationToken));

    public override async Task<EnrollOperatorResponse> EnrollOperator(EnrollOperatorRequest request, ServerCallContext context)
    {
        var identity = await enrollment.EnrollAsync(request.Secret, request.CsrDer.Memory, context.CancellationToken);
        return new EnrollOperatorResponse
        {
            Operator = OperatorMapping.ToProto(identity.Operator),
            CertificateDer = ByteString.CopyFrom(identity.CertificateDer),
            IdentityRootDers = { identity.IdentityRoots.Select(r => ByteString.CopyFrom(r)) },
        };
    }

    public override async Task<RenewOperatorIdentityResponse> RenewOperatorIdentity(RenewOperatorIdentityRequest request, ServerCallContext context)
    {
        var caller = context.Caller();
        if (caller.Kind != CallerKind.Operator)
            throw new RefusalException(RefusalReason.FailedPrecondition, $"{caller.Actor} has no identity certificate to renew");
        var identity = await enrollment.RenewAsync(caller.Id, caller.IdentitySerial, request.CsrDer.Memory, context.CancellationToken);
        return new RenewOperatorIdentityResponse
        {
            CertificateDer = ByteString.CopyFrom(identity.CertificateDer),
            IdentityRootDers = { identity.IdentityRoots.Select(r => ByteString.CopyFrom(r)) },
        };
    }

    private static Owner OwnerOf(ServerCallContext context) => new(context.Caller().Actor, context.Caller().Kind == CallerKind.LocalAdmin);

    private static CreateOperatorResponse Answer(OperatorRecord record) => new() { Operator = OperatorMapping.ToProto(record) };

    private static string IdOf(string name) => Wire.Id(name, ResourceName.Operators, "name");
}
