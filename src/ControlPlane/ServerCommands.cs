using System.CommandLine;
using GrpcCa.Host;

namespace GrpcCa.ControlPlane;

/// <summary>The command line of <c>grpcca-server</c>.</summary>
internal static class ServerCommands
{
    private static readonly Option<string?> ConfigFile = new("--config") { Description = "Configuration file, JSON with comments allowed", HelpName = "FILE" };

    private static readonly Option<string[]> Settings = new("--set")
    {
        Description = "One setting, such as --set Grpc:Listen=127.0.0.1:14443; lists with commas; wins over the file and GRPCCA_ variables",
        HelpName = "KEY=VALUE",
    };

    public static RootCommand Root()
    {
        var root = new RootCommand("The control plane of GrpcCa: owns keys, policy and issuance records; speaks gRPC.");
        var run = new Command("run", "Serve. Example: grpcca-server run --config /etc/grpcca/server.json");
        var found = new Option<bool>("--init") { Description = "Found the CA first when there is none, and make a key password when there is none" };
        run.Options.Add(ConfigFile);
        run.Options.Add(Settings);
        run.Options.Add(found);
        run.SetAction((parsed, cancellationToken) => GuardAsync(() =>
            ServerRun.ServeAsync(Options(parsed, []), parsed.GetValue(found), TimeProvider.System, cancellationToken)));
        root.Subcommands.Add(run);
        root.Subcommands.Add(Init());
        return root;
    }

    private static Command Init()
    {
        var init = new Command("init", "Found the CA. Example: grpcca-server init --name \"Home CA\" --permit subtree:net.gq --permit ip:100.64.0.0/10");
        // The flag, the setting it stands for, and what it is.
        (Option<string[]> Flag, string Key)[] flags =
        [
            (Flag("--data", "DIR", "Directory of keys, store and socket; default /var/lib/grpcca"), "Data:Directory"),
            (Flag("--name", "NAME", "Name that people see in trust stores; default GrpcCa"), "Hierarchy:Name"),
            (Flag("--id", "ID", "Id of the authority; default main"), "Hierarchy:Id"),
            (Flag("--key-type", "TYPE", "EcP256 (the default), EcP384, Rsa2048, Rsa3072 or Rsa4096"), "Hierarchy:KeyType"),
            (Flag("--root-lifetime", "TIME", "Such as 10y, the default"), "Hierarchy:RootLifetime"),
            (Flag("--intermediate-lifetime", "TIME", "Such as 10y, the default"), "Hierarchy:IntermediateLifetime"),
            (Flag("--permit", "NAMES", "Critical name constraint, subtree:net.gq or ip:100.64.0.0/10; may be given several times; default none"), "Hierarchy:Permit"),
            (Flag("--revocation-base-url", "URL", "Where CRLs and issuer certificates are found, such as http://ca.net.gq; certificates name it; default none"), "Hierarchy:RevocationBaseUrl"),
            (Flag("--allow", "FORM:VALUE", "Allow rule of both provisioners; may be given several times; default none, and then nothing is allowed"), "Declare:InitialAllow"),
            (Flag("--password-file", "FILE", "File with the password of the keys; made when it is missing"), "Signing:PasswordFile"),
            (Flag("--import-root", "FILE", "PEM of an existing root to take over"), "Hierarchy:ImportRoot"),
            (Flag("--import-intermediate", "FILE", "PEM of the intermediate below it"), "Hierarchy:ImportIntermediate"),
            (Flag("--import-key", "FILE", "PEM of the intermediate's private key"), "Hierarchy:ImportKey"),
            (Flag("--import-key-password-file", "FILE", "File with the password of that key, when it is encrypted"), "Hierarchy:ImportKeyPasswordFile"),
        ];
        init.Options.Add(ConfigFile);
        init.Options.Add(Settings);
        foreach (var (flag, _) in flags) init.Options.Add(flag);
        init.SetAction((parsed, cancellationToken) => GuardAsync(() =>
        {
            var given = flags.Where(f => parsed.GetValue(f.Flag) is { Length: > 0 }).Select(f => KeyValuePair.Create(f.Key, (string?)string.Join(',', parsed.GetValue(f.Flag)!)));
            return ServerRun.FoundAsync(Options(parsed, given), TimeProvider.System, cancellationToken);
        }));
        return init;
    }

    private static Option<string[]> Flag(string name, string value, string description) => new(name) { HelpName = value, Description = description };

    private static ControlPlaneOptions Options(ParseResult parsed, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        var settings = (parsed.GetValue(Settings) ?? []).Select(Setting);
        return ControlPlaneOptions.Read(ConfigurationReader.Load(parsed.GetValue(ConfigFile), settings.Concat(flags)));
    }

    private static KeyValuePair<string, string?> Setting(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new ConfigurationException([$"--set {text}: write KEY=VALUE, such as Grpc:Listen=127.0.0.1:14443"]);
        return KeyValuePair.Create(text[..equals], (string?)text[(equals + 1)..]);
    }

    private static async Task<int> GuardAsync(Func<Task<int>> act)
    {
        try
        {
            return await act();
        }
        catch (ConfigurationException fault)
        {
            foreach (var problem in fault.Problems) await Console.Error.WriteLineAsync($"grpcca-server: {problem}");
            return ServerRun.BadConfiguration;
        }
        catch (Exception fault) when (ServerRun.Explain(fault) is { } line)
        {
            await Console.Error.WriteLineAsync($"grpcca-server: {line}");
            return ServerRun.Failed;
        }
    }
}
