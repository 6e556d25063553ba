using Grpc.Core;
using Grpc.Health.V1;
using GrpcCa.AdminCli.Commands.Authorities;
using GrpcCa.AdminCli.Commands.Gateways;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands;

/// <summary><c>grpcca status</c>: the whole instance on one screen; exit code 1 when the server says that it is not healthy.</summary>
internal sealed class StatusVerb() : Verb("status", "The instance on one screen: health, version, authorities, provisioners, gateways, counts.")
{
    public override IReadOnlyList<string> Examples => ["grpcca status", "grpcca status --server ca.net.gq:14443 --output json"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var report = await StatusReport.ReadAsync(context);
        if (context.Printer.IsDocument) context.Printer.Document(report.ToJson());
        else Print(context, report);
        return report.Healthy ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void Print(CommandContext context, StatusReport report)
    {
        var printer = context.Printer;
        printer.Fields(
        [
            new("Server", report.Server),
            new("Health", report.Healthy ? new Cell("serving", Tone.Good) : new Cell(report.Health, Tone.Bad)),
            new("Version", report.Version),
            new("Certificates", $"{report.ValidCertificates} valid, {report.RevokedCertificates} revoked"),
            new("Name rules", report.NameRules.ToString()),
        ]);
        Section(printer, "Authorities", AuthorityText.Columns(context.Now), report.Authorities.Select(a => a.Authority).ToList());
        Section(printer, "Issuers", AuthorityText.IssuerColumns, report.Authorities.SelectMany(a => a.Issuers).ToList());
        Section(printer, "Provisioners", Provisioners.List.Shown, report.Provisioners);
        Section(printer, "Gateways", GatewayText.Columns(context.Now), report.Gateways);
    }

    private static void Section<T>(Printer printer, string title, IReadOnlyList<Column<T>> columns, IReadOnlyList<T> rows)
    {
        printer.Line("");
        printer.Title(title);
        if (rows.Count == 0) printer.Line("none");
        else printer.Table(columns, rows);
    }
}
