using System.CommandLine;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.AdminCli.Output;
using GrpcCa.Host;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate watch</c>: what happens to certificates, a line each, until Ctrl-C.</summary>
internal sealed class Watch : Verb
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(30);

    private static readonly (string Word, CertificateEvent.Types.Kind Kind)[] Words =
    [
        ("issued", CertificateEvent.Types.Kind.Issued),
        ("renewed", CertificateEvent.Types.Kind.Renewed),
        ("revoked", CertificateEvent.Types.Kind.Revoked),
        ("expiring", CertificateEvent.Types.Kind.Expiring),
    ];

    public Watch() : base("watch", "What happens to certificates, a line each as it happens, until Ctrl-C. With --output json a line is a JSON object.")
    {
        Add(NameFilter);
        Add(Provisioner);
        Add(Kinds);
        Add(ExpiringWithin);
        Add(Since);
    }

    public Option<string?> NameFilter { get; } = new("--name") { Description = "Only those for this dns name or address", HelpName = "NAME" };

    public Option<string?> Provisioner { get; } = new("--provisioner", "-p") { Description = "Only those asked for there", HelpName = "ID" };

    public Option<string[]> Kinds { get; } = new Option<string[]>("--kind")
    {
        Description = "Only such: issued, renewed, revoked, expiring",
        HelpName = "KIND",
        AllowMultipleArgumentsPerToken = true,
    }.OneOf([.. Words.Select(w => w.Word)]);

    public Option<string?> ExpiringWithin { get; } = new("--expiring-within")
    {
        Description = "How long before its end a certificate is told of that nobody has renewed; 8h when not said",
        HelpName = "SPAN",
    };

    public Option<string?> Since { get; } = new("--since") { Description = "Go on behind this resume token, which an event or the end of an earlier watch said", HelpName = "TOKEN" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca certificate watch",
        "grpcca certificate watch --provisioner nixos --kind expiring revoked --expiring-within 14d",
        "grpcca certificate watch --output json --since eyJ… | jq -r .event.certificate.name",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var request = new WatchCertificatesRequest
        {
            Identifier = context.Get(NameFilter) is { } name ? Ids.Identifier(name) : "",
            Provisioner = Ids.NameOrNull(ResourceName.Provisioners, context.Get(Provisioner)) ?? "",
            Kinds = { (context.Get(Kinds) ?? []).Select(word => Words.First(w => w.Word == word).Kind) },
            ExpiringWithin = Window(context),
            ResumeToken = context.Get(Since) ?? "",
        };
        try
        {
            await FollowAsync(request, context);
        }
        catch (Exception) when (request.ResumeToken.Length > 0)
        {
            // Ctrl-C is how a watch ends; Verb makes the exit code of it.
            context.Printer.Note($"go on with --since {request.ResumeToken}");
            throw;
        }
        return ExitCodes.Ok;
    }

    // A server that goes away comes back, or another one is there: the token holds for both. One that was never there is a failure.
    private static async Task FollowAsync(WatchCertificatesRequest request, CommandContext context)
    {
        var pause = FirstPause;
        var heard = false;
        while (true)
        {
            try
            {
                using var call = new CertificateService.CertificateServiceClient(context.Server).WatchCertificates(request, new CallOptions(cancellationToken: context.Cancel));
                await foreach (var answer in call.ResponseStream.ReadAllAsync(context.Cancel))
                {
                    (heard, pause) = (true, FirstPause);
                    request.ResumeToken = answer.ResumeToken;
                    if (answer.Event is not null) Print(answer, context);
                }
            }
            catch (RpcException gone) when (heard && gone.StatusCode is StatusCode.Unavailable or StatusCode.Internal && !context.Cancel.IsCancellationRequested)
            {
                context.Printer.Note($"the server is away ({gone.Status.Detail}); trying again in {When.Format(pause)}");
            }
            await Task.Delay(pause, context.Cancel);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static void Print(WatchCertificatesResponse answer, CommandContext context)
    {
        var happened = answer.Event;
        if (context.Printer.IsDocument)
        {
            context.Printer.JsonLine(answer);
            return;
        }
        var certificate = happened.Certificate;
        var about = happened.Kind switch
        {
            CertificateEvent.Types.Kind.Renewed => $"replaces {Ids.Short(happened.Replaces)}",
            CertificateEvent.Types.Kind.Revoked => $"{CertificateText.Reason(certificate.RevocationReason)}, by {happened.Actor}",
            _ => $"until {When.Format(certificate.ExpireTime)}",
        };
        var word = Words.FirstOrDefault(w => w.Kind == happened.Kind).Word ?? "other";
        context.Printer.Line(PlainText.Of($"{When.Format(happened.EventTime)}  {word,-8}  {Ids.Short(certificate.Name)}  {string.Join(", ", CertificateText.Names(certificate))}  {about}"));
    }

    private Duration? Window(CommandContext context)
    {
        if (context.Get(ExpiringWithin) is not { } text) return null;
        return ConfigurationReader.TryParseDuration(text, out var span) ? Duration.FromTimeSpan(span) : throw CliFailure.Usage($"--expiring-within '{text}' is not a span such as 14d or 8h");
    }
}
