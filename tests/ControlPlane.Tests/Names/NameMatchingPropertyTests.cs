using System.Net;
using CsCheck;
using GrpcCa.ControlPlane.Names;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Names;

/// <summary>The compiled index against a reading of the rules so plain that it can be seen to be right.</summary>
public sealed class NameMatchingPropertyTests
{
    // Few labels, close to each other, so that matches and near misses are common.
    private static readonly Gen<string> Label = Gen.OneOf("a", "b", "net", "evilnet", "gq", "xn--bcher-kva", "net-gq", "a1");
    private static readonly Gen<string> DnsName = Label.Array[1, 5].Select(labels => string.Join('.', labels));
    private static readonly Gen<string> AnyName = Gen.Frequency((4, DnsName), (1, DnsName.Select(name => $"*.{name}")));
    private static readonly Gen<string> NamePattern = Gen.Select(Gen.OneOf("exact", "label", "subtree", "wildcard"), DnsName, (form, name) => $"{form}:{name}");

    [Fact]
    public void Index_OfNames_AgreesWithThePlainReading() => Gen.Select(NamePattern.Array[0, 8], AnyName).Sample((patterns, text) =>
    {
        var name = Identifier.ParseDns(text);
        var level = Rules.Provisioner([.. patterns.Select(pattern => Rules.Allow(pattern))]);
        return NamePolicy.Decide([level], name, Rules.Now).Allowed == patterns.Any(pattern => MatchesPlainly(pattern, text));
    }, iter: 50_000);

    [Fact]
    public void Levels_AreIntersected_AndADenyAnywhereWins()
    {
        var rules = Gen.Select(NamePattern, Gen.Bool, (pattern, allow) => (Pattern: pattern, Allow: allow)).Array[0, 4];
        Gen.Select(rules, rules, rules, AnyName).Sample((one, two, three, text) =>
        {
            // The first is a provisioner's and always set; the others leave names to it while they are empty.
            NameLevel Level(string name, (string Pattern, bool Allow)[] of) =>
                new(name, name.StartsWith("provisioners/", StringComparison.Ordinal), [.. of.Select(r => r.Allow ? Rules.Allow(r.Pattern, name) : Rules.Deny(r.Pattern, name))]);
            var decided = NamePolicy.Decide([Level("provisioners/p", one), Level("eabKeys/e", two), Level("operators/o", three)], Identifier.ParseDns(text), Rules.Now).Allowed;
            bool Allows((string Pattern, bool Allow)[] of) => of.Any(r => r.Allow && MatchesPlainly(r.Pattern, text));
            var denied = one.Concat(two).Concat(three).Any(r => !r.Allow && MatchesPlainly(r.Pattern, text));
            return decided == (!denied && Allows(one) && (two.Length == 0 || Allows(two)) && (three.Length == 0 || Allows(three)));
        }, iter: 20_000);
    }

    [Fact]
    public void Index_OfNetworks_AgreesWithThePlainReading()
    {
        var four = Gen.Select(Gen.UInt, Gen.Int[0, 32]).Select((bits, length) => ((UInt128)bits, 32, length));
        var six = Gen.Select(Gen.ULong, Gen.ULong, Gen.Int[0, 128]).Select((high, low, length) => (new UInt128(high, low), 128, length));
        // The address differs from the network's in one bit, or not at all.
        Gen.Select(Gen.OneOf(four, six), Gen.Int[-1, 127]).Sample((network, flipped) =>
        {
            var (bits, width, length) = network;
            var mask = length == 0 ? UInt128.Zero : (UInt128.MaxValue << (width - length)) & (UInt128.MaxValue >> (128 - width));
            var asked = flipped < 0 || flipped >= width ? bits : bits ^ (UInt128.One << (width - 1 - flipped));
            var address = AddressOf(asked, width);
            if (address.IsIPv4MappedToIPv6 || AddressOf(bits & mask, width).IsIPv4MappedToIPv6) return true;
            var level = Rules.Provisioner(Rules.Allow($"ip:{AddressOf(bits & mask, width)}/{length}"));
            return NamePolicy.Decide([level], Identifier.FromAddress(address), Rules.Now).Allowed == ((asked & mask) == (bits & mask));
        }, iter: 20_000);
    }

    [Fact]
    public void Decision_ForArbitraryText_NeverThrows() => Gen.Select(Gen.OneOf("dns", "ip"), Gen.String).Sample((type, text) =>
    {
        if (!Identifier.TryParse(type, text, out var name, out _, out _)) return true;
        return !NamePolicy.Decide([Rules.Provisioner(Rules.Deny("subtree:gq"))], name!, Rules.Now).Allowed;
    }, iter: 20_000);

    private static bool MatchesPlainly(string pattern, string name)
    {
        var colon = pattern.IndexOf(':', StringComparison.Ordinal);
        var (form, value) = (pattern[..colon], pattern[(colon + 1)..].Split('.'));
        var labels = name.Split('.');
        if (labels[0] == "*") return form == "wildcard" && labels.Skip(1).SequenceEqual(value);
        var below = labels.Length - value.Length;
        return below >= 0 && labels.Skip(below).SequenceEqual(value) && form switch
        {
            "exact" => below == 0,
            "label" => below == 1,
            "subtree" => below > 0,
            _ => false,
        };
    }

    private static IPAddress AddressOf(UInt128 bits, int width)
    {
        var bytes = new byte[width / 8];
        for (var at = bytes.Length - 1; at >= 0; at--, bits >>= 8) bytes[at] = (byte)bits;
        return new IPAddress(bytes);
    }
}
