using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;

namespace GrpcCa.AdminCli.Commands;

/// <summary><c>grpcca</c> itself: global options and all nouns.</summary>
internal sealed class RootNoun : RootCommand, IExampled
{
    public RootNoun() : base("Manages a GrpcCa certificate authority: provisioners, DNS-name allowlists, certificates, gateways and operators.")
    {
        var help = Options.OfType<HelpOption>().Single();
        help.Action = new ExampleHelp((HelpAction)help.Action!);
        Options.Remove(Options.OfType<VersionOption>().Single());
        Add(new Option<bool>("--version") { Description = "Print the version of this program", Action = new PrintVersion() });
        Globals.AddTo(this);
        Add(new StatusVerb());
        Add(new Provisioners.ProvisionerNoun());
        Add(new Profiles.ProfileNoun());
        Add(new Names.NamesNoun());
        Add(new Certificates.CertificateNoun());
        Add(new Tokens.TokenNoun());
        Add(new Orders.OrderNoun());
        Add(new Accounts.AccountNoun());
        Add(new EabKeys.EabKeyNoun());
        Add(new Gateways.GatewayNoun());
        Add(new Operators.OperatorNoun());
        Add(new Approvals.ApprovalNoun());
        Add(new LoginVerb());
        Add(new Webhooks.WebhookNoun());
        Add(new Authorities.AuthorityNoun());
        Add(new Crls.CrlNoun());
        Add(new Audit.AuditNoun());
        Add(new States.ApplyVerb());
        Add(new States.ExportVerb());
        Add(new Contexts.ContextNoun());
        Add(new Completion.CompletionVerb());
        Add(new Completion.CompleteVerb());
        Add(new Manual.ManVerb());
        Completion.LiveIds.AddTo(this);
    }

    public GlobalOptions Globals { get; } = new();

    public IReadOnlyList<string> Examples =>
    [
        "grpcca status",
        "grpcca names allow exact:nas.net.gq subtree:home.net.gq --provisioner acme",
        "grpcca certificate list --name nas.net.gq --output json",
        "grpcca certificate revoke 5f3a90c1d2e4b6a7 --reason keyCompromise",
    ];

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var version = typeof(RootNoun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            parseResult.InvocationConfiguration.Output.WriteLine($"grpcca {version}");
            return ExitCodes.Ok;
        }
    }
}
