namespace GrpcCa.AdminCli.Output;

/// <summary>How results are printed.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,
    /// <summary>For scripts; its shape is documented in this room's README and stays.</summary>
    Json,
}
