using System.CommandLine;
using GrpcCa.AdminCli.Connection;

namespace GrpcCa.AdminCli.Commands.Contexts;

/// <summary><c>grpcca context add NAME</c>: the server and identity are those of the global options.</summary>
internal sealed class Add : Verb
{
    public Add() : base("add", "Keeps --server and --identity under a name, replacing those it had. The first context becomes the current one.")
    {
        Add(Target);
        Add(Use);
    }

    public Argument<string> Target { get; } = new("name") { Description = "Letters, digits, '-', '_' and '.'" };

    public Option<bool> Use { get; } = new("--use") { Description = "Make it the current one" };

    public override IReadOnlyList<string> Examples =>
    [
        "grpcca context add home --server ca.net.gq:14443",
        "grpcca context add lab --server unix:/var/lib/grpcca/admin.sock --use",
        "grpcca context add work --server ca.work.example:14443 --identity ~/.config/grpcca/work",
    ];

    protected override Task<int> RunAsync(CommandContext context)
    {
        var name = context.Get(Target);
        if (name.Length > 64 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            throw CliFailure.Usage($"'{name}' is no name for a context", "1 to 64 letters, digits, '-', '_' and '.'");
        var (server, identity) = context.GivenServer;
        if (server is null) throw CliFailure.Usage("say which server with --server unix:PATH or --server HOST:PORT");
        var book = ContextBook.Load(context.Environment);
        var made = new NamedServer(name, server, identity ?? "");
        book.Put(made);
        if (context.Get(Use) || book.Servers.Count == 1) book.Use(name);
        book.Save();
        ContextText.Print(context, made, book.Current);
        return Task.FromResult(ExitCodes.Ok);
    }
}
