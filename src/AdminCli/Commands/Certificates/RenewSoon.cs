using System.CommandLine;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate renew-soon</c>: pulls renewal windows forward (RFC 9773).</summary>
internal sealed class RenewSoon : Verb
{
    public RenewSoon() : base("renew-soon", "Tells ACME clients to renew at their next look (ARI), before a rotation or after an incident. The certificates stay valid.")
    {
        Add(Serial);
        Add(Authority);
        Add(All);
        Add(ExplanationUrl);
        Add(DryRun);
        Validators.Add(result =>
        {
            var given = (result.GetResult(Serial) is { Tokens.Count: > 0 } ? 1 : 0) + (result.GetResult(Authority) is null ? 0 : 1) + (result.GetValue(All) ? 1 : 0);
            if (given != 1) result.AddError("say which: a serial, --authority ID or --all");
        });
    }

    public Argument<string?> Serial { get; } = new("serial") { Description = "The serial number, hexadecimal", Arity = ArgumentArity.ZeroOrOne };

    public Option<string?> Authority { get; } = new("--authority", "-a") { Description = "All certificates of this authority", HelpName = "ID" };

    public Option<bool> All { get; } = new("--all") { Description = "All certificates" };

    public Option<string> ExplanationUrl { get; } = new("--explanation-url")
    {
        Description = "A page that tells the clients' operators why",
        HelpName = "URL",
        DefaultValueFactory = _ => "",
    };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Only count them" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate renew-soon 5f3a90c1d2e4b6a7",
        "grpcca certificate renew-soon --authority main --explanation-url https://wiki.net.gq/rotation",
        "grpcca certificate renew-soon --all --dry-run",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var target = context.Get(All) ? "-"
            : Ids.NameOrNull(ResourceName.Authorities, context.Get(Authority)) ?? Ids.Certificate(context.Get(Serial)!);
        var dryRun = context.Get(DryRun);
        var request = new AdvanceRenewalsRequest { Target = target, ExplanationUrl = context.Get(ExplanationUrl), ValidateOnly = dryRun };
        var answer = await context.AboutAsync(target, new CertificateService.CertificateServiceClient(context.Server).AdvanceRenewalsAsync(request, context.Call));
        if (context.Printer.IsDocument) context.Printer.Document(JsonText.Of(answer));
        else context.Printer.Line($"{answer.Certificates} {(answer.Certificates == 1 ? "certificate is" : "certificates are")} to be renewed soon");
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        return ExitCodes.Ok;
    }
}
