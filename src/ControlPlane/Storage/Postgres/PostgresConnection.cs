using System.Security.Cryptography.X509Certificates;
using GrpcCa.Host;
using Npgsql;

namespace GrpcCa.ControlPlane.Storage.Postgres;

/// <summary>Reads the connection file and makes the two pools: one that writes, one that may only read.</summary>
internal static class PostgresConnection
{
    private const int PreparedStatements = 400;

    public static NpgsqlDataSource ForWriting(StoreOptions options) => Source(options, options.Writers, settings => { });

    public static NpgsqlDataSource ForReading(StoreOptions options) => Source(options, options.Readers,
        settings => settings.Options = $"{settings.Options} -c default_transaction_read_only=on".TrimStart());

    /// <summary>
    /// One connection that lasts as long as the program. When the other end is cut off without a word (a host that lost its power),
    /// the server is to notice within 11 s; without this it takes hours.
    /// </summary>
    public static NpgsqlDataSource ForTurn(StoreOptions options) => Source(options, 1, settings =>
    {
        settings.Pooling = false;
        settings.Options = $"{settings.Options} -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3".TrimStart();
    });

    private static NpgsqlDataSource Source(StoreOptions options, int connections, Action<NpgsqlConnectionStringBuilder> settle)
    {
        // The slim builder knows text, numbers and bytes, which is all a store has, and leaves out what AOT cannot have.
        var builder = new NpgsqlSlimDataSourceBuilder(Text(options.ConnectionFile));
        builder.EnableTransportSecurity();
        // The platform would fetch issuers from the URLs of the server's certificate, for each connection, and wait where there is no way to them.
        builder.UseSslClientAuthenticationOptionsCallback(tls => tls.CertificateChainPolicy = new X509ChainPolicy
        {
            DisableCertificateDownloads = true,
            RevocationMode = tls.CertificateRevocationCheckMode,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,
        });
        var settings = builder.ConnectionStringBuilder;
        settings.MaxPoolSize = connections;
        settings.MaxAutoPrepare = PreparedStatements;
        settings.AutoPrepareMinUsages = 2;
        settings.ApplicationName ??= "grpcca-server";
        // What an error tells about rows may be personal or secret, and errors go into logs.
        settings.IncludeErrorDetail = false;
        settle(settings);
        return builder.Build();
    }

    private static string Text(string path)
    {
        if (!File.Exists(path)) throw new StoreSchemaException($"connection file '{path}' does not exist");
        var mode = File.GetUnixFileMode(path);
        if ((mode & ~(SyncedFile.Private | UnixFileMode.UserExecute)) != 0)
            throw new IOException($"connection file '{path}' has mode {Convert.ToString((int)mode, 8)}; others must not read it: chmod 600 '{path}'");
        var text = File.ReadAllText(path).Trim();
        try
        {
            return new NpgsqlConnectionStringBuilder(text).ConnectionString;
        }
        catch (ArgumentException)
        {
            // The parser's message may quote the text, which holds a password.
            throw new StoreSchemaException($"connection file '{path}' has no connection string such as Host=/run/postgresql;Database=grpcca;Username=grpcca");
        }
    }
}
