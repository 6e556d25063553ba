using System.Net;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Documents;

/// <summary>
/// A <c>policy</c> object of step-ca as the rules of one level. Its <c>x509</c> part allows and denies by kind of name;
/// what has no meaning here is told, never guessed.
/// </summary>
internal sealed class StepPolicy
{
    private readonly NameLevel level;
    private readonly List<string> lost = [];

    private StepPolicy(string level) => this.level = new NameLevel { Level = level };

    /// <summary>The level with the rules, in the document's order, each once.</summary>
    public NameLevel Level => level;

    /// <summary>What could not be carried over, a sentence each.</summary>
    public IReadOnlyList<string> Lost => lost;

    /// <summary>Finds the policy in a document: the object itself, one that has it as <c>policy</c>, or a whole ca.json.</summary>
    public static DocumentMap? Find(DocumentNode? root)
    {
        for (var at = root as DocumentMap; at is not null; at = (Member(at, "policy") ?? Member(at, "authority")) as DocumentMap)
            if (Member(at, "x509") is DocumentMap) return at;
        return null;
    }

    /// <param name="policy">As <see cref="Find"/> answered.</param>
    /// <param name="level">The level that gets the rules.</param>
    public static StepPolicy Read(DocumentMap policy, string level)
    {
        var read = new StepPolicy(level);
        foreach (var (name, _) in policy.Members.Where(m => m.Name.Text != "x509")) read.Lose(name, $"'{name.Text}' is about something else than X.509 names");
        read.ReadX509((DocumentMap)Member(policy, "x509")!);
        return read;
    }

    private void ReadX509(DocumentMap x509)
    {
        var wildcards = Member(x509, "allowWildcardNames") is DocumentScalar { Text: "true" };
        foreach (var (name, value) in x509.Members)
            switch (name.Text)
            {
                case "allow":
                    ReadSide(name, value, (pattern, rule) => rule.Allow = pattern, wildcards);
                    break;
                case "deny":
                    // A name that step-ca denies with its wildcard is denied as both here.
                    ReadSide(name, value, (pattern, rule) => rule.Deny = pattern, wildcards: true);
                    break;
                case "allowWildcardNames":
                    break;
                default:
                    Lose(name, $"'{name.Text}' is unknown");
                    break;
            }
        if (!level.Rules.Any(r => r.EffectCase == DeclaredNameRule.EffectOneofCase.Allow))
            lost.Add("step-ca allows every name when a policy has no allow rule; here the level allows nothing then: add allow rules");
    }

    private void ReadSide(DocumentScalar side, DocumentNode value, Action<string, DeclaredNameRule> set, bool wildcards)
    {
        if (value is not DocumentMap kinds)
        {
            Lose(side, $"'{side.Text}' is no object of dns, ip, …");
            return;
        }
        foreach (var (kind, names) in kinds.Members)
        {
            if (names is not DocumentList list)
            {
                Lose(kind, $"'{side.Text}.{kind.Text}' is no list");
                continue;
            }
            foreach (var item in list.Items)
                if (item is not DocumentScalar text) Lose(kind, $"'{side.Text}.{kind.Text}' has something else than words");
                else if (kind.Text is "dns") foreach (var pattern in Dns(text.Text, wildcards)) Add(pattern, set);
                else if (kind.Text is "ip") Add("ip:" + Network(text.Text), set);
                else Lose(text, $"'{side.Text}.{kind.Text}: {text.Text}' has no rule here: only dns names and addresses are issued");
        }
    }

    // step-ca: *.example.com is exactly one more label; the name *.example.com itself only with allowWildcardNames.
    private static IEnumerable<string> Dns(string name, bool wildcards)
    {
        if (!name.StartsWith("*.", StringComparison.Ordinal)) return ["exact:" + name];
        return wildcards ? ["label:" + name[2..], "wildcard:" + name[2..]] : ["label:" + name[2..]];
    }

    // step-ca cuts off what stands behind the prefix; here it would be refused.
    private static string Network(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var address) || !int.TryParse(text.AsSpan(slash + 1), out var length)) return text;
        var bytes = address.GetAddressBytes();
        if (length < 0 || length > bytes.Length * 8) return text;
        for (var bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return $"{new IPAddress(bytes)}/{length}";
    }

    private void Add(string pattern, Action<string, DeclaredNameRule> set)
    {
        var rule = new DeclaredNameRule { Comment = "from a step-ca policy" };
        set(pattern, rule);
        if (!level.Rules.Contains(rule)) level.Rules.Add(rule);
    }

    private void Lose(DocumentNode at, string what) => lost.Add($"line {at.Line}: {what}");

    private static DocumentNode? Member(DocumentMap map, string name) => map.Members.FirstOrDefault(m => m.Name.Text == name).Value;
}
