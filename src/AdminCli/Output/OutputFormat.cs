namespace GrpcCa.AdminCli.Output;

/// <summary>How results are printed.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,
    /// <summary>A table with all columns, whose rows are never broken.</summary>
    Wide,
    /// <summary>For scripts; its shape is documented in this room's README and stays.</summary>
    Json,
    /// <summary>The same document as YAML.</summary>
    Yaml,
}
