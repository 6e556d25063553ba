using System.CommandLine;

namespace GrpcCa.AdminCli.Commands;

/// <summary>A command that shows by example how it is used.</summary>
internal interface IExampled
{
    IReadOnlyList<string> Examples { get; }
}

/// <summary>A noun such as <c>provisioner</c>: only its verbs do something.</summary>
internal abstract class Noun : Command, IExampled
{
    protected Noun(string name, string description, params IEnumerable<Verb> verbs) : base(name, description)
    {
        foreach (var verb in verbs) Add(verb);
    }

    /// <summary>One of each verb.</summary>
    public IReadOnlyList<string> Examples => [.. Subcommands.OfType<Verb>().Select(v => v.Examples[0])];
}
