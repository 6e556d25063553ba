using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.EabKeys;

/// <summary><c>grpcca eab-key update ID</c>: only what is given.</summary>
internal sealed class Update : Verb
{
    private const string Never = "never";

    public Update() : base("update", "Changes a key's comment, end or number of accounts. Accounts that it bound stay.")
    {
        Add(Key);
        Add(Comment);
        Add(Expires);
        Add(MaxUses);
        Add(Etag);
        Validators.Add(result =>
        {
            if (result.GetResult(Comment) is null && result.GetResult(Expires) is null && result.GetResult(MaxUses) is null)
                result.AddError("say what to change: --comment, --expires or --max-uses");
        });
    }

    public Argument<string> Key { get; } = new("id") { Description = "The key's id (kid)" };

    public Option<string?> Comment { get; } = new("--comment") { Description = "Who it is for", HelpName = "TEXT" };

    public Option<string?> Expires { get; } = new("--expires") { Description = "When it stops to bind: a date (2026-12-31), a time, a span from now (30d), or never", HelpName = "WHEN|never" };

    public Option<int> MaxUses { get; } = EabKeyText.MaxUses("How many accounts it may bind, those that it has bound included");

    public Option<string?> Etag { get; } = new("--etag") { Description = "Change it only if its etag is still this one", HelpName = "ETAG" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca eab-key update guest --expires 30d --max-uses 5",
        "grpcca eab-key update guest --expires never --comment 'the printers of the office'",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.EabKeys, context.Get(Key));
        var client = new AccountService.AccountServiceClient(context.Server);
        var next = new EabKey { Name = name, Etag = context.Get(Etag) ?? "" };
        var mask = new FieldMask();
        if (context.Has(Comment))
        {
            next.Comment = context.Get(Comment);
            mask.Paths.Add("comment");
        }
        if (context.Has(Expires))
        {
            next.ExpireTime = Never.Equals(context.Get(Expires), StringComparison.OrdinalIgnoreCase) ? null : Timestamp.FromDateTimeOffset(context.GetFutureTime(Expires)!.Value);
            mask.Paths.Add("expire_time");
        }
        if (context.Has(MaxUses))
        {
            next.MaxUses = context.Get(MaxUses);
            mask.Paths.Add("max_uses");
        }
        var changed = await context.AboutAsync(name, client.UpdateEabKeyAsync(new() { EabKey = next, UpdateMask = mask }, context.Call));
        context.Printer.One(changed, EabKeyText.Fields(changed, context.Now));
        return ExitCodes.Ok;
    }
}
