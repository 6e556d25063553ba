using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Approvals;

/// <summary>What <c>approval require</c> and <c>approval waive</c> share: which authority or provisioner.</summary>
internal abstract class DemandVerb : Verb
{
    private readonly bool required;

    protected DemandVerb(string name, string description, bool required) : base(name, description)
    {
        this.required = required;
        Add(Provisioner);
        Add(Authority);
        Validators.Add(result =>
        {
            if (result.GetResult(Provisioner) is null == result.GetResult(Authority) is null) result.AddError("say one of --provisioner and --authority");
        });
    }

    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "A provisioner's id", HelpName = "ID" };

    public Option<string?> Authority { get; } = new("--authority", "-a") { Description = "An authority's id; it speaks for all its provisioners", HelpName = "ID" };

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var resource = Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)) ?? Ids.NameOrNull(ResourceName.Authorities, context.Get(Authority))!;
        var client = new ApprovalService.ApprovalServiceClient(context.Server);
        var demand = await context.AboutAsync(resource, client.SetApprovalDemandAsync(new() { Resource = resource, Required = required }, context.Call));
        context.Printer.One(demand, [new("Resource", demand.Resource), new("Second operator", demand.Required ? "demanded" : "not demanded"), new("Since", Cell.Of(demand.CreateTime))]);
        return ExitCodes.Ok;
    }
}
