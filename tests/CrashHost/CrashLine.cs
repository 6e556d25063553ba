namespace GrpcCa.CrashHost;

/// <summary>The command line: where signatures are noted, where to die, and the control plane's settings.</summary>
internal sealed record CrashLine(string SignatureFile, string? CrashAt, int Reach, bool FromStart, List<KeyValuePair<string, string?>> Settings)
{
    public static CrashLine Read(string[] arguments)
    {
        var line = new CrashLine("", null, 1, FromStart: false, []);
        for (var at = 0; at < arguments.Length; at++)
        {
            line = arguments[at] switch
            {
                "--signatures" => line with { SignatureFile = arguments[++at] },
                "--crash-at" => line with { CrashAt = arguments[++at] },
                "--reach" => line with { Reach = int.Parse(arguments[++at]) },
                "--from-start" => line with { FromStart = true },
                var setting => line with { Settings = [.. line.Settings, Setting(setting)] },
            };
        }
        return line.SignatureFile.Length > 0 ? line : throw new ArgumentException("--signatures FILE is missing");
    }

    private static KeyValuePair<string, string?> Setting(string text) => text.Split('=', 2) is [var key, var value]
        ? KeyValuePair.Create(key, (string?)value)
        : throw new ArgumentException($"'{text}' is not KEY=VALUE");
}
