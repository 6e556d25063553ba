using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary>
/// <c>grpcca certificate revoke</c>: one by its serial, or many by what they have in common. Asks a person to type what is
/// revoked, a script to say --yes.
/// </summary>
internal sealed class Revoke : Verb
{
    private const int TypedDigits = 8;

    private readonly Selection selection = new();

    public Revoke() : base("revoke", "Revokes a certificate, or all that are selected, for ever. keyCompromise also blocks their keys.")
    {
        Add(Serial);
        selection.AddTo(this);
        Add(IssuedSince);
        Add(Expect);
        Add(Reason);
        Add(InvalidSince);
        Add(Yes);
        Add(DryRun);
        Validators.Add(result =>
        {
            var serials = result.GetResult(Serial)?.Tokens.Count ?? 0;
            var selects = selection.IsGiven(result) || result.GetResult(IssuedSince) is not null;
            if (serials == 0 && !selects) result.AddError("say which: serials, or --name, --account, --provisioner, --gateway, --authority, --key-sha256, --issued-since");
            if (serials > 0 && selects) result.AddError("say serials or what is selected, not both");
            if (serials == 1 && result.GetResult(Expect) is not null) result.AddError("--expect counts what is selected; one serial is one");
        });
    }

    public Argument<string[]> Serial { get; } = new("serial") { Description = "Serial numbers, hexadecimal", Arity = ArgumentArity.ZeroOrMore };

    public Option<string?> IssuedSince { get; } = new("--issued-since") { Description = "Only those issued since a date, a time, or a span back (12h)", HelpName = "WHEN" };

    public Option<int?> Expect { get; } = new("--expect") { Description = "Revoke only if there are just so many, as --dry-run said", HelpName = "N" };

    public Option<string> Reason { get; } = new Option<string>("--reason")
    {
        Description = "Why: " + string.Join(", ", CertificateText.ReasonWords),
        HelpName = "REASON",
        DefaultValueFactory = _ => "unspecified",
    }.OneOf(CertificateText.ReasonWords);

    public Option<string?> InvalidSince { get; } = new("--invalid-since")
    {
        Description = "Since when it cannot be trusted, such as the day its key was stolen: a date or a time; stands on the revocation list",
        HelpName = "TIME",
    };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask" };

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Check on the server and print what would be, change nothing" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate revoke 5f3a90c1d2e4b6a7 --reason keyCompromise",
        "grpcca certificate revoke 5f3a90c1d2e4b6a7 --reason keyCompromise --invalid-since 2026-11-20",
        "grpcca certificate revoke 5f3a90c1d2e4b6a7 --reason superseded --yes",
        "grpcca certificate revoke 5f3a90c1d2e4b6a7 --dry-run",
        "grpcca certificate revoke --account bW9yZSB0aGFuIHRoaXM --reason keyCompromise --dry-run",
        "grpcca certificate revoke --gateway home --issued-since 2026-11-20 --reason privilegeWithdrawn",
        "grpcca certificate revoke --provisioner lab --expect 12 --yes",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        if (context.Get(Serial) is not [var serial]) return await RunBatchAsync(context);
        var name = Ids.Certificate(serial);
        var dryRun = context.Get(DryRun);
        var client = new CertificateService.CertificateServiceClient(context.Server);
        if (!dryRun && !context.Get(Yes))
        {
            Confirmation.RequireTerminal(context);
            var certificate = await context.AboutAsync(name, client.GetCertificateAsync(new() { Name = name }, context.Call));
            Confirm(context, certificate);
        }
        var request = new RevokeCertificateRequest
        {
            Name = name,
            Reason = CertificateText.Reason(context.Get(Reason)),
            InvalidityTime = context.GetTime(InvalidSince) is { } since ? Timestamp.FromDateTimeOffset(since) : null,
            RequestId = dryRun ? "" : CommandContext.NewRequestId(),
            ValidateOnly = dryRun,
        };
        var revoked = await context.AboutAsync(name, client.RevokeCertificateAsync(request, context.Call));
        context.Printer.One(revoked, Show.Fields(revoked, context.Now));
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        return ExitCodes.Ok;
    }

    // Without --yes the preview is shown, and only as many as it showed are revoked.
    private async Task<int> RunBatchAsync(CommandContext context)
    {
        var client = new CertificateService.CertificateServiceClient(context.Server);
        var dryRun = context.Get(DryRun);
        var asks = !dryRun && !context.Get(Yes);
        if (asks) Confirmation.RequireTerminal(context);
        var request = new BatchRevokeCertificatesRequest
        {
            Selector = selection.ToSelector(context),
            Reason = CertificateText.Reason(context.Get(Reason)),
            InvalidityTime = context.GetTime(InvalidSince) is { } since ? Timestamp.FromDateTimeOffset(since) : null,
            ValidateOnly = dryRun || asks,
        };
        request.Selector.Certificates.Add(context.Get(Serial).Select(Ids.Certificate));
        if (context.GetPastTime(IssuedSince) is { } issued) request.Selector.IssuedFrom = Timestamp.FromDateTimeOffset(issued);
        if (context.Get(Expect) is { } count) request.ExpectedCount = count;
        if (!request.ValidateOnly) request.RequestId = CommandContext.NewRequestId();
        var answer = await client.BatchRevokeCertificatesAsync(request, context.Call);
        if (asks)
        {
            if (answer.MatchedCount == 0)
            {
                context.Printer.Note("no certificate that is valid is selected: nothing was changed");
                return ExitCodes.Ok;
            }
            context.Printer.Note($"revoke {Certificates(answer.MatchedCount)}, reason {context.Get(Reason)}; this cannot be undone. {(answer.MatchedCount > answer.Certificates.Count ? "The first of them by expiry" : "They are")}:");
            foreach (var certificate in answer.Certificates) context.Printer.Note($"  {Ids.Short(certificate.Name)}  {string.Join(", ", CertificateText.Names(certificate))}");
            Confirmation.Typed(context, $"type {answer.MatchedCount} to go on: ", [$"{answer.MatchedCount}"]);
            answer = await client.BatchRevokeCertificatesAsync(
                new(request) { ValidateOnly = false, ExpectedCount = answer.MatchedCount, RequestId = CommandContext.NewRequestId() }, context.Call);
        }
        if (context.Printer.IsDocument) context.Printer.Document(JsonText.Of(answer));
        else if (dryRun) PrintPreview(context, answer);
        else context.Printer.Line($"{Certificates(answer.RevokedCount)} revoked");
        if (dryRun) context.Printer.Note("dry run: nothing was changed");
        return ExitCodes.Ok;
    }

    private static void PrintPreview(CommandContext context, BatchRevokeCertificatesResponse preview)
    {
        context.Printer.Line($"{Certificates(preview.MatchedCount)} would be revoked{(preview.MatchedCount > preview.Certificates.Count ? ", the first of them by expiry" : "")}");
        if (preview.Certificates.Count == 0) return;
        context.Printer.Table<Certificate>(
        [
            new("Serial", c => Ids.Short(c.Name)),
            new("Names", c => Cell.Of(CertificateText.Names(c)), Wraps: true),
            new("Expires", c => Cell.Of(c.ExpireTime)),
            new("Provisioner", c => Ids.Short(c.Provisioner)),
            new("Account", c => Ids.Short(c.Account)),
        ], preview.Certificates);
    }

    private static string Certificates(long count) => count == 1 ? "1 certificate" : $"{count} certificates";

    private void Confirm(CommandContext context, Certificate certificate)
    {
        var serial = Ids.Short(certificate.Name);
        var names = CertificateText.Names(certificate).ToList();
        context.Printer.Note($"revoke {serial} for {string.Join(", ", names)}, not after {When.FormatWithDistance(certificate.ExpireTime, context.Now)}, "
            + $"reason {context.Get(Reason)}; this cannot be undone");
        var head = serial[..Math.Min(TypedDigits, serial.Length)];
        Confirmation.Typed(context, $"type {head} or a name of it to go on: ", [head, serial, .. names]);
    }
}
