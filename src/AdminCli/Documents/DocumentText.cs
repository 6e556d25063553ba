using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace GrpcCa.AdminCli.Documents;

/// <summary>
/// Reads YAML (and so JSON) into nodes with their places. One document; no anchors and aliases, which could make a small
/// file large; no tags, which mean other things to other readers.
/// </summary>
internal static class DocumentText
{
    private const int Deepest = 64;

    /// <summary>The document; null when the text is no YAML or has none, and then a fault says so.</summary>
    public static DocumentNode? Read(string text, List<DocumentFault> faults)
    {
        try
        {
            var events = new Parser(new StringReader(text));
            events.Consume<StreamStart>();
            if (events.Accept<StreamEnd>(out _))
            {
                faults.Add(new DocumentFault(1, 1, "", "the document is empty"));
                return null;
            }
            events.Consume<DocumentStart>();
            var root = Node(events, Deepest);
            events.Consume<DocumentEnd>();
            if (events.Accept<DocumentStart>(out var second)) faults.Add(new DocumentFault((int)second.Start.Line, (int)second.Start.Column, "", "a second document begins here; only one is read"));
            return root;
        }
        catch (YamlException wrong)
        {
            faults.Add(new DocumentFault((int)wrong.Start.Line, (int)wrong.Start.Column, "", wrong.InnerException?.Message ?? wrong.Message));
            return null;
        }
    }

    private static DocumentNode Node(IParser events, int deeper)
    {
        if (deeper == 0) throw Wrong(events, $"it is nested deeper than {Deepest}");
        if (events.TryConsume<Scalar>(out var scalar))
        {
            Refuse(scalar, scalar.IsPlainImplicit || scalar.IsQuotedImplicit);
            return new DocumentScalar(scalar.Value, scalar.Style == ScalarStyle.Plain, (int)scalar.Start.Line, (int)scalar.Start.Column);
        }
        if (events.TryConsume<SequenceStart>(out var sequence))
        {
            Refuse(sequence, sequence.IsImplicit);
            var items = new List<DocumentNode>();
            while (!events.TryConsume<SequenceEnd>(out _)) items.Add(Node(events, deeper - 1));
            return new DocumentList(items, (int)sequence.Start.Line, (int)sequence.Start.Column);
        }
        if (events.TryConsume<MappingStart>(out var mapping))
        {
            Refuse(mapping, mapping.IsImplicit);
            var members = new List<(DocumentScalar, DocumentNode)>();
            while (!events.TryConsume<MappingEnd>(out _))
                members.Add((Node(events, deeper - 1) as DocumentScalar ?? throw Wrong(events, "a member's name must be a word"), Node(events, deeper - 1)));
            return new DocumentMap(members, (int)mapping.Start.Line, (int)mapping.Start.Column);
        }
        throw Wrong(events, "aliases (*name) are not read");
    }

    private static void Refuse(NodeEvent node, bool isImplicit)
    {
        if (!node.Anchor.IsEmpty) throw new YamlException(node.Start, node.End, "anchors (&name) are not read");
        if (!isImplicit) throw new YamlException(node.Start, node.End, "tags (!name) are not read");
    }

    private static YamlException Wrong(IParser events, string what)
    {
        var at = events.Current?.Start ?? Mark.Empty;
        return new YamlException(at, at, what);
    }
}
