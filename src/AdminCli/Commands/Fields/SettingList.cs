using System.CommandLine;
using System.Globalization;
using GrpcCa.Host;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace GrpcCa.AdminCli.Commands.Fields;

/// <summary>The options of a resource's fields: <c>create</c> and <c>update</c> read them from one list, so that neither lacks one.</summary>
internal sealed class SettingList<T>
{
    private readonly List<Setting<T>> settings = [];

    /// <summary>What <c>--clear</c> may name.</summary>
    public string[] ClearWords => [.. settings.Where(s => s.Clearable).Select(s => s.Word)];

    /// <summary>Their fields, as masks name them.</summary>
    public IEnumerable<string> Paths => settings.Select(s => s.Path);

    public IEnumerable<Option> Options => settings.Select(s => s.Option);

    public Option<string?> Text(string path, string name, string value, string description, Action<T, string> set, bool clearable = true)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = value };
        settings.Add(new(option, path, clearable, (context, target) => set(target, context.Get(option)!)));
        return option;
    }

    public Option<string[]> Texts(string path, string name, string value, string description, Action<T, string[]> set, bool clearable = true)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = value, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true };
        settings.Add(new(option, path, clearable, (context, target) => set(target, context.Get(option))));
        return option;
    }

    /// <summary>An option whose values are files, each with a word before <c>=</c> where it needs one; what is set is what they hold.</summary>
    public void Files(string path, string name, string value, string description, Action<T, IReadOnlyList<(string Id, string Content)>> set, bool clearable = true)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = value, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true };
        settings.Add(new(option, path, clearable, (context, target) => set(target, [.. context.Get(option).Select(text => Read(context, name, text))])));
    }

    private static (string Id, string Content) Read(CommandContext context, string name, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var (id, file) = equals < 0 ? ("", text) : (text[..equals], text[(equals + 1)..]);
        var path = Path.GetFullPath(file, context.Environment.WorkingDirectory);
        return File.Exists(path) ? (id, File.ReadAllText(path)) : throw CliFailure.Usage($"{name}: there is no file '{file}'");
    }

    /// <summary>The text of a file that the option names.</summary>
    public void FileText(string path, string name, string description, Action<T, string> set)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "FILE" };
        settings.Add(new(option, path, true, (context, target) =>
        {
            var file = Path.Combine(context.Environment.WorkingDirectory, context.Get(option)!);
            if (!File.Exists(file)) throw CliFailure.Usage($"there is no file '{context.Get(option)}'");
            set(target, File.ReadAllText(file));
        }));
    }

    public void Flag(string path, string name, string description, Action<T, bool> set)
    {
        var option = new Option<bool>(name) { Description = description };
        settings.Add(new(option, path, false, (context, target) => set(target, context.Get(option))));
    }

    public void Port(string path, string name, string description, Action<T, int> set)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = "PORT",
            CustomParser = result =>
            {
                if (result.Tokens is [var token] && ushort.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0) return port;
                result.AddError($"{name} takes a port from 1 to 65535, not '{string.Join(' ', result.Tokens)}'");
                return 0;
            },
        };
        settings.Add(new(option, path, true, (context, target) => set(target, context.Get(option))));
    }

    public Option<TimeSpan> Span(string path, string name, string description, Action<T, Duration> set, bool clearable = true)
    {
        var option = new Option<TimeSpan>(name)
        {
            Description = description,
            HelpName = "SPAN",
            CustomParser = result =>
            {
                // What a protobuf duration holds (10,000 years).
                if (result.Tokens is [var token] && ConfigurationReader.TryParseDuration(token.Value, out var span) && span.TotalSeconds <= Duration.MaxSeconds) return span;
                result.AddError($"{name} takes a span such as 90s, 24h or 90d, not '{string.Join(' ', result.Tokens)}'");
                return default;
            },
        };
        settings.Add(new(option, path, clearable, (context, target) => set(target, Duration.FromTimeSpan(context.Get(option)))));
        return option;
    }

    public void AddTo(Command command)
    {
        foreach (var setting in settings) command.Add(setting.Option);
    }

    /// <summary>Puts what the person gave into the resource and answers with the mask of it.</summary>
    public IEnumerable<string> Apply(CommandContext context, T target)
    {
        foreach (var setting in settings.Where(s => context.Has(s.Option)))
        {
            setting.Apply(context, target);
            yield return setting.Path;
        }
    }

    /// <summary>The mask of fields to unset; they are left empty in the resource.</summary>
    public IEnumerable<string> Cleared(CommandContext context, IEnumerable<string> words)
    {
        foreach (var word in words.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var setting = settings.Single(s => s.Word.Equals(word, StringComparison.OrdinalIgnoreCase));
            if (context.Has(setting.Option)) throw CliFailure.Usage($"{setting.Option.Name} is set and cleared", "say one of them");
            yield return setting.Path;
        }
    }
}
