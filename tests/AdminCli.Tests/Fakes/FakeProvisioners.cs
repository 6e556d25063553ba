using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Fakes;

internal sealed class FakeProvisioners(FakeControlPlane fake) : ProvisionerService.ProvisionerServiceBase
{
    public override Task<Provisioner> GetProvisioner(GetProvisionerRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task<ListProvisionersResponse> ListProvisioners(ListProvisionersRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Provisioners, request.PageSize, request.PageToken);
        return Task.FromResult(new ListProvisionersResponse { Provisioners = { rows }, NextPageToken = next });
    }

    public override Task<Provisioner> CreateProvisioner(CreateProvisionerRequest request, ServerCallContext context)
    {
        var name = "provisioners/" + request.ProvisionerId;
        if (fake.Data.Provisioners.Exists(p => p.Name == name)) throw Refuse.With(Code.AlreadyExists, $"{name} exists", "ALREADY_EXISTS");
        if (!fake.Data.Authorities.Exists(a => a.Name == request.Provisioner.Authority)) throw Refuse.Field("provisioner.authority", $"{request.Provisioner.Authority} does not exist");
        var made = new Provisioner(request.Provisioner) { Name = name, CreateTime = FakeData.At(0), UpdateTime = FakeData.At(0), Etag = "e3" };
        if (!request.ValidateOnly) fake.Data.Provisioners.Add(made);
        return Task.FromResult(made);
    }

    public override Task<Provisioner> UpdateProvisioner(UpdateProvisionerRequest request, ServerCallContext context)
    {
        var found = Find(request.Provisioner.Name);
        if (request.Provisioner.Etag.Length > 0 && request.Provisioner.Etag != found.Etag) throw Refuse.With(Code.Aborted, "the provisioner was changed by somebody else", "ETAG_MISMATCH");
        Masks.Apply(request.Provisioner, found, request.UpdateMask);
        found.Etag += "+";
        found.UpdateTime = FakeData.At(0);
        return Task.FromResult(found);
    }

    public override Task<Empty> DeleteProvisioner(DeleteProvisionerRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        if (request.Name == "provisioners/acme" && !request.Force) throw Refuse.With(Code.FailedPrecondition, "2 certificates of provisioners/acme are valid", "IN_USE");
        fake.Data.Provisioners.Remove(found);
        return Task.FromResult(new Empty());
    }

    private Provisioner Find(string name) => fake.Data.Provisioners.Find(p => p.Name == name) ?? throw Refuse.NotFound(name);
}
