using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>
/// Lists of certificates, fast also among millions, without an index for each field (each is paid for at every
/// issuance). What few certificates match by an index that is there anyway (names, serial, key, account, times) is taken
/// from it and ordered; an account's index has them in the order of their making. Everything else is read along the order's own index, a bounded way at a time: a page may then
/// have fewer rows than it could, and says how far it came.
/// </summary>
internal static class CertificateListStore
{
    /// <summary>So many are ordered in memory.</summary>
    internal const int MostOrdered = 10_000;

    /// <summary>So many are looked at in one call.</summary>
    internal const int MostRead = 20_000;

    public static async ValueTask<CertificatePage> ListAsync(StoreSession session, CertificateQuery query)
    {
        var statement = new ListStatement(query);
        foreach (var source in statement.Sources())
            if (source.IsExact || await CountAsync(session, statement, source.Serials) <= MostOrdered)
                return new(await RowsAsync(session, statement, source.Rows), null);
        var readTo = statement.SkipsRows ? await ReadToAsync(session, statement) : null;
        return new(await RowsAsync(session, statement, statement.Along(readTo)), readTo);
    }

    private static ValueTask<long> CountAsync(StoreSession session, ListStatement statement, string source) =>
        statement.Bind(session.Sql($"select count(*) from ({source} limit {MostOrdered + 1}) as few"), source).NumberAsync();

    private static async ValueTask<CertificatePosition?> ReadToAsync(StoreSession session, ListStatement statement)
    {
        var text = statement.ReadTo;
        var found = await statement.Bind(session.Sql(text), text).ListAsync(row => new CertificatePosition(row.GetInt64(0), row.GetString(1)));
        return found.Count == 0 ? null : found[0];
    }

    private static ValueTask<List<CertificateRecord>> RowsAsync(StoreSession session, ListStatement statement, string text) =>
        statement.Bind(session.Sql(text), text).ListAsync(CertificateStore.Read);

    /// <summary>An index that a condition can use.</summary>
    /// <param name="Serials">What it finds, for counting.</param>
    /// <param name="Rows">The page from it.</param>
    /// <param name="IsExact">Whether it finds nothing that is passed over, so that a page takes no longer among many.</param>
    internal readonly record struct ListSource(string Serials, string Rows, bool IsExact);

    /// <summary>The texts of one list; every piece of them is a constant of this class, values are parameters.</summary>
    internal sealed class ListStatement(CertificateQuery query)
    {
        private const string AfterTime = "@after_time", AfterSerial = "@after_serial", ToTime = "@to_time", ToSerial = "@to_serial", Limit = "@limit";

        private static readonly CertificateField[][] Groups =
        [
            [CertificateField.Serial], [CertificateField.Identifier], [CertificateField.Key], [CertificateField.Account],
            [CertificateField.IsRevoked, CertificateField.Revoked], [CertificateField.Expires], [CertificateField.Created],
        ];

        private readonly CertificateField ordered = query.Order.ByExpiry ? CertificateField.Expires : CertificateField.Created;
        private CertificatePosition to;

        /// <summary>Whether the way along the order passes certificates that are not wanted.</summary>
        public bool SkipsRows => query.Conditions.Any(c => c.Field != ordered);

        /// <summary>Each index that a condition can use, the surest first; the order's own is not among them.</summary>
        public IEnumerable<ListSource> Sources()
        {
            foreach (var group in Groups)
            {
                var own = Enumerable.Range(0, query.Conditions.Length).Where(i => group.Contains(query.Conditions[i].Field)).ToList();
                if (own.Count == 0 || group.Contains(ordered)) continue;
                var serials = group[0] == CertificateField.Identifier
                    ? $"select serial as picked from certificate_names where identifier = @p{own[0]}"
                    : $"select serial as picked from certificates where {string.Join(" and ", own.Select(i => Condition(i, indexed: true)))}";
                yield return group[0] == CertificateField.Account && ordered == CertificateField.Created
                    ? new ListSource(serials, OfAccount(), query.Conditions.All(c => c.Field is CertificateField.Account or CertificateField.Created))
                    : new ListSource(serials, Picked(serials), IsExact: false);
            }
        }

        /// <summary>The rows of a source, all of them looked at and put in order.</summary>
        // The join is a cross join and the order an expression, so that no engine thinks of another way.
        private string Picked(string source) => $"""
            select {CertificateStore.Columns} from ({source} limit {MostOrdered}) as few cross join certificates
            where certificates.serial = few.picked{Conditions(_ => false)}{After(Sorted)}
            order by {Ordering(Sorted)} limit {Limit}
            """;

        // Its index has them in this order: a page of very many is read like one of few.
        private string OfAccount() => $"""
            select {CertificateStore.Columns} from certificates
            where 1 = 1{Conditions(i => query.Conditions[i].Field is CertificateField.Account or CertificateField.Created)}{After(Column)}
            order by {Ordering(Column)} limit {Limit}
            """;

        /// <summary>The rows along the order's index, up to a place.</summary>
        public string Along(CertificatePosition? readTo)
        {
            if (readTo is { } place) to = place;
            var end = readTo is null ? "" : $" and ({Column}, serial) {(query.Order.Descending ? ">=" : "<=")} ({ToTime}, {ToSerial})";
            return $"""
                select {CertificateStore.Columns} from certificates
                where 1 = 1{Conditions(i => query.Conditions[i].Field == ordered)}{After(Column)}{end}
                order by {Ordering(Column)} limit {Limit}
                """;
        }

        /// <summary>The last place that is looked at.</summary>
        public string ReadTo => $"""
            select {Column}, serial from certificates
            where 1 = 1{string.Concat(Enumerable.Range(0, query.Conditions.Length).Where(i => query.Conditions[i].Field == ordered).Select(i => " and " + Condition(i, indexed: true)))}{After(Column)}
            order by {Ordering(Column)} limit 1 offset {MostRead - 1}
            """;

        /// <summary>Gives a text the values that it names.</summary>
        public StoreStatement Bind(StoreStatement statement, string text)
        {
            for (var i = 0; i < query.Conditions.Length; i++)
                if (Names(text, $"@p{i}")) statement = With(statement, $"@p{i}", query.Conditions[i].Value);
            if (query.After is { } after && Names(text, AfterTime)) statement = statement.With(AfterTime, after.Time).With(AfterSerial, after.Serial);
            if (Names(text, ToTime)) statement = statement.With(ToTime, to.Time).With(ToSerial, to.Serial);
            return Names(text, Limit) ? statement.With(Limit, query.Limit) : statement;
        }

        private string Column => query.Order.ByExpiry ? "not_after" : "created_at";

        private string Sorted => "+" + Column;

        private string Ordering(string column) => query.Order.Descending ? $"{column} desc, certificates.serial desc" : $"{column}, certificates.serial";

        private string After(string column) => query.After is null ? "" : $" and ({column}, certificates.serial) {(query.Order.Descending ? "<" : ">")} ({AfterTime}, {AfterSerial})";

        private string Conditions(Func<int, bool> isIndexed) =>
            string.Concat(Enumerable.Range(0, query.Conditions.Length).Select(i => " and " + Condition(i, isIndexed(i))));

        // An expression is no column: a condition that is only checked draws no other index in.
        private string Condition(int number, bool indexed)
        {
            var (field, comparison) = (query.Conditions[number].Field, query.Conditions[number].Comparison);
            return field switch
            {
                CertificateField.Identifier => $"exists (select 1 from certificate_names n where n.identifier = @p{number} and n.serial = certificates.serial)",
                CertificateField.Authority => $"substr(issuer, 1, length(@p{number})) = @p{number}",
                CertificateField.IsNotRevoked => "revoked_at is null",
                CertificateField.IsRevoked => indexed ? "revoked_at is not null" : "coalesce(revoked_at, revoked_at) is not null",
                _ when indexed => $"{ColumnOf(field)} {Sign(comparison)} @p{number}",
                _ => $"coalesce({ColumnOf(field)}, {ColumnOf(field)}) {Sign(comparison)} @p{number}",
            };
        }

        private static string ColumnOf(CertificateField field) => field switch
        {
            CertificateField.Serial => "certificates.serial",
            CertificateField.Account => "account_id",
            CertificateField.Order => "order_id",
            CertificateField.Provisioner => "provisioner_id",
            CertificateField.Profile => "profile_id",
            CertificateField.Gateway => "gateway_id",
            CertificateField.Issuer => "issuer",
            CertificateField.Key => "key_sha256",
            CertificateField.Requester => "requester",
            CertificateField.Expires => "not_after",
            CertificateField.Created => "created_at",
            CertificateField.Revoked => "revoked_at",
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "has no column"),
        };

        private static string Sign(Comparison comparison) => comparison switch
        {
            Comparison.Less => "<",
            Comparison.LessOrEqual => "<=",
            Comparison.Greater => ">",
            Comparison.GreaterOrEqual => ">=",
            _ => "=",
        };

        private static StoreStatement With(StoreStatement statement, string name, object value) => value switch
        {
            long number => statement.With(name, number),
            byte[] bytes => statement.With(name, bytes),
            _ => statement.With(name, (string)value),
        };

        // @p1 is no part of @p10.
        private static bool Names(string text, string parameter)
        {
            for (var at = text.IndexOf(parameter, StringComparison.Ordinal); at >= 0; at = text.IndexOf(parameter, at + 1, StringComparison.Ordinal))
                if (at + parameter.Length == text.Length || !char.IsAsciiLetterOrDigit(text[at + parameter.Length])) return true;
            return false;
        }
    }
}
