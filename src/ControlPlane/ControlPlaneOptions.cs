using System.Collections.Immutable;
using System.Net;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Challenges;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Limits;
using GrpcCa.ControlPlane.Acme.Nonces;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Watching;
using GrpcCa.ControlPlane.Approvals;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Webhooks;
using GrpcCa.Host;
using Microsoft.Extensions.Configuration;

namespace GrpcCa.ControlPlane;

/// <summary>Everything that can be set, read once at the start; the defaults are beside the options.</summary>
internal sealed record ControlPlaneOptions
{
    /// <summary><c>Data:Directory</c>: where keys, store and socket are, mode 0700; default <c>/var/lib/grpcca</c>.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>Grpc:Listen</c>: address and port of the API; default <c>127.0.0.1:14443</c>; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary><c>Grpc:Endpoint</c>: host and port that join tokens carry; default the address it listens on.</summary>
    public string? Endpoint { get; init; }

    /// <summary><c>Grpc:MaxConnections</c>: connections at a time, the admin socket's included; more are closed at once, and fewer are taken where the process
    /// may not open that many files; default 1,000.</summary>
    public required int MaxConnections { get; init; }

    /// <summary><c>Strangers:*</c>.</summary>
    public StrangersOptions Strangers { get; init; } = new();

    /// <summary><c>Admin:Socket</c>: the local admin's Unix socket, in a 0700 directory; default <c>admin.sock</c> in the data directory.</summary>
    public required string AdminSocket { get; init; }

    /// <summary>
    /// <c>Exchange:Socket</c>: the Unix socket at which gateways of the same user on this host go on without TLS, in a 0700 directory; default
    /// <c>calls.sock</c> in the data directory, <c>none</c> for none.
    /// </summary>
    public string? ExchangeSocket { get; init; }

    /// <summary><c>Replica:Id</c>: this process among several on one store, the same after a restart; default <c>main</c>.</summary>
    public required string ReplicaId { get; init; }

    /// <summary><c>Storage:*</c>.</summary>
    public required StoreOptions Storage { get; init; }

    /// <summary><c>Signing:KeyDirectory</c>: where key files are, mode 0700; default <c>keys</c> in the data directory.</summary>
    public required string KeyDirectory { get; init; }

    /// <summary><c>Signing:PasswordFile</c>: the file with the password of the keys, mode 0600; default <c>key-password</c> in the data directory.</summary>
    public required string PasswordFile { get; init; }

    /// <summary><c>Signing:Iterations</c>: PBKDF2 iterations that seal a new key's file; default and at least 210,000, 10,000,000 at most.</summary>
    public required int KeyIterations { get; init; }

    /// <summary><c>Hierarchy:*</c>: used when the CA is founded, and never again.</summary>
    public required HierarchyOptions Hierarchy { get; init; }

    /// <summary><c>Identity:*</c>.</summary>
    public required IdentityOptions Identity { get; init; }

    /// <summary><c>Crls:*</c>.</summary>
    public required CrlOptions Crls { get; init; }

    /// <summary><c>Validation:*</c>.</summary>
    public required ValidationOptions Validation { get; init; }

    /// <summary><c>Validation:Parallel</c>, <c>ParallelPerAccount</c>, <c>QueueLength</c>, <c>AnswerWithin</c>, <c>ClaimAfter</c>.</summary>
    public required ValidationQueueOptions ValidationQueue { get; init; }

    /// <summary><c>Orders:*</c>.</summary>
    public required OrderOptions Orders { get; init; }

    /// <summary><c>Limits:*</c>.</summary>
    public required LimitOptions Limits { get; init; }

    /// <summary><c>Requests:*</c>.</summary>
    public required JwsLimits Requests { get; init; }

    /// <summary><c>Nonces:*</c>.</summary>
    public required NonceMintOptions Nonces { get; init; }

    /// <summary><c>Archive:*</c>.</summary>
    public ArchiveOptions Archive { get; init; } = new();

    /// <summary>The section <c>Approvals</c>: <c>Approvals:Lifetime</c>, how long a second operator has to decide; default 24 h.</summary>
    public ApprovalOptions Approvals { get; init; } = new();

    /// <summary><c>Webhooks:*</c>.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>The section <c>Watching</c>: <c>Watching:MaxStreams</c>, how many may watch certificates at a time; default 100.</summary>
    public WatchOptions Watching { get; init; } = new();

    /// <summary><c>Joining:TokenLifetime</c>: how long a join or login token works; default 1 h.</summary>
    public required TimeSpan TokenLifetime { get; init; }

    /// <summary><c>Declare:*</c>: what holds at every start, whatever was changed before.</summary>
    public required Declaration Declare { get; init; }

    /// <exception cref="ConfigurationException">Lists every problem with its key.</exception>
    public static ControlPlaneOptions Read(IConfiguration configuration) => Read(new ConfigurationReader(configuration));

    /// <inheritdoc cref="Read(IConfiguration)"/>
    public static ControlPlaneOptions Read(ConfigurationReader read)
    {
        var data = Path.GetFullPath(read.Text("Data:Directory", "/var/lib/grpcca"));
        var replica = read.Text("Replica:Id", "main");
        var options = new ControlPlaneOptions
        {
            DataDirectory = data,
            Listen = read.Endpoint("Grpc:Listen", new IPEndPoint(IPAddress.Loopback, 14443))!,
            Endpoint = read.OptionalText("Grpc:Endpoint"),
            MaxConnections = read.Number("Grpc:MaxConnections", 1000, 1, 1_000_000),
            Strangers = ReadStrangers(read),
            AdminSocket = Path.GetFullPath(read.Text("Admin:Socket", Path.Combine(data, "admin.sock"))),
            ExchangeSocket = read.Text("Exchange:Socket", Path.Combine(data, "calls.sock")) is var calls && calls == "none" ? null : Path.GetFullPath(calls),
            ReplicaId = replica,
            Storage = ReadStorage(read, data) with { Replica = replica },
            KeyDirectory = Path.GetFullPath(read.Text("Signing:KeyDirectory", Path.Combine(data, "keys"))),
            PasswordFile = Path.GetFullPath(read.Text("Signing:PasswordFile", Path.Combine(data, "key-password"))),
            KeyIterations = read.Number("Signing:Iterations", FileKeyOptions.UsualIterations, FileKeyOptions.UsualIterations, SealedKey.MostIterations),
            Hierarchy = ReadHierarchy(read),
            Identity = new IdentityOptions { Lifetime = read.Duration("Identity:Lifetime", TimeSpan.FromDays(7), TimeSpan.FromMinutes(10), TimeSpan.FromDays(366)) },
            Crls = new CrlOptions
            {
                Lifetime = read.Duration("Crls:Lifetime", TimeSpan.FromHours(24), TimeSpan.FromMinutes(5), TimeSpan.FromDays(366)),
                RootLifetime = read.Duration("Crls:RootLifetime", TimeSpan.FromDays(30), TimeSpan.FromMinutes(5), TimeSpan.FromDays(366)),
            },
            Validation = ReadValidation(read),
            ValidationQueue = new ValidationQueueOptions
            {
                Replica = replica,
                Parallel = read.Number("Validation:Parallel", 64, 1, 10_000),
                ParallelPerAccount = read.Number("Validation:ParallelPerAccount", 8, 1, 10_000),
                QueueLength = read.Number("Validation:QueueLength", 10_000, 1, 1_000_000),
                AnswerWithin = TimeSpan.FromMilliseconds(read.Number("Validation:AnswerWithinMilliseconds", 300, 0, 10_000)),
                ClaimAfter = TimeSpan.FromMilliseconds(read.Number("Validation:ClaimAfterMilliseconds", 50, 0, 10_000)),
            },
            Orders = new OrderOptions { MostIdentifiers = read.Number("Orders:MostIdentifiers", 100, 1, 1000), PageSize = read.Number("Orders:PageSize", 100, 1, 1000) },
            Limits = ReadLimits(read),
            Requests = new JwsLimits
            {
                MaxBodyBytes = read.Number("Requests:MaxBodyBytes", 64 * 1024, 1024, 1024 * 1024),
                MaxNewOrderBytes = read.Number("Orders:MaxNewOrderBytes", 16 * 1024, 1024, 1024 * 1024),
                MaxFinalizeBytes = read.Number("Orders:MaxFinalizeBytes", 48 * 1024, 1024, 1024 * 1024),
            },
            Nonces = new NonceMintOptions { WindowChunks = read.Number("Nonces:WindowChunks", 4096, 1, 1_000_000) },
            Approvals = new ApprovalOptions { Lifetime = read.Duration("Approvals:Lifetime", TimeSpan.FromHours(24), TimeSpan.FromMinutes(1), TimeSpan.FromDays(30)) },
            Webhooks = ReadWebhooks(read),
            Archive = new ArchiveOptions
            {
                Directory = read.OptionalText("Archive:Directory") is { } archive ? Path.GetFullPath(archive) : null,
                // Limits look back for a week (Limits:OrdersPerName).
                After = read.Duration("Archive:After", new ArchiveOptions().After, TimeSpan.FromDays(7), TimeSpan.FromDays(36_500)),
            },
            Watching = new WatchOptions { MaxStreams = read.Number("Watching:MaxStreams", 100, 0, 10_000) },
            TokenLifetime = read.Duration("Joining:TokenLifetime", TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), TimeSpan.FromDays(30)),
            Declare = ReadDeclaration(read),
        };
        read.ThrowIfFaulty();
        return options;
    }

    private static StrangersOptions ReadStrangers(ConfigurationReader read)
    {
        var usual = new StrangersOptions();
        return new StrangersOptions
        {
            MaxConnections = read.Number("Strangers:MaxConnections", usual.MaxConnections, 1, 1_000_000),
            MaxConnectionsPerAddress = read.Number("Strangers:MaxConnectionsPerAddress", usual.MaxConnectionsPerAddress, 1, 1_000_000),
            MaxCalls = read.Number("Strangers:MaxCalls", usual.MaxCalls, 1, 1_000_000),
            MaxCallsPerAddress = read.Number("Strangers:MaxCallsPerAddress", usual.MaxCallsPerAddress, 1, 1_000_000),
            MaxBytes = read.Number("Strangers:MaxBytes", usual.MaxBytes, 1024, 1024 * 1024),
            Within = read.Duration("Strangers:Within", usual.Within, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
        };
    }

    private static StoreOptions ReadStorage(ConfigurationReader read, string data)
    {
        var usual = new StoreOptions();
        var options = new StoreOptions
        {
            Provider = read.Choice("Storage:Provider", StoreProvider.Sqlite),
            Path = Path.GetFullPath(read.Text("Storage:Path", Path.Combine(data, "grpcca.db"))),
            ConnectionFile = read.Text("Storage:ConnectionFile", ""),
            QueuedWrites = read.Number("Storage:QueuedWrites", usual.QueuedWrites, 1, 1_000_000),
            GroupedWrites = read.Number("Storage:GroupedWrites", usual.GroupedWrites, 1, 10_000),
            ReserveMib = read.Number("Storage:ReserveMib", usual.ReserveMib, 0, 4096),
            Readers = read.Number("Storage:Readers", usual.Readers, 1, 1000),
            Writers = read.Number("Storage:Writers", usual.Writers, 1, 1000),
        };
        if (options.Provider == StoreProvider.Postgresql && options.ConnectionFile.Length == 0)
            read.Problem("Storage:ConnectionFile", "is required with PostgreSQL: a file with the connection string");
        return options;
    }

    private static HierarchyOptions ReadHierarchy(ConfigurationReader read)
    {
        var usual = new HierarchyOptions();
        var tenYears = TimeSpan.FromDays(3650);
        var options = new HierarchyOptions
        {
            Id = read.Text("Hierarchy:Id", usual.Id),
            Name = read.Text("Hierarchy:Name", usual.Name),
            KeyType = read.Choice("Hierarchy:KeyType", KeyAlgorithm.EcP256),
            RootLifetime = read.Duration("Hierarchy:RootLifetime", tenYears, TimeSpan.FromDays(1), tenYears * 3),
            IntermediateLifetime = read.Duration("Hierarchy:IntermediateLifetime", tenYears, TimeSpan.FromHours(1), tenYears * 3),
            Permit = [.. read.List("Hierarchy:Permit") ?? []],
            RevocationBaseUrl = read.OptionalText("Hierarchy:RevocationBaseUrl"),
            ImportRoot = read.OptionalText("Hierarchy:ImportRoot"),
            ImportIntermediate = read.OptionalText("Hierarchy:ImportIntermediate"),
            ImportKey = read.OptionalText("Hierarchy:ImportKey"),
            ImportKeyPasswordFile = read.OptionalText("Hierarchy:ImportKeyPasswordFile"),
        };
        if (options.Id.Length is 0 or > 63 || !options.Id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') || options.Id == "identity")
            read.Problem("Hierarchy:Id", $"'{options.Id}' is not 1 to 63 of a-z, 0-9 and hyphen, other than 'identity'");
        if (string.IsNullOrWhiteSpace(options.Name) || options.Name.Length > 40) read.Problem("Hierarchy:Name", "must be 1 to 40 characters");
        if (options.RevocationBaseUrl is { } url && !IsBaseUrl(url))
            read.Problem("Hierarchy:RevocationBaseUrl", $"'{url}' is not an http URL such as http://ca.net.gq; CRLs are fetched over plain HTTP (RFC 5280 §8)");
        Try(read, "Hierarchy:Permit", () => NameConstraints.Parse(options.Permit));
        return options;
    }

    // It stands in certificates with paths after it: printable ASCII, no user, query or fragment.
    private static bool IsBaseUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp
        && text.StartsWith("http://", StringComparison.Ordinal) && text.All(c => c is > ' ' and < (char)0x7F)
        && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0;

    private static ValidationOptions ReadValidation(ConfigurationReader read)
    {
        var usual = new ValidationOptions();
        var ranges = usual.Ranges;
        Try(read, "Validation:Ranges", () => ranges = read.List("Validation:Ranges") is { } texts ? [.. texts.Select(Range)] : usual.Ranges);
        var resolver = read.Endpoint("Validation:Resolver", null);
        var bounds = usual with
        {
            Http01Port = read.Number("Validation:Http01Port", usual.Http01Port, 1, 65535),
            TlsAlpn01Port = read.Number("Validation:TlsAlpn01Port", usual.TlsAlpn01Port, 1, 65535),
            Ranges = ranges,
            Resolver = resolver is null ? [] : [resolver],
            AttemptTimeout = read.Duration("Validation:AttemptTimeout", usual.AttemptTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)),
            ResolveTimeout = read.Duration("Validation:ResolveTimeout", usual.ResolveTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)),
            SystemLookups = read.Number("Validation:SystemLookups", usual.SystemLookups, 1, 1000),
            ConnectTimeout = read.Duration("Validation:ConnectTimeout", usual.ConnectTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)),
            MaxBody = read.Number("Validation:MaxBody", usual.MaxBody, 1024, 64 * 1024),
            MaxRedirects = read.Number("Validation:MaxRedirects", usual.MaxRedirects, 0, 10),
            Attempts = read.Number("Validation:Attempts", usual.Attempts, 1, 20),
            Backoff = read.Duration("Validation:Backoff", usual.Backoff, TimeSpan.Zero, TimeSpan.FromMinutes(1)),
            Within = read.Duration("Validation:Within", usual.Within, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
        };
        // A bound inside another that is not longer would do nothing, or take all of its time. A default gives way to a short outer bound.
        void Fits(string inner, TimeSpan bound, TimeSpan byDefault, string outer, TimeSpan around, string consequence)
        {
            if (bound != byDefault && bound >= around)
                read.Problem($"Validation:{inner}", $"{bound.TotalSeconds:0} s is not less than Validation:{outer} ({around.TotalSeconds:0} s){consequence}");
        }
        Fits(nameof(bounds.ResolveTimeout), bounds.ResolveTimeout, usual.ResolveTimeout, nameof(bounds.AttemptTimeout), bounds.AttemptTimeout, ", in which the look-up is one step");
        Fits(nameof(bounds.ConnectTimeout), bounds.ConnectTimeout, usual.ConnectTimeout, nameof(bounds.AttemptTimeout), bounds.AttemptTimeout, ": no second address would be tried");
        if (bounds.Attempts > 1) Fits(nameof(bounds.Backoff), bounds.Backoff, usual.Backoff, nameof(bounds.Within), bounds.Within, ": there would be no second attempt");
        return bounds;
    }

    private static WebhookOptions ReadWebhooks(ConfigurationReader read)
    {
        var usual = new WebhookOptions();
        var ranges = usual.Ranges;
        Try(read, "Webhooks:Ranges", () => ranges = read.List("Webhooks:Ranges") is { } texts ? [.. texts.Select(Range)] : usual.Ranges);
        return new WebhookOptions
        {
            Ranges = ranges,
            MaxAttempts = read.Number("Webhooks:MaxAttempts", usual.MaxAttempts, 1, 1000),
            MaxAge = read.Duration("Webhooks:MaxAge", usual.MaxAge, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30)),
            FirstPause = read.Duration("Webhooks:FirstPause", usual.FirstPause, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            LongestPause = read.Duration("Webhooks:LongestPause", usual.LongestPause, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            QueueLimit = read.Number("Webhooks:QueueLimit", usual.QueueLimit, 1, 1_000_000),
            Concurrency = read.Number("Webhooks:Concurrency", usual.Concurrency, 1, 100),
        };
    }

    private static LimitOptions ReadLimits(ConfigurationReader read)
    {
        var usual = new LimitOptions();
        int Size(LimitKind limit) => read.Number($"Limits:{limit}", usual.SizeOf(limit, new ProvisionerLimits()), 0, LimitOptions.Largest);
        var options = new LimitOptions
        {
            AccountsPerAddress = Size(LimitKind.AccountsPerAddress),
            Accounts = Size(LimitKind.Accounts),
            OrdersPerAccount = Size(LimitKind.OrdersPerAccount),
            OrdersPerAddress = Size(LimitKind.OrdersPerAddress),
            OrdersPerName = Size(LimitKind.OrdersPerName),
            Orders = Size(LimitKind.Orders),
            PendingAuthorizationsPerAccount = Size(LimitKind.PendingAuthorizationsPerAccount),
            FailedValidationsPerAccountAndName = Size(LimitKind.FailedValidationsPerAccountAndName),
            HelpUrl = read.OptionalText("Limits:HelpUrl"),
            MostBuckets = read.Number("Limits:MostBuckets", usual.MostBuckets, 1000, 10_000_000),
        };
        if (options.HelpUrl is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
            read.Problem("Limits:HelpUrl", $"'{url}' is not an http or https URL");
        return options;
    }

    private static Declaration ReadDeclaration(ConfigurationReader read)
    {
        var declaration = new Declaration
        {
            Allow = ReadPatterns(read, "Declare:Allow"),
            InitialAllow = ReadPatterns(read, "Declare:InitialAllow"),
            GatewayId = read.OptionalText("Declare:GatewayId"),
            GatewayBaseUrls = [.. read.List("Declare:GatewayBaseUrls") ?? []],
            GatewayTlsNames = [.. read.List("Declare:GatewayTlsNames") ?? []],
            GatewayTokenFile = read.OptionalText("Declare:GatewayTokenFile"),
        };
        if (declaration.GatewayId is not null && declaration.GatewayBaseUrls.IsEmpty)
            read.Problem("Declare:GatewayBaseUrls", "is required with Declare:GatewayId");
        return declaration;
    }

    private static IPNetwork Range(string text) => IPNetwork.TryParse(text, out var range) ? range
        : throw new FormatException($"'{text}' is no range such as 100.64.0.0/10 (the bits beyond the prefix are zero)");

    private static ImmutableArray<NameRulePattern>? ReadPatterns(ConfigurationReader read, string key)
    {
        if (read.List(key) is not { } texts) return null;
        var patterns = ImmutableArray.CreateBuilder<NameRulePattern>();
        foreach (var text in texts) Try(read, key, () => patterns.Add(NameRulePattern.Parse(text)), $"'{text}': ");
        return patterns.ToImmutable();
    }

    private static void Try(ConfigurationReader read, string key, Action parse, string about = "")
    {
        try
        {
            parse();
        }
        catch (Exception fault) when (fault is FormatException or RefusalException)
        {
            read.Problem(key, about + fault.Message);
        }
    }
}

/// <summary>What the configuration says must hold at every start.</summary>
internal sealed record Declaration
{
    /// <summary>The allow rules of the provisioners <c>acme</c> and <c>nixos</c>, replacing what they have; default: leave them.</summary>
    public ImmutableArray<NameRulePattern>? Allow { get; init; }

    /// <summary>The same, but only when the CA is founded; default none, and then nothing is allowed.</summary>
    public ImmutableArray<NameRulePattern>? InitialAllow { get; init; }

    /// <summary>A gateway that is there; default none.</summary>
    public string? GatewayId { get; init; }

    /// <summary>Its base URLs, the preferred one first.</summary>
    public ImmutableArray<string> GatewayBaseUrls { get; init; } = [];

    /// <summary>Names in its TLS certificate; default the hosts of its base URLs.</summary>
    public ImmutableArray<string> GatewayTlsNames { get; init; } = [];

    /// <summary>A file that gets a fresh one-time join token for it at every start, mode 0600; default none.</summary>
    public string? GatewayTokenFile { get; init; }
}
