using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.Benchmarks;

/// <summary>One decision about a name with a thousand rules in each of two levels. Aim: under 20 µs.</summary>
[MemoryDiagnoser]
public class NameRules
{
    private const int Rules = 1000;
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
    private ImmutableArray<NameLevel> levels;
    private Identifier allowed = null!, denied = null!, unknown = null!, address = null!;

    [GlobalSetup]
    public void Prepare()
    {
        levels = [LevelOf("authorities/main"), LevelOf("provisioners/acme")];
        (allowed, denied) = (Identifier.ParseDns("a.b.s700.net.gq"), Identifier.ParseDns("secret.s700.net.gq"));
        (unknown, address) = (Identifier.ParseDns("nobody.example"), Identifier.ParseIp("100.64.3.1"));
    }

    [Benchmark(Baseline = true)]
    public bool Allowed() => NamePolicy.Decide(levels, allowed, Now).Allowed;

    [Benchmark]
    public bool Denied() => NamePolicy.Decide(levels, denied, Now).Allowed;

    [Benchmark]
    public bool Unknown() => NamePolicy.Decide(levels, unknown, Now).Allowed;

    [Benchmark]
    public bool Address() => NamePolicy.Decide(levels, address, Now).Allowed;

    // A quarter of each: exact names, subtrees, denials below them, ranges.
    private static NameLevel LevelOf(string name) => new(name, Mandatory: true, new NameRuleSet([.. Enumerable.Range(0, Rules).Select(i => NameRule.Create(
        name,
        i % 4 == 2 ? NameRuleEffect.Deny : NameRuleEffect.Allow,
        NameRulePattern.Parse((i % 4) switch
        {
            0 => $"subtree:s{i}.net.gq",
            1 => $"exact:h{i}.net.gq",
            2 => $"exact:secret.s{i - 2}.net.gq",
            _ => $"ip:100.{64 + (i / 256)}.{i % 256}.0/24",
        }),
        "operators/bench", Now))]));
}
