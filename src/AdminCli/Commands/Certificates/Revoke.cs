using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate revoke SERIAL</c>: asks a person to type what is revoked, a script to say --yes.</summary>
internal sealed class Revoke : Verb
{
    private const int TypedDigits = 8;

    public Revoke() : base("revoke", "Revokes a certificate, for ever. keyCompromise also blocks its key.")
    {
        Add(Serial);
        Add(Reason);
        Add(InvalidSince);
        Add(Yes);
        Add(DryRun);
    }

    public Argument<string> Serial { get; } = new("serial") { Description = "The serial number, hexadecimal" };

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
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Certificate(context.Get(Serial));
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
