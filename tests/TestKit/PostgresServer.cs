using System.Diagnostics;
using GrpcCa.Host;
using Npgsql;

namespace GrpcCa.TestKit;

/// <summary>Debian's PostgreSQL, started for a test run in a directory of its own, on a Unix socket only.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Installed = "/usr/lib/postgresql";
    private readonly string directory;
    private readonly string programs;
    private int databases;

    private PostgresServer(string directory, string programs)
    {
        this.directory = directory;
        this.programs = programs;
    }

    // The server refuses to run as root, so root gives its directory to the user that Debian's package makes.
    private static bool IsRoot => string.Equals(Environment.UserName, "root", StringComparison.Ordinal);

    private string Data => Path.Combine(directory, "data");

    /// <summary>Makes an empty server and starts it; returns when it answers.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        var programs = Directory.Exists(Installed)
            ? Directory.GetDirectories(Installed).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (programs is null) throw new InvalidOperationException("these tests need Debian's package 'postgresql'");
        var server = new PostgresServer(Directory.CreateTempSubdirectory("grpcca-pg-").FullName, Path.Combine(programs, "bin"));
        try
        {
            if (IsRoot) await RunAsync("chown", "postgres:postgres", server.directory);
            await server.RunOwnAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
            await server.RunOwnAsync("pg_ctl", "-D", server.Data, "-w", "-t", "60", "-l", Path.Combine(server.directory, "log"),
                "-o", $"-c listen_addresses= -c unix_socket_directories={server.directory} -c fsync=off -c max_connections=200", "start");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes an empty database and a file with its connection string, as <c>Storage:ConnectionFile</c> wants it.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"t{Interlocked.Increment(ref databases)}";
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync();
        var file = Path.Combine(directory, $"{name}.connection");
        SyncedFile.Write(file, System.Text.Encoding.UTF8.GetBytes(ConnectionString(name)), SyncedFile.Private);
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid"))) await RunOwnAsync("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");
        Directory.Delete(directory, recursive: true);
    }

    private string ConnectionString(string database) => $"Host={directory};Database={database};Username=postgres;No Reset On Close=true";

    private Task RunOwnAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(programs, program);
        return IsRoot
            ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments])
            : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {errors}{await output}");
    }
}
