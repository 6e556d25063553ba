using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Names;

/// <summary><c>grpcca names test NAME</c>: exit code 0 when the name would be issued, 6 when not.</summary>
internal sealed class Test : Verb
{
    private static readonly IReadOnlyList<Column<TestNameResponse.Types.LevelDecision>> Columns =
    [
        new("Level", l => l.Level),
        new("Says", l => Verdict(l.Allowed)),
        new("Rule", l => Ids.Short(l.NameRule)),
        new("Because", l => l.Explanation, Wraps: true),
    ];

    public Test() : base("test", "Explains whether a name would be issued, level by level. Changes nothing. Exit code 6 when it would be refused.")
    {
        Add(Identifier);
        Add(Provisioner);
        Add(Account);
        Add(EabKey);
        Add(Operator);
    }

    public Argument<string> Identifier { get; } = new("name") { Description = "A dns name, a wildcard name or an IP address" };

    public Option<string> Provisioner { get; } = new("--provisioner", "-p") { Description = "Who would be asked", HelpName = "ID", Required = true };

    public Option<string?> Account { get; } = new("--account") { Description = "Which ACME account would ask: its level and its EAB key's are asked as well", HelpName = "ID" };

    public Option<string?> EabKey { get; } = new("--eab-key") { Description = "Which EAB key would have bound the account: its level is asked as well", HelpName = "ID" };

    public Option<string?> Operator { get; } = new("--operator") { Description = "Which operator or tool would issue by itself: its level is asked as well", HelpName = "ID" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca names test deluge.net.gq --provisioner acme",
        "grpcca names test deluge.net.gq --provisioner acme --account Zt0vXyq1cH3bqk2n9u5fXw",
        "grpcca names test deluge.net.gq --provisioner acme --eab-key guest",
        "grpcca names test '*.home.net.gq' --provisioner acme && echo allowed",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var provisioner = Ids.Name(ResourceName.Provisioners, context.Get(Provisioner));
        var account = Ids.NameOrNull(ResourceName.Accounts, context.Get(Account)) ?? "";
        var client = new NameService.NameServiceClient(context.Server);
        var answer = await context.AboutAsync(provisioner,
            client.TestNameAsync(new()
            {
                Identifier = context.Get(Identifier),
                Provisioner = provisioner,
                Account = account,
                EabKey = Ids.NameOrNull(ResourceName.EabKeys, context.Get(EabKey)) ?? "",
                Operator = Ids.NameOrNull(ResourceName.Operators, context.Get(Operator)) ?? "",
            }, context.Call));
        if (context.Printer.IsDocument) context.Printer.Document(JsonText.Of(answer));
        else
        {
            context.Printer.Fields([new(context.Get(Identifier), Verdict(answer.Allowed)), new("Because", answer.Explanation)]);
            context.Printer.Line("");
            context.Printer.Table(Columns, answer.Levels);
        }
        return answer.Allowed ? ExitCodes.Ok : ExitCodes.NameRefused;
    }

    private static Cell Verdict(bool allowed) => allowed ? new("allowed", Tone.Good) : new("refused", Tone.Bad);
}
