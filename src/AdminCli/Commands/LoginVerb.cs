using System.CommandLine;
using GrpcCa.AdminCli.Connection;
using GrpcCa.Host;
using GrpcCa.Host.Identity;

namespace GrpcCa.AdminCli.Commands;

/// <summary><c>grpcca login</c>: exchanges a one-time token for a client certificate with a key made here.</summary>
internal sealed class LoginVerb : Verb
{
    public LoginVerb() : base("login", "Enrols this computer as an operator: exchanges a one-time token for a client certificate.")
    {
        Add(Token);
        Add(TokenFile);
        Validators.Add(result =>
        {
            var argument = result.GetResult(Token) is { Tokens.Count: > 0 };
            var file = result.GetResult(TokenFile) is not null;
            if (argument == file) result.AddError("give the token, or --token-file FILE ('-' is standard input)");
        });
    }

    public Argument<string?> Token { get; } = new("token") { Description = "The token; other users of this computer may see it, --token-file hides it", Arity = ArgumentArity.ZeroOrOne };

    public Option<string?> TokenFile { get; } = new("--token-file") { Description = "File with the token; '-' reads standard input", HelpName = "FILE" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca login --token-file login.token",
        "grpcca login --token-file - < login.token",
        "grpcca login grpcca1.Y2E6MTQ0NDM.mD3…",
    ];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        if (!JoinToken.TryParse(await ReadAsync(context), out var token, out var fault)) throw CliFailure.Usage(fault);
        context.Address = ServerAddress.OfEndpoint(token.Endpoint);
        var store = new IdentityStore(context.IdentityDirectory);
        Directory.CreateDirectory(Path.GetDirectoryName(context.IdentityDirectory)!);
        var person = await new Enrollment(store, context.Environment.Time).JoinOperatorAsync(token, context.Cancel);
        context.Printer.One(person, Operators.OperatorText.Fields(person, context.Now));
        context.Printer.Note($"logged in to {token.Endpoint}; the identity is in {context.IdentityDirectory}");
        return ExitCodes.Ok;
    }

    private async Task<string> ReadAsync(CommandContext context)
    {
        if (context.Get(Token) is { } given) return given;
        var file = context.Get(TokenFile)!;
        return file == "-" ? await context.Environment.In.ReadToEndAsync(context.Cancel) : await File.ReadAllTextAsync(Path.GetFullPath(file, context.Environment.WorkingDirectory), context.Cancel);
    }
}
