using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using GrpcCa.Host;
using Npgsql;

namespace GrpcCa.TestKit;

/// <summary>Debian's PostgreSQL, started for a test run in a directory of its own, on a Unix socket only, or by TLS on loopback.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Installed = "/usr/lib/postgresql";
    private readonly string directory;
    private readonly string programs;
    private readonly int? tlsPort;
    private int databases;

    private PostgresServer(string directory, string programs, int? tlsPort)
    {
        this.directory = directory;
        this.programs = programs;
        this.tlsPort = tlsPort;
    }

    // The server refuses to run as root, so root gives its directory to the user that Debian's package makes.
    private static bool IsRoot => string.Equals(Environment.UserName, "root", StringComparison.Ordinal);

    private string Data => Path.Combine(directory, "data");

    private string CertificateFile => Path.Combine(directory, "server.crt");

    private string KeyFile => Path.Combine(directory, "server.key");

    private string Listening => tlsPort is { } port
        ? $"-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on -c ssl_cert_file={CertificateFile} -c ssl_key_file={KeyFile}"
        : "-c listen_addresses=";

    private string Address => tlsPort is { } port ? $"Host=127.0.0.1;Port={port};SSL Mode=Require" : $"Host={directory}";

    /// <summary>Makes an empty server and starts it; returns when it answers.</summary>
    /// <param name="certificate">With its key: the server is reached by TLS on loopback, with this certificate.</param>
    public static async Task<PostgresServer> StartAsync(X509Certificate2? certificate = null)
    {
        var programs = Directory.Exists(Installed)
            ? Directory.GetDirectories(Installed).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (programs is null) throw new InvalidOperationException("these tests need Debian's package 'postgresql'");
        var server = new PostgresServer(Directory.CreateTempSubdirectory("grpcca-pg-").FullName, Path.Combine(programs, "bin"), certificate is null ? null : FreePorts.Next());
        try
        {
            if (certificate is not null)
            {
                SyncedFile.Write(server.CertificateFile, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()), SyncedFile.Private);
                using var key = certificate.GetECDsaPrivateKey()!;
                SyncedFile.Write(server.KeyFile, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()), SyncedFile.Private);
            }
            if (IsRoot) await RunAsync("chown", "-R", "postgres:postgres", server.directory);
            await server.RunOwnAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
            await server.RunOwnAsync("pg_ctl", "-D", server.Data, "-w", "-t", "60", "-l", Path.Combine(server.directory, "log"),
                "-o", $"{server.Listening} -c unix_socket_directories={server.directory} -c fsync=off -c max_connections=200", "start");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes an empty database and a file with its connection string, as <c>Storage:ConnectionFile</c> wants it.</summary>
    /// <param name="more">What the connection string says besides, such as <c>;SSL Mode=VerifyFull</c>.</param>
    public async Task<string> CreateDatabaseAsync(string more = "")
    {
        var name = $"t{Interlocked.Increment(ref databases)}";
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync();
        var file = Path.Combine(directory, $"{name}.connection");
        SyncedFile.Write(file, Encoding.UTF8.GetBytes(ConnectionString(name) + more), SyncedFile.Private);
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid"))) await RunOwnAsync("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");
        Directory.Delete(directory, recursive: true);
    }

    private string ConnectionString(string database) => $"{Address};Database={database};Username=postgres;No Reset On Close=true";

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
