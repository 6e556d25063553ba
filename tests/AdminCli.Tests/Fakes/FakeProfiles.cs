using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Fakes;

internal sealed class FakeProfiles(FakeControlPlane fake) : ProfileService.ProfileServiceBase
{
    public override Task<Profile> GetProfile(GetProfileRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task<ListProfilesResponse> ListProfiles(ListProfilesRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Profiles, request.PageSize, request.PageToken);
        return Task.FromResult(new ListProfilesResponse { Profiles = { rows }, NextPageToken = next });
    }

    public override Task<Profile> CreateProfile(CreateProfileRequest request, ServerCallContext context)
    {
        var made = new Profile(request.Profile) { Name = "profiles/" + request.ProfileId, Etag = "p3" };
        if (!request.ValidateOnly) fake.Data.Profiles.Add(made);
        return Task.FromResult(made);
    }

    public override Task<Profile> UpdateProfile(UpdateProfileRequest request, ServerCallContext context)
    {
        var found = Find(request.Profile.Name);
        if (request.Profile.Etag != found.Etag) throw Refuse.With(Code.Aborted, "the profile was changed by somebody else", "ETAG_MISMATCH");
        Masks.Apply(request.Profile, found, request.UpdateMask);
        found.Etag += "+";
        return Task.FromResult(found);
    }

    public override Task<Empty> DeleteProfile(DeleteProfileRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        if (fake.Data.Provisioners.Exists(p => p.DefaultProfile == request.Name)) throw Refuse.With(Code.FailedPrecondition, $"a provisioner names {request.Name}", "IN_USE");
        fake.Data.Profiles.Remove(found);
        return Task.FromResult(new Empty());
    }

    private Profile Find(string name) => fake.Data.Profiles.Find(p => p.Name == name) ?? throw Refuse.NotFound(name);
}
