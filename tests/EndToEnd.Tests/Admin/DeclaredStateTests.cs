using System.Text.RegularExpressions;

namespace GrpcCa.EndToEnd.Tests.Admin;

/// <summary><c>grpcca export</c> and <c>grpcca apply</c> against what <c>./run</c> starts; each test declares resources of its own.</summary>
public sealed partial class DeclaredStateTests(SharedInstance shared)
{
    private const string Household = """
        # A household with a network of its own.
        profiles:
          - name: weekly
            description: A week, for the boxes in the cellar.
            lifetime: 7d
            extendedKeyUsages: [serverAuth]
            keyTypes: [EC_P256, ED25519]
        provisioners:
          - name: cellar
            authority: authorities/main
            defaultProfile: profiles/weekly
            acme:
              challenges: [http-01, dns-01]
              caa: check
              caaIdentities: [ca.cellar.test]
              orderLifetime: 2h
              limits: {ordersPerName: 50}
        nameLevels:
          - level: provisioners/cellar
            rules:
              - allow: subtree:cellar.test
                comment: everything below
              - deny: exact:router.cellar.test
                expireTime: 2099-12-31
        """;

    // Twenty of them: what the file alone shows, and what only the server can see.
    private const string Mistakes = """
        profile:
          - name: typo-above
        profiles:
          - description: it has no name
            lifetime: 7d
            extendedKeyUsages: [serverAuth]
            keyTypes: [EC_P256]
          - name: wrong
            lifetime: 7 days
            backdate: 3h
            extendedKeyUsages: [serverAuth, codeSigning]
            keyTypes: DSA
            noRevocationPointers: perhaps
            colour: blue
          - name: Wrong_Id
            lifetime: 1s
            extendedKeyUsages: [serverAuth]
            keyTypes: [EC_P256]
        provisioners:
          - name: broken
            authority: authorities/nowhere
            defaultProfile: profiles/missing
            disabled: true
            disabled: false
            acme:
              challenges: [smoke-01]
              http01Port: eighty
              tlsAlpn01Port: 70000
              caa: sometimes
              ranges: [100.64.0.0/99]
              orderLifetime: 1s
        nameLevels:
          - level: provisioners/nobody
          - level: provisioners/acme
            rules:
              - allow: suffix:test
              - allow: exact:a.test
                deny: exact:a.test
        """;

    [Fact]
    public async Task Export_OfARunningInstance_AppliesWithoutAChange()
    {
        using var home = new TemporaryDirectory();
        var export = await shared.Instance.AdminAsync("export");
        await File.WriteAllTextAsync(home.At("state.yaml"), export.Output);
        var json = await shared.Instance.AdminAsync("export", "-o", "json");
        await File.WriteAllTextAsync(home.At("state.json"), json.Output);

        foreach (var file in new[] { "state.yaml", "state.json" })
        {
            var apply = await shared.Instance.AdminAsync("apply", "-f", home.At(file), "--dry-run");

            Assert.True(apply.ExitCode == 0, apply.Said);
            Assert.Contains("as declared", apply.Output);
        }
        Assert.Contains("- name: provisioners/acme", export.Output);
        Assert.Contains("lifetime: \"24h\"", export.Output);
    }

    [Fact]
    public async Task Apply_OfAHousehold_ShowsThePlanThenHolds()
    {
        using var home = new TemporaryDirectory();
        await File.WriteAllTextAsync(home.At("state.yaml"), Household);

        var dry = await shared.Instance.AdminAsync("apply", "-f", home.At("state.yaml"), "--dry-run");
        var first = await shared.Instance.AdminAsync("apply", "-f", home.At("state.yaml"));
        var second = await shared.Instance.AdminAsync("apply", "-f", home.At("state.yaml"), "-o", "json");
        var allowed = await shared.Instance.AdminAsync("names", "test", "nas.cellar.test", "--provisioner", "cellar");
        var denied = await shared.Instance.AdminAsync("names", "test", "router.cellar.test", "--provisioner", "cellar");

        Assert.True(dry.ExitCode == 0, dry.Said);
        Assert.Contains("+ profiles/weekly", dry.Output);
        Assert.Contains("    acme.caa: \"CAA_MODE_CHECK\"", dry.Output);
        Assert.Contains("+ names of provisioners/cellar", dry.Output);
        Assert.Contains("3 to create, 0 to change, 0 to delete, 0 to disable, 0 as declared", dry.Output);
        Assert.Equal(dry.Output, first.Output);
        Assert.True(second.ExitCode == 0, second.Said);
        Assert.Contains("\"unchanged\": 3", second.Output);
        Assert.Equal((0, 6), (allowed.ExitCode, denied.ExitCode));
    }

    [Fact]
    public async Task Apply_OfAFileWithTwentyMistakes_TellsAllOfThemWithTheirLines()
    {
        using var home = new TemporaryDirectory();
        await File.WriteAllTextAsync(home.At("state.yaml"), Mistakes);
        var lines = Mistakes.Split('\n');

        var apply = await shared.Instance.AdminAsync("apply", "-f", home.At("state.yaml"));
        var told = Place().Matches(apply.Errors).Select(m => (Line: int.Parse(m.Groups[1].ValueSpan), Text: m.Groups[2].Value)).ToList();

        Assert.Equal(2, apply.ExitCode);
        (string OnLine, string Says)[] expected =
        [
            ("profile:", "profile is unknown; did you mean 'profiles'?"), ("- description: it has no name", "profiles[0].name is required"),
            ("lifetime: 7 days", "profiles[1].lifetime '7 days' is not a span"), ("backdate: 3h", "profiles[1].backdate must be from zero to 1 hour"),
            ("codeSigning", "profiles[1].extendedKeyUsages[1] 'codeSigning' is none of"), ("keyTypes: DSA", "profiles[1].keyTypes must be a list"),
            ("noRevocationPointers: perhaps", "'perhaps' is not true or false"), ("colour: blue", "profiles[1].colour is unknown"),
            ("name: Wrong_Id", "profiles[2].name an id has 1 to 63"), ("nowhere", "there is no issuing authority 'nowhere'"),
            ("profiles/missing", "there is no profile 'missing'"), ("disabled: false", "stands here a second time"), ("smoke-01", "'smoke-01' is none of"),
            ("http01Port: eighty", "'eighty' is not a whole number"), ("tlsAlpn01Port: 70000", "must be from 1 to 65535"),
            ("caa: sometimes", "'sometimes' is not one of off, check, require"), ("100.64.0.0/99", "is no range"), ("orderLifetime: 1s", "must be from 1 minute"),
            ("level: provisioners/nobody", "there is no 'provisioners/nobody'"), ("allow: suffix:test", "the pattern's form is unknown"), ("deny: exact:a.test", "cannot stand beside 'allow'"),
        ];
        foreach (var (onLine, says) in expected)
            Assert.True(told.Exists(t => lines[t.Line - 1].Contains(onLine, StringComparison.Ordinal) && t.Text.Contains(says, StringComparison.Ordinal)), $"not told: {says}, for {onLine}\n{apply.Said}");
        Assert.Equal(expected.Length, told.Count);
        Assert.Contains("nothing was changed", apply.Errors);
    }

    [Theory]
    [InlineData("a: &x 1\n", ":1:")]
    [InlineData("profiles: [", "")]
    [InlineData("", ":1:1")]
    [InlineData("profiles: []\n---\nprofiles: []\n", "second document")]
    public async Task Apply_OfWhatIsNoDocument_SaysWhere(string text, string place)
    {
        using var home = new TemporaryDirectory();
        await File.WriteAllTextAsync(home.At("state.yaml"), text);

        var apply = await shared.Instance.AdminAsync("apply", "-f", home.At("state.yaml"));

        Assert.Equal(2, apply.ExitCode);
        Assert.Contains("state.yaml", apply.Errors);
        Assert.Contains(place, apply.Errors);
    }

    [GeneratedRegex(@"state\.yaml:(\d+):\d+: (.*)")]
    private static partial Regex Place();
}
