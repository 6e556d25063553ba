using System.Security.Cryptography;
using System.Text;

namespace GrpcCa.ControlPlane.Storage;

/// <summary>One numbered step of an engine's schema, as embedded in the program.</summary>
internal sealed record SchemaStep(int Version, string Name, string Text, string Sha256);

/// <summary>The schema of an engine: the embedded files <c>NNNN_name.sql</c> in order, and the table that records them.</summary>
internal sealed class Schema
{
    private const string Prefix = "GrpcCa.ControlPlane.Storage.";

    private Schema(string engine)
    {
        Record = Text($"{Prefix}{engine}.schema_versions.sql");
        Steps = [.. StepNames(engine).Select(name => Read(engine, name)).OrderBy(step => step.Version)];
        for (var i = 1; i < Steps.Count; i++)
            if (Steps[i].Version == Steps[i - 1].Version)
                throw new StoreSchemaException($"two schema files of {engine} have the number {Steps[i].Version}: {Steps[i - 1].Name} and {Steps[i].Name}");
    }

    public static Schema Sqlite { get; } = new("Sqlite");

    public static Schema Postgres { get; } = new("Postgres");

    /// <summary>Makes the table <c>schema_versions</c> where it is missing.</summary>
    public string Record { get; }

    public IReadOnlyList<SchemaStep> Steps { get; }

    /// <summary>
    /// Brings a store up to date inside the caller's transaction, which holds the engine's lock; returns the version.
    /// </summary>
    public async ValueTask<int> UpgradeAsync(StoreSession session, TimeProvider time, ILogger log)
    {
        await RunAsync(session, Record);
        var applied = await session.Sql("SELECT version, name, sha256 FROM schema_versions ORDER BY version")
            .ListAsync(row => (Version: (int)row.GetInt64(0), Name: row.GetString(1), Sha256: row.GetString(2)));
        var known = Steps.ToDictionary(step => step.Version);
        var newest = Steps.Count == 0 ? 0 : Steps[^1].Version;
        foreach (var (version, name, sha256) in applied)
        {
            if (!known.TryGetValue(version, out var step))
                throw new StoreSchemaException(
                    $"the store has schema {version} ({name}), this program knows schemas up to {newest}: start the newer grpcca-server");
            if (!string.Equals(step.Sha256, sha256, StringComparison.Ordinal))
                throw new StoreSchemaException(
                    $"schema {version} ({name}) of the store differs from this program's: the store was made by another build or was changed");
        }
        var last = applied.Count == 0 ? 0 : applied[^1].Version;
        foreach (var step in Steps.ExceptBy(applied.Select(row => row.Version), step => step.Version))
        {
            if (step.Version < last)
                throw new StoreSchemaException($"schema {step.Version} ({step.Name}) is missing below schema {last}: the store was made by another build");
            await ApplyAsync(session, step, time);
            StoreLog.Applied(log, step.Version, step.Name);
        }
        return newest;
    }

    private static async ValueTask ApplyAsync(StoreSession session, SchemaStep step, TimeProvider time)
    {
        await RunAsync(session, step.Text);
        await session.Sql("INSERT INTO schema_versions (version, name, sha256, applied_at) VALUES (@version, @name, @sha256, @applied_at)")
            .With("version", step.Version).With("name", step.Name).With("sha256", step.Sha256).With("applied_at", time.GetUtcNow())
            .ExecuteAsync();
    }

    // Runs once, so it is not kept among the prepared statements.
    private static async ValueTask RunAsync(StoreSession session, string text)
    {
        await using var command = session.Connection.CreateCommand();
#pragma warning disable CA2100 // Texts are embedded files.
        command.CommandText = text;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private static IEnumerable<string> StepNames(string engine)
    {
        var prefix = $"{Prefix}{engine}.";
        foreach (var resource in typeof(Schema).Assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(prefix, StringComparison.Ordinal) || !resource.EndsWith(".sql", StringComparison.Ordinal)) continue;
            var name = resource[prefix.Length..^".sql".Length];
            if (name.Length > 5 && char.IsAsciiDigit(name[0])) yield return name;
        }
    }

    private static SchemaStep Read(string engine, string name)
    {
        if (name[4] != '_' || !int.TryParse(name.AsSpan(0, 4), out var version))
            throw new StoreSchemaException($"schema file {name}.sql of {engine} is not named NNNN_name.sql");
        var text = Text($"{Prefix}{engine}.{name}.sql");
        return new SchemaStep(version, name[5..], text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    private static string Text(string resource)
    {
        using var stream = typeof(Schema).Assembly.GetManifestResourceStream(resource)
            ?? throw new StoreSchemaException($"schema file {resource} is not part of the program");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
