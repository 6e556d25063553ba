using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Gateways;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>ProfileService: what the certificates look like.</summary>
internal sealed class ProfileApi(ProfileBook book, ProfileEditing editing, OnceOnly onceOnly, PageTokens tokens) : ProfileService.ProfileServiceBase
{
    public override async Task<Profile> GetProfile(GetProfileRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Name, ResourceName.Profiles, "name");
        return (await book.CurrentAsync(context.CancellationToken)).TryGetValue(id, out var profile)
            ? ProfileMapping.ToProto(profile)
            : throw new RefusalException(RefusalReason.NotFound, $"there is no profile {Excerpt.Of(id)}");
    }

    public override async Task<ListProfilesResponse> ListProfiles(ListProfilesRequest request, ServerCallContext context)
    {
        var all = (await book.CurrentAsync(context.CancellationToken)).Values.OrderBy(p => p.Id, StringComparer.Ordinal);
        var (rows, next) = tokens.Of(all, p => p.Id, request.PageSize, request.PageToken, "profiles");
        return new ListProfilesResponse { Profiles = { rows.Select(ProfileMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<Profile> CreateProfile(CreateProfileRequest request, ServerCallContext context)
    {
        ChosenId.Check(request.ProfileId, "profile_id");
        var wanted = ProfileMapping.ToRecord(request.ProfileId, request.Profile);
        if (request.ValidateOnly)
        {
            ProfileEditing.Check(wanted);
            return ProfileMapping.ToProto(wanted);
        }
        return await onceOnly.RunAsync(context, request, request.RequestId, Profile.Parser, async note => ProfileMapping.ToProto(
            await editing.CreateAsync(wanted, context.Caller().Actor, note is null ? null : (session, made) => note(session, ProfileMapping.ToProto(made)), context.CancellationToken)));
    }

    public override async Task<Profile> UpdateProfile(UpdateProfileRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Profile.Name, ResourceName.Profiles, "profile.name");
        var changes = new FieldChanges(request.UpdateMask?.Paths ?? []);
        return ProfileMapping.ToProto(await editing.UpdateAsync(
            id, request.Profile.Etag, old => ProfileMapping.Apply(old, request.Profile, changes), context.Caller().Actor, context.CancellationToken));
    }

    public override async Task<Empty> DeleteProfile(DeleteProfileRequest request, ServerCallContext context)
    {
        await editing.DeleteAsync(Wire.Id(request.Name, ResourceName.Profiles, "name"), context.Caller().Actor, context.CancellationToken);
        return new Empty();
    }
}
