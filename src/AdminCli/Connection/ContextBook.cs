using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using GrpcCa.AdminCli.Output;
using GrpcCa.Host;

namespace GrpcCa.AdminCli.Connection;

/// <summary>A server under a name that a person chose.</summary>
/// <param name="Name">The name.</param>
/// <param name="Server">unix:PATH or HOST:PORT.</param>
/// <param name="Identity">Directory of the client certificate; empty for the usual one.</param>
internal sealed record NamedServer(string Name, string Server, string Identity);

/// <summary>The contexts of a person: named servers and identities in <c>contexts.json</c>, which is its owner's alone.</summary>
internal sealed class ContextBook
{
    private readonly string path;
    private readonly List<NamedServer> servers = [];

    private ContextBook(string path) => this.path = path;

    /// <summary>By name.</summary>
    public IReadOnlyList<NamedServer> Servers => servers;

    /// <summary>The name of the chosen one; empty when none is.</summary>
    public string Current { get; private set; } = "";

    /// <summary>Where grpcca keeps what belongs to the person.</summary>
    public static string DirectoryOf(CliEnvironment environment) => Path.Combine(
        environment.Variable("XDG_CONFIG_HOME") is { Length: > 0 } configuration ? configuration : Path.Combine(environment.Variable("HOME") ?? "/", ".config"), "grpcca");

    /// <exception cref="CliFailure">The file is damaged.</exception>
    public static ContextBook Load(CliEnvironment environment)
    {
        var book = new ContextBook(Path.Combine(DirectoryOf(environment), "contexts.json"));
        if (!File.Exists(book.path)) return book;
        try
        {
            var root = JsonNode.Parse(File.ReadAllText(book.path))!.AsObject();
            book.Current = Text(root, "current");
            foreach (var (name, node) in root["contexts"]?.AsObject() ?? []) book.servers.Add(new(name, Text(node!.AsObject(), "server"), Text(node.AsObject(), "identity")));
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new CliFailure(ExitCodes.Failed, "FILE", $"{book.path} is damaged: {damage.Message}", "repair it or remove it; 'grpcca context add' makes a new one", damage);
        }
        return book;
    }

    /// <summary>The context of a name, or the chosen one when there is no name; null when none is chosen.</summary>
    /// <exception cref="CliFailure">There is no such context.</exception>
    public NamedServer? Find(string? name)
    {
        var wanted = name ?? Current;
        if (wanted.Length == 0) return null;
        return servers.Find(s => s.Name == wanted) ?? throw CliFailure.NotFound($"there is no context '{wanted}'",
            Suggestions.Closest(wanted, servers.Select(s => s.Name)) is { } close ? $"did you mean '{close}'?" : "'grpcca context list' shows them");
    }

    /// <summary>Adds one or replaces the one of that name.</summary>
    public void Put(NamedServer server)
    {
        servers.RemoveAll(s => s.Name == server.Name);
        servers.Add(server);
        servers.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
    }

    public void Use(string name) => Current = name;

    public void Remove(string name)
    {
        servers.RemoveAll(s => s.Name == name);
        if (Current == name) Current = "";
    }

    public void Save()
    {
        var contexts = new JsonObject();
        foreach (var server in servers) contexts[server.Name] = new JsonObject { ["server"] = server.Server, ["identity"] = server.Identity };
        SyncedFile.EnsurePrivateDirectory(Path.GetDirectoryName(path)!);
        SyncedFile.Write(path, Encoding.UTF8.GetBytes(JsonText.Format(new JsonObject { ["current"] = Current, ["contexts"] = contexts }) + "\n"), SyncedFile.Private);
    }

    private static string Text(JsonObject node, string member) => node[member]?.GetValue<string>() ?? "";
}
