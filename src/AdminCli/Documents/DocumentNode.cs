namespace GrpcCa.AdminCli.Documents;

/// <summary>A piece of a YAML or JSON document, with its place in the file: lines and columns count from 1.</summary>
internal abstract record DocumentNode(int Line, int Column);

/// <summary>A text, a number, true, false or nothing.</summary>
/// <param name="Text">As it was written, without quotes.</param>
/// <param name="IsPlain">Written without quotes: only then it may be a number, true, false or nothing.</param>
/// <param name="Line">Its line.</param>
/// <param name="Column">Its column.</param>
internal sealed record DocumentScalar(string Text, bool IsPlain, int Line, int Column) : DocumentNode(Line, Column)
{
    public bool IsNothing => IsPlain && Text is "" or "~" or "null";
}

/// <summary>A list.</summary>
internal sealed record DocumentList(IReadOnlyList<DocumentNode> Items, int Line, int Column) : DocumentNode(Line, Column);

/// <summary>Members by their names, in the document's order; a name may stand twice, which is the reader's to refuse.</summary>
internal sealed record DocumentMap(IReadOnlyList<(DocumentScalar Name, DocumentNode Value)> Members, int Line, int Column) : DocumentNode(Line, Column);

/// <summary>What is wrong with a document, and where.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Path">Of the field in proto notation, such as <c>state.provisioners[0].acme</c>; empty when it is the file.</param>
/// <param name="Description">What is wrong.</param>
internal sealed record DocumentFault(int Line, int Column, string Path, string Description);
