using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>ProfileService: what the certificates look like.</summary>
internal sealed class ProfileApi(ProfileBook book) : ProfileService.ProfileServiceBase
{
    public override async Task<Profile> GetProfile(GetProfileRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Profiles, "name");
        return (await book.CurrentAsync(context.CancellationToken)).TryGetValue(id, out var profile)
            ? ToProto(profile)
            : throw new RefusalException(RefusalReason.NotFound, $"there is no profile {Excerpt.Of(id)}");
    }

    public override async Task<ListProfilesResponse> ListProfiles(ListProfilesRequest request, ServerCallContext context)
    {
        var all = (await book.CurrentAsync(context.CancellationToken)).Values.OrderBy(p => p.Id, StringComparer.Ordinal);
        var (rows, next) = Pages.Of(all, p => p.Id, request.PageSize, request.PageToken, "profiles");
        return new ListProfilesResponse { Profiles = { rows.Select(ToProto) }, NextPageToken = next };
    }

    private static Profile ToProto(ProfileRecord profile) => new()
    {
        Name = ResourceName.Of(ResourceName.Profiles, profile.Id),
        Description = profile.Description,
        Lifetime = Duration.FromTimeSpan(profile.Lifetime),
        Backdate = Duration.FromTimeSpan(profile.Backdate),
        ExtendedKeyUsages = { profile.ExtendedKeyUsages },
        KeyTypes = { profile.KeyTypes },
    };
}
