using System.CommandLine;
using GrpcCa.AdminCli.Connection;
using GrpcCa.AdminCli.Output;
using GrpcCa.Host;
using GrpcCa.Host.Identity;

namespace GrpcCa.AdminCli.Commands;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Server { get; } = new("--server", "-s")
    {
        Description = "Control plane: unix:PATH or HOST:PORT. Else GRPCCA_SERVER, the context, unix:.grpcca/admin.sock if it is there, or where you logged in",
        HelpName = "ADDRESS",
        Recursive = true,
    };

    public Option<string?> Identity { get; } = new("--identity")
    {
        Description = "Directory of the client certificate for remote servers. Else GRPCCA_IDENTITY, the context's, or ~/.config/grpcca/identity",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<string?> Context { get; } = new("--context")
    {
        Description = "A server and identity by name, as 'grpcca context add' keeps them. Else GRPCCA_CONTEXT or the one of 'grpcca context use'",
        HelpName = "NAME",
        Recursive = true,
    };

    public Option<string> Output { get; } = new Option<string>("--output", "-o")
    {
        Description = "How results are printed",
        HelpName = "table|wide|json|yaml",
        Recursive = true,
        DefaultValueFactory = _ => "table",
    }.OneOf("table", "wide", "json", "yaml");

    public static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(30);

    public Option<TimeSpan?> Timeout { get; } = new("--timeout")
    {
        Description = "How long each call may take, such as 5s or 2m; 30s when not given",
        HelpName = "SPAN",
        Recursive = true,
        CustomParser = result =>
        {
            if (result.Tokens is [var token] && ConfigurationReader.TryParseDuration(token.Value, out var span) && span > TimeSpan.Zero && span <= TimeSpan.FromHours(1))
                return span;
            result.AddError($"--timeout takes a span from 1s to 1h such as 5s or 2m, not '{string.Join(' ', result.Tokens)}'");
            return null;
        },
    };

    public Option<bool> NoColor { get; } = new("--no-color")
    {
        Description = "Never colour the output (also with the variable NO_COLOR)",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Add(Server);
        root.Add(Identity);
        root.Add(Context);
        root.Add(Output);
        root.Add(Timeout);
        root.Add(NoColor);
    }

    /// <summary>The format, also of a line with mistakes in it.</summary>
    public OutputFormat FormatOf(ParseResult line) => line.GetResult(Output) is { Tokens: [.., { Value: var word }] } ? word.ToLowerInvariant() switch
    {
        "json" => OutputFormat.Json,
        "yaml" => OutputFormat.Yaml,
        "wide" => OutputFormat.Wide,
        _ => OutputFormat.Table,
    } : OutputFormat.Table;

    /// <summary>Colours are for terminals whose owner does not mind (no-color.org).</summary>
    public bool ColoursOf(ParseResult line, CliEnvironment environment) =>
        environment.OutIsTerminal && !line.GetValue(NoColor) && string.IsNullOrEmpty(environment.Variable("NO_COLOR")) && environment.Variable("TERM") != "dumb";

    public string IdentityOf(ParseResult line, CliEnvironment environment)
    {
        var directory = line.GetValue(Identity)
            ?? NotEmpty(environment.Variable("GRPCCA_IDENTITY"))
            ?? NotEmpty(ContextOf(line, environment)?.Identity)
            ?? Path.Combine(ContextBook.DirectoryOf(environment), "identity");
        return Path.GetFullPath(directory, environment.WorkingDirectory);
    }

    public string? NamedContextOf(ParseResult line, CliEnvironment environment) => line.GetValue(Context) ?? NotEmpty(environment.Variable("GRPCCA_CONTEXT"));

    /// <summary>
    /// The context that the person named or has chosen; null when there is none, or when another server is named.
    /// </summary>
    private NamedServer? ContextOf(ParseResult line, CliEnvironment environment)
    {
        var named = line.GetValue(Context);
        if (named is null && (line.GetValue(Server) ?? NotEmpty(environment.Variable("GRPCCA_SERVER"))) is not null) return null;
        return ContextBook.Load(environment).Find(NamedContextOf(line, environment));
    }

    /// <summary>Which server is meant; the first of flag, variable, context, local instance and login that says so.</summary>
    public ServerAddress AddressOf(ParseResult line, CliEnvironment environment)
    {
        var context = ContextOf(line, environment);
        var given = line.GetValue(Server) ?? context?.Server ?? NotEmpty(environment.Variable("GRPCCA_SERVER"));
        if (given is not null)
            return ServerAddress.TryParse(given, environment, out var address) ? address
                : throw CliFailure.Usage($"'{given}' is no server address", "write unix:PATH or HOST:PORT, such as unix:/var/lib/grpcca/admin.sock or ca.net.gq:14443");
        var local = Path.Combine(environment.WorkingDirectory, ".grpcca", "admin.sock");
        if (File.Exists(local)) return ServerAddress.OfSocket(local);
        var store = new IdentityStore(IdentityOf(line, environment));
        if (store.Exists)
        {
            using var identity = store.Load();
            return ServerAddress.OfEndpoint(identity.Endpoint);
        }
        throw new CliFailure(ExitCodes.Unreachable, "UNREACHABLE", "no server is known: there is no .grpcca/admin.sock here, and no login",
                "start one with ./run, or say which with --server unix:PATH or --server HOST:PORT");
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
