using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.CertificateRequests;
using GrpcCa.ControlPlane.Declarations;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Policy;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;
using NameRule = GrpcCa.ControlPlane.Names.NameRule;

namespace GrpcCa.ControlPlane.Api;

/// <summary>NameService: the rules of every level, and what would be decided by them.</summary>
internal sealed class NameApi(
    IStore store, LeafContexts contexts, IAccountDirectory accounts, ProvisionerBook provisioners, NameBook names, OnceOnly onceOnly, PageTokens tokens, TimeProvider time)
    : NameService.NameServiceBase
{
    private static readonly string[] Equal = ["="];

    private static readonly Dictionary<string, string[]> FilterFields = new(StringComparer.Ordinal) { ["level"] = Equal, ["pattern"] = Equal };

    public override async Task<V1.NameRule> GetNameRule(GetNameRuleRequest request, ServerCallContext context)
    {
        var id = IdOf(request.Name);
        return NameMapping.ToProto(await store.ReadAsync(session => NameRuleStore.FindAsync(session, id), context.CancellationToken) ?? throw Unknown(id));
    }

    public override async Task<ListNameRulesResponse> ListNameRules(ListNameRulesRequest request, ServerCallContext context)
    {
        var query = "nameRules " + request.Filter;
        var page = tokens.Read(request.PageSize, request.PageToken, query, parts: 3);
        var terms = FilterParser.Parse(request.Filter, FilterFields);
        var level = Single(terms, "level");
        var pattern = Single(terms, "pattern") is { } text ? NameRulePattern.Parse(text).ToString() : null;
        var read = await store.ReadAsync(
            session => NameRuleStore.ListAsync(session, page.Size + 1, level, pattern, Cursor(page)), context.CancellationToken);
        var (rows, next) = page.Cut(read, rule => tokens.Token(query, rule.Level, ((int)rule.Effect).ToString(), rule.Pattern.ToString()));
        return new ListNameRulesResponse { NameRules = { rows.Select(NameMapping.ToProto) }, NextPageToken = next };
    }

    public override async Task<V1.NameRule> CreateNameRule(CreateNameRuleRequest request, ServerCallContext context)
    {
        var actor = context.Caller().Actor;
        var rule = await ReadAsync(request.NameRule, actor, context.CancellationToken);
        if (request.ValidateOnly) return NameMapping.ToProto(rule);
        return await onceOnly.RunAsync(context, request, request.RequestId, V1.NameRule.Parser, note => store.ActAsync(async session =>
        {
            await NameRuleStore.InsertAsync(session, rule);
            var answer = NameMapping.ToProto(rule);
            if (note is not null) await note(session, answer);
            return new Acted<V1.NameRule>(answer, NameRuleAudit.Created(rule, actor, time.GetUtcNow()));
        }, context.CancellationToken));
    }

    public override async Task<Empty> DeleteNameRule(DeleteNameRuleRequest request, ServerCallContext context)
    {
        var id = IdOf(request.Name);
        var actor = context.Caller().Actor;
        return await store.ActAsync(async session =>
        {
            var rule = await NameRuleStore.FindAsync(session, id) ?? throw Unknown(id);
            if (!await NameRuleStore.DeleteAsync(session, id)) throw Unknown(id);
            return new Acted<Empty>(new Empty(), NameRuleAudit.Deleted(rule, actor, time.GetUtcNow()));
        }, context.CancellationToken);
    }

    public override async Task<Empty> UnsetNameLevel(UnsetNameLevelRequest request, ServerCallContext context)
    {
        var level = request.Level;
        if (ResourceName.TryParse(level, ResourceName.Provisioners, out _))
            throw new RefusalException(RefusalReason.FailedPrecondition, "a provisioner's level is always set: without rules it allows nothing; delete its rules one by one") { Field = "level" };
        var actor = context.Caller().Actor;
        return await store.ActAsync(async session =>
        {
            var rules = await NameLevelStore.UnsetAsync(session, level)
                ?? throw new RefusalException(RefusalReason.NotFound, $"{Excerpt.Of(level)} is not set") { Field = "level" };
            return new Acted<Empty>(new Empty(), NameRuleAudit.Unset(level, rules, actor, time.GetUtcNow()));
        }, context.CancellationToken);
    }

    public override async Task<TestNameResponse> TestName(TestNameRequest request, ServerCallContext context)
    {
        var provisioner = Wire.Id(request.Provisioner, ResourceName.Provisioners, "provisioner");
        if (!(await provisioners.CurrentAsync(context.CancellationToken)).ContainsKey(provisioner))
            throw new RefusalException(RefusalReason.NotFound, $"there is no provisioner {Excerpt.Of(provisioner)}") { Field = "provisioner" };
        var name = Identify(request.Identifier);
        var account = await FindAccountAsync(request.Account, provisioner, context.CancellationToken);
        var facts = (await contexts.CurrentAsync(new LeafAsker(provisioner, null) { Account = account }, context.CancellationToken)).Names;
        var more = await MoreLevelsAsync(request, provisioner, account, context.CancellationToken);
        var rules = await names.CurrentAsync(context.CancellationToken);
        var verdict = NameGate.Decide(facts with { Levels = [.. facts.Levels, .. more.Select(level => rules.Level(level, mandatory: false))] }, name);
        return new TestNameResponse
        {
            Allowed = verdict.Allowed,
            Explanation = verdict.Explanation,
            Levels = { verdict.Levels.Select(NameMapping.ToProto) },
        };
    }

    // Levels that no account brings along: a key that nobody has used yet, a person or tool that issues by itself.
    private async ValueTask<List<string>> MoreLevelsAsync(TestNameRequest request, string provisioner, AccountKey? account, CancellationToken cancellationToken)
    {
        var levels = new List<string>();
        if (request.EabKey.Length > 0)
        {
            var id = Wire.Id(request.EabKey, ResourceName.EabKeys, "eab_key");
            if ((await store.ReadAsync(session => EabKeyStore.FindAsync(session, id), cancellationToken))?.ProvisionerId != provisioner)
                throw new RefusalException(RefusalReason.NotFound, $"there is no {Excerpt.Of(request.EabKey)} of provisioners/{provisioner}") { Field = "eab_key" };
            if (account?.EabKeyId is { } bound && bound != id)
                throw new RefusalException(RefusalReason.InvalidArgument, $"{request.Account} was bound by eabKeys/{bound}") { Field = "eab_key" };
            if (account?.EabKeyId is null) levels.Add(request.EabKey);
        }
        if (request.Operator.Length > 0)
        {
            var id = Wire.Id(request.Operator, ResourceName.Operators, "operator");
            if (await store.ReadAsync(session => OperatorStore.FindAsync(session, id), cancellationToken) is null)
                throw new RefusalException(RefusalReason.NotFound, $"there is no operator {Excerpt.Of(id)}") { Field = "operator" };
            levels.Add(request.Operator);
        }
        return levels;
    }

    private async ValueTask<AccountKey?> FindAccountAsync(string account, string provisioner, CancellationToken cancellationToken)
    {
        if (account.Length == 0) return null;
        var found = await accounts.FindAsync(Wire.Id(account, ResourceName.Accounts, "account"), cancellationToken);
        return found?.ProvisionerId == provisioner
            ? found
            : throw new RefusalException(RefusalReason.NotFound, $"there is no {Excerpt.Of(account)} of provisioners/{provisioner}") { Field = "account" };
    }

    private async ValueTask<NameRule> ReadAsync(V1.NameRule rule, string actor, CancellationToken cancellationToken)
    {
        try
        {
            await CheckLevelAsync(rule.Level, cancellationToken);
            // The store keeps milliseconds; what is answered is what will be read.
            var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
            var expiry = Wire.Moment(rule.ExpireTime, "expire_time");
            return NameRule.Create(rule.Level, (NameRuleEffect)(int)rule.Effect, NameRulePattern.Parse(rule.Pattern), actor, now, rule.Comment, expiry);
        }
        catch (RefusalException fault) when (fault is { Field: { } field } && !field.StartsWith("name_rule.", StringComparison.Ordinal))
        {
            throw new RefusalException(fault.Reason, fault.Detail) { Field = "name_rule." + field };
        }
    }

    // What a level is named after, wherever rules come from: here and in a state document.
    private async ValueTask CheckLevelAsync(string level, CancellationToken cancellationToken)
    {
        bool exists;
        try
        {
            exists = await store.ReadAsync(session => NamedLevel.ExistsAsync(session, level), cancellationToken);
        }
        catch (RefusalException fault)
        {
            throw new RefusalException(fault.Reason, fault.Detail) { Field = "level" };
        }
        if (!exists) throw new RefusalException(RefusalReason.InvalidArgument, $"there is no {Excerpt.Of(level)}") { Field = "level" };
    }

    private static Identifier Identify(string text)
    {
        try
        {
            return System.Net.IPAddress.TryParse(text, out _) ? Identifier.ParseIp(text) : Identifier.ParseDns(text);
        }
        catch (RefusalException fault)
        {
            throw new RefusalException(RefusalReason.InvalidArgument, fault.Detail) { Field = "identifier" };
        }
    }

    private static NameRuleCursor? Cursor(Page page)
    {
        if (page.IsFirst) return null;
        return int.TryParse(page.After[1], out var effect)
            ? new NameRuleCursor(page.After[0], (NameRuleEffect)effect, page.After[2])
            : throw new RefusalException(RefusalReason.InvalidArgument, "page_token is not one of this list") { Field = "page_token" };
    }

    private static string? Single(IReadOnlyList<FilterTerm> terms, string field)
    {
        var values = terms.Where(t => t.Field == field).Select(t => t.Value).Distinct(StringComparer.Ordinal).ToList();
        return values.Count <= 1
            ? values.FirstOrDefault()
            : throw new RefusalException(RefusalReason.InvalidArgument, $"the filter wants two values of '{field}' at once") { Field = "filter" };
    }

    private static string IdOf(string name) => Wire.Id(name, ResourceName.NameRules, "name");

    private static RefusalException Unknown(string id) => new(RefusalReason.NotFound, $"there is no name rule {Excerpt.Of(id)}");
}
