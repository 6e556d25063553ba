using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Commands.Names;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key create</c>: the MAC key is the last line of the output, shown this once.</summary>
internal sealed class Create : Verb
{
    public Create() : base("create", "Adds an EAB key and prints its MAC key, alone on the last line.")
    {
        Add(Id);
        Add(Provisioner);
        Add(Comment);
        Add(Expires);
        Add(MaxUses);
        Add(Allow);
    }

    public Option<string?> Id { get; } = new("--id") { Description = "The key's id (kid): 1 to 63 of a-z, 0-9 and hyphen, starting with a letter; a random one when not given", HelpName = "ID" };

    public Option<string> Provisioner { get; } = new("--provisioner", "-p") { Description = "Where accounts are made with it", HelpName = "ID", Required = true };

    public Option<string> Comment { get; } = new("--comment") { Description = "Who it is for", HelpName = "TEXT", DefaultValueFactory = _ => "" };

    public Option<string?> Expires { get; } = new("--expires") { Description = "When it stops to bind: a date (2026-12-31), a time, or a span from now (30d)", HelpName = "WHEN" };

    public Option<int> MaxUses { get; } = EabKeyText.MaxUses("How many accounts it may bind; one when not given");

    public Option<string[]> Allow { get; } = new("--allow")
    {
        Description = "Names that its accounts are allowed, as in 'names allow'; without any, those of the provisioner",
        HelpName = "FORM:VALUE",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca eab-key create --provisioner guests --comment 'the office printer' --allow exact:printer.net.gq",
        "grpcca eab-key create --id alice --provisioner guests --max-uses unlimited --expires 30d --allow subtree:alice.net.gq",
        "grpcca eab-key create --provisioner guests | tail -n 1 > mac.key",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var expires = context.GetFutureTime(Expires);
        var provisioner = Ids.Name(ResourceName.Provisioners, context.Get(Provisioner));
        var request = new CreateEabKeyRequest
        {
            EabKeyId = Ids.NameOrNull(ResourceName.EabKeys, context.Get(Id)) is { } name ? Ids.Short(name) : "",
            EabKey = new EabKey
            {
                Provisioner = provisioner,
                Comment = context.Get(Comment),
                MaxUses = context.Get(MaxUses),
                ExpireTime = expires is null ? null : Timestamp.FromDateTimeOffset(expires.Value),
            },
        };
        request.Allow.Add(context.Get(Allow).Distinct(StringComparer.Ordinal).Select(RulePattern.Checked));
        var made = await context.AboutAsync(provisioner, new AccountService.AccountServiceClient(context.Server).CreateEabKeyAsync(request, context.Call));
        if (context.Printer.IsDocument)
        {
            context.Printer.Document(JsonText.Of(made));
            return ExitCodes.Ok;
        }
        context.Printer.Fields(EabKeyText.Fields(made.EabKey, context.Now));
        TokenText.Write(context, made.MacKey, "MAC key (base64url), shown this once; give it to the ACME client with the kid:");
        return ExitCodes.Ok;
    }
}
