using System.Text.RegularExpressions;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GrpcCa.ControlPlane.Tests.Sweeping;

/// <summary>Every table is swept or says why it is not, and what is said to be swept is.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed partial class SweptTablesTests(RunningControlPlane running)
{
    private static readonly DateTimeOffset Now = new(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);

    // An expired row, 'old', and one that is not, 'new', of every table that is swept; @old and @new are times.
    private static readonly Dictionary<string, string[]> Rows = new(StringComparer.Ordinal)
    {
        ["certificates"] =
        [
            "insert into certificates (serial, der, issuer, identifiers, key_type, key_sha256, not_before, not_after, created_at) values ('10000000000000000000000000000000', @bytes, 'i', '', 'k', @bytes, @ancient, @ancient, @ancient)",
            "insert into certificates (serial, der, issuer, identifiers, key_type, key_sha256, not_before, not_after, created_at) values ('20000000000000000000000000000000', @bytes, 'i', '', 'k', @bytes, @old, @new, @old)",
        ],
        ["certificate_names"] =
        [
            "insert into certificate_names (identifier, serial) values ('dns:a', '10000000000000000000000000000000')",
            "insert into certificate_names (identifier, serial) values ('dns:a', '20000000000000000000000000000000')",
        ],
        ["orders"] =
        [
            "insert into orders (id, account_id, provisioner_id, document, evidence, created_at, expires_at, version) values ('old', 'a', 'acme', '{}', @bytes, @old, @old, 1)",
            "insert into orders (id, account_id, provisioner_id, document, evidence, created_at, expires_at, version) values ('new', 'a', 'acme', '{}', @bytes, @old, @new, 1)",
        ],
        ["authorizations"] =
        [
            "insert into authorizations (id, account_id, identifier, document, reusable_until, created_at, expires_at, version) values ('old', 'a', 'dns:a', '{}', 0, @old, @old, 1)",
            "insert into authorizations (id, account_id, identifier, document, reusable_until, created_at, expires_at, version) values ('new', 'a', 'dns:a', '{}', 0, @old, @new, 1)",
        ],
        ["identity_certificates"] =
        [
            "insert into identity_certificates (serial, uri, der, not_after, created_at) values ('old', 'u', @bytes, @old, @old)",
            "insert into identity_certificates (serial, uri, der, not_after, created_at) values ('new', 'u', @bytes, @new, @old)",
        ],
        ["join_tokens"] =
        [
            "insert into join_tokens (subject, secret_sha256, expires_at) values ('old', @bytes, @old)",
            "insert into join_tokens (subject, secret_sha256, expires_at) values ('new', @more, @new)",
        ],
        ["used_tokens"] =
        [
            "insert into used_tokens (id, expires_at) values (@bytes, @old)",
            "insert into used_tokens (id, expires_at) values (@more, @new)",
        ],
        ["request_ids"] =
        [
            "insert into request_ids (actor, request_id, method, request_sha256, answer, expires_at) values ('a', 'old', 'm', @bytes, @bytes, @old)",
            "insert into request_ids (actor, request_id, method, request_sha256, answer, expires_at) values ('a', 'new', 'm', @bytes, @bytes, @new)",
        ],
        ["issuance_plans"] =
        [
            "insert into issuance_plans (serial, kind, role, purpose, issuer, replica_id, created_at, outcome, closed_at, tbs_sha256) values ('old', 'k', 'r', 'p', 'i', 'main', @old, 'issued', @old, @bytes)",
            "insert into issuance_plans (serial, kind, role, purpose, issuer, replica_id, created_at, outcome, closed_at, tbs_sha256) values ('new', 'k', 'r', 'p', 'i', 'main', @old, 'never_issued', @old, @bytes)",
        ],
        ["approvals"] =
        [
            "insert into approvals (id, method, request, request_sha256, resource, summary, asker, state, created_at, expires_at, decided_by, outcome) values ('old', 'm', @bytes, @bytes, 'r', 's', 'a', 1, @old, @old, '', '')",
            "insert into approvals (id, method, request, request_sha256, resource, summary, asker, state, created_at, expires_at, decided_by, outcome) values ('new', 'm', @bytes, @bytes, 'r', 's', 'a', 1, @new, @new, '', '')",
        ],
        ["renewal_advances"] =
        [
            "insert into renewal_advances (target, explanation_url, advanced_at) values ('certificates/10000000000000000000000000000000', '', @old)",
            "insert into renewal_advances (target, explanation_url, advanced_at) values ('certificates/20000000000000000000000000000000', '', @old)",
        ],
        ["webhook_expiries"] =
        [
            "insert into webhook_expiries (webhook_id, serial, not_after) values ('w', 'old', @old)",
            "insert into webhook_expiries (webhook_id, serial, not_after) values ('w', 'new', @new)",
        ],
    };

    // What those rows hang on.
    private static readonly string[] Around =
    [
        "insert into accounts (id, provisioner_id, key_thumbprint, key_json, key_sha256, status, contacts, terms_agreed, created_at, version) values ('a', 'acme', 't', '{}', @bytes, 'valid', '', 1, @old, 1)",
        """
        insert into webhooks (id, url, events, provisioners, timeout_ms, expiring_ms, disabled, comment, ca_pem, sealed_secret, version, created_at, updated_at, delivered, given_up, dropped, failure)
        values ('w', 'u', '', '', 1, 1, 0, '', '', @bytes, 1, @old, @old, 0, 0, 0, '')
        """,
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryTable_IsInTheList_AndNoOther()
    {
        var tables = await running.Store.ReadAsync(session => session
            .Sql("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name").ListAsync(row => row.GetString(0)), Stop);

        var listed = List();

        Assert.Equal(tables, listed.Keys.Order(StringComparer.Ordinal));
        Assert.All(listed.Values, what => Assert.Matches("^(swept|by its worker|by their worker|stays)[:,] ?.{10}", what));
    }

    [Fact]
    public async Task WhatIsSaidToBeSwept_Goes_AndTheRestStays()
    {
        var swept = List().Where(t => t.Value.StartsWith("swept", StringComparison.Ordinal)).Select(t => t.Key).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(swept, Rows.Keys.Order(StringComparer.Ordinal));
        var directory = Directory.CreateTempSubdirectory("grpcca-swept-");
        try
        {
            var options = new StoreOptions { Path = Path.Combine(directory.FullName, "store.db"), ReserveMib = 0 };
            await using var store = await StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Stop);
            foreach (var text in Around.Concat(Rows.Values.SelectMany(r => r))) await InsertAsync(store, text);
            var tasks = running.Services.GetServices<SweepTask>().ToList();
            using var sweeper = new Sweeper(store, options, tasks, new FakeTimeProvider(Now), NullLogger<Sweeper>.Instance);

            var deleted = await sweeper.SweepAsync(Stop);

            foreach (var table in swept) Assert.Equal((table, 1L), (table, await CountAsync(store, table)));
            // A certificate takes its names along.
            Assert.Equal(swept.Count - 1, deleted);
            Assert.Equal(["new"], await store.ReadAsync(session => session.Sql("select id from orders").ListAsync(row => row.GetString(0)), Stop));
            Assert.Equal(["new"], await store.ReadAsync(session => session.Sql("select serial from issuance_plans").ListAsync(row => row.GetString(0)), Stop));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static Task<int> InsertAsync(IStore store, string text) => store.WriteAsync(session =>
    {
        var statement = session.Sql(text);
        if (text.Contains("@old", StringComparison.Ordinal)) statement = statement.With("@old", Now.AddYears(-1));
        if (text.Contains("@ancient", StringComparison.Ordinal)) statement = statement.With("@ancient", Now.AddYears(-2));
        if (text.Contains("@new", StringComparison.Ordinal)) statement = statement.With("@new", Now.AddYears(1));
        if (text.Contains("@bytes", StringComparison.Ordinal)) statement = statement.With("@bytes", new byte[32]);
        if (text.Contains("@more", StringComparison.Ordinal)) statement = statement.With("@more", new byte[33]);
        return statement.ExecuteAsync();
    }, Stop);

    private static ValueTask<long> CountAsync(IStore store, string table) =>
        store.ReadAsync(session => session.Sql($"select count(*) from {table}").NumberAsync(), Stop);

    // The table under "What goes by itself" in the room's README.
    private static Dictionary<string, string> List()
    {
        var text = File.ReadAllText(SourceTree.At("src", "ControlPlane", "Storage", "README.md"));
        var rows = text[text.IndexOf("## What goes by itself", StringComparison.Ordinal)..].Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal));
        return rows.SelectMany(row => Name().Matches(row.Split('|')[1]).Select(name => (Table: name.Groups[1].Value, What: row.Split('|')[2].Trim())))
            .ToDictionary(row => row.Table, row => row.What, StringComparer.Ordinal);
    }

    [GeneratedRegex("`([a-z_]+)`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
