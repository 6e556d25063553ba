using System.Collections.Immutable;
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
internal sealed class ProfileApi(ProfileBook book, ProfileEditing editing, OnceOnly onceOnly) : ProfileService.ProfileServiceBase
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

    public override async Task<Profile> CreateProfile(CreateProfileRequest request, ServerCallContext context)
    {
        ChosenId.Check(request.ProfileId, "profile_id");
        var wanted = Apply(new ProfileRecord { Id = request.ProfileId }, request.Profile, new FieldChanges([]));
        if (request.ValidateOnly)
        {
            ProfileEditing.Check(wanted);
            return ToProto(wanted);
        }
        return await onceOnly.RunAsync(context, request, request.RequestId, Profile.Parser, async note => ToProto(
            await editing.CreateAsync(wanted, context.Caller().Actor, note is null ? null : (session, made) => note(session, ToProto(made)), context.CancellationToken)));
    }

    public override async Task<Profile> UpdateProfile(UpdateProfileRequest request, ServerCallContext context)
    {
        var id = Wire.Id(request.Profile.Name, ResourceName.Profiles, "profile.name");
        var changes = new FieldChanges(request.UpdateMask?.Paths ?? []);
        return ToProto(await editing.UpdateAsync(
            id, request.Profile.Etag, old => Apply(old, request.Profile, changes), context.Caller().Actor, context.CancellationToken));
    }

    public override async Task<Empty> DeleteProfile(DeleteProfileRequest request, ServerCallContext context)
    {
        await editing.DeleteAsync(Wire.Id(request.Name, ResourceName.Profiles, "name"), context.Caller().Actor, context.CancellationToken);
        return new Empty();
    }

    private static ProfileRecord Apply(ProfileRecord record, Profile wire, FieldChanges changes) => record with
    {
        Description = changes.Of("description", wire.Description.Length > 0) ? wire.Description : record.Description,
        Lifetime = changes.Of("lifetime", wire.Lifetime is not null) ? wire.Lifetime?.ToTimeSpan() ?? TimeSpan.Zero : record.Lifetime,
        Backdate = changes.Of("backdate", wire.Backdate is not null) ? wire.Backdate?.ToTimeSpan() ?? TimeSpan.FromMinutes(1) : record.Backdate,
        ExtendedKeyUsages = changes.Of("extended_key_usages", wire.ExtendedKeyUsages.Count > 0) ? [.. wire.ExtendedKeyUsages.Distinct(StringComparer.Ordinal)] : record.ExtendedKeyUsages,
        KeyTypes = changes.Of("key_types", wire.KeyTypes.Count > 0) ? wire.KeyTypes.Distinct(StringComparer.Ordinal).ToImmutableArray() : record.KeyTypes,
        RevocationPointers = changes.Of("no_revocation_pointers", wire.NoRevocationPointers) ? !wire.NoRevocationPointers : record.RevocationPointers,
    };

    private static Profile ToProto(ProfileRecord profile) => new()
    {
        Name = profile.Name,
        Description = profile.Description,
        Lifetime = Duration.FromTimeSpan(profile.Lifetime),
        Backdate = Duration.FromTimeSpan(profile.Backdate),
        ExtendedKeyUsages = { profile.ExtendedKeyUsages },
        KeyTypes = { profile.KeyTypes },
        NoRevocationPointers = !profile.RevocationPointers,
        Etag = profile.Etag,
    };
}
