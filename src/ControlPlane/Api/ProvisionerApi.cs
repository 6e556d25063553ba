using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>ProvisionerService: who may ask for certificates, and how.</summary>
internal sealed class ProvisionerApi(ProvisionerBook book) : ProvisionerService.ProvisionerServiceBase
{
    public override async Task<Provisioner> GetProvisioner(GetProvisionerRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Provisioners, "name");
        return (await book.CurrentAsync(context.CancellationToken)).TryGetValue(id, out var provisioner)
            ? ToProto(provisioner)
            : throw new RefusalException(RefusalReason.NotFound, $"there is no provisioner {Excerpt.Of(id)}");
    }

    public override async Task<ListProvisionersResponse> ListProvisioners(ListProvisionersRequest request, ServerCallContext context)
    {
        var all = (await book.CurrentAsync(context.CancellationToken)).Values.OrderBy(p => p.Id, StringComparer.Ordinal);
        var (rows, next) = Pages.Of(all, p => p.Id, request.PageSize, request.PageToken, "provisioners");
        return new ListProvisionersResponse { Provisioners = { rows.Select(ToProto) }, NextPageToken = next };
    }

    private static Provisioner ToProto(ProvisionerRecord provisioner) => new()
    {
        Name = provisioner.Name,
        DisplayName = provisioner.DisplayName,
        Authority = ResourceName.Of(ResourceName.Authorities, provisioner.AuthorityId),
        DefaultProfile = ResourceName.Of(ResourceName.Profiles, provisioner.DefaultProfile),
        Disabled = provisioner.Disabled,
        Acme = new AcmeProvisioner
        {
            Challenges = { provisioner.Challenges },
            Http01Port = provisioner.Http01Port ?? 0,
            TlsAlpn01Port = provisioner.TlsAlpn01Port ?? 0,
            Ranges = { provisioner.Ranges },
            OrderLifetime = Duration.FromTimeSpan(provisioner.OrderLifetime),
            AuthorizationReuse = Duration.FromTimeSpan(provisioner.AuthorizationReuse),
            TermsOfServiceUrl = provisioner.TermsOfServiceUrl ?? "",
            WebsiteUrl = provisioner.WebsiteUrl ?? "",
        },
        CreateTime = Wire.Time(provisioner.CreatedAt),
        UpdateTime = Wire.Time(provisioner.UpdatedAt),
        Etag = $"v{provisioner.Version}",
    };
}
