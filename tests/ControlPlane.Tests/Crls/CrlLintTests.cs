using System.Collections.Immutable;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Crls;
using GrpcCa.ControlPlane.Crls.Lint;
using GrpcCa.ControlPlane.Issuance.Lint;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Tests.Issuance;
using GrpcCa.ControlPlane.Tests.Issuance.Lint;

namespace GrpcCa.ControlPlane.Tests.Crls;

public sealed class CrlLintTests
{
    private static readonly Scene Scene = new();
    private static readonly IssuerFacts Facts = IssuerFacts.Read(Scene.IssuerDer, []);
    private static readonly DateTimeOffset Revoked = Scene.Now.AddHours(-1);
    private static readonly SerialNumber First = SerialNumber.New(), Second = SerialNumber.New(), Third = SerialNumber.New();

    private static readonly CrlSpec Spec = new(Scene.Issuer, 1_800_000_000, Scene.Now.AddMinutes(-1), Scene.Now.AddHours(24),
    [
        new RevokedEntry(First, Revoked, RevocationReason.Unspecified, null),
        new RevokedEntry(Second, Revoked, RevocationReason.KeyCompromise, Revoked.AddDays(-3)),
        new RevokedEntry(Third, Revoked.AddMinutes(1), RevocationReason.PrivilegeWithdrawn, null),
    ]);

    private static readonly byte[] When = Der.Utc("300102020405Z");

    /// <summary>One way to break one rule; the further rules that cannot but report, too.</summary>
    private static readonly (string Rule, Action<CrlParts> Break, string[] Also)[] Mutants =
    [
        Of("crl-version-2", p => p.Version = null),
        Of("crl-version-2", p => p.Version = Der.Integer(0)),
        Of("crl-version-2", p => p.Version = Der.Integer(2)),
        Of("crl-signature-algorithm", p => p.Algorithm = Der.Sequence(Der.Oid("1.2.840.10045.4.3.3"))),
        Of("crl-signature-algorithm", p => p.Algorithm = Der.Sequence(Der.Oid("1.2.840.10045.4.3.2"), [0x05, 0x00])),
        Of("crl-issuer-planned", p => p.Issuer = Der.Name("Net Root")),
        Of("crl-issuer-planned", p => p.Issuer = Der.Name("Net Issuer 1", tag: 0x13)),
        Of("crl-next-update", p => p.NextUpdate = null),
        Of("crl-times-encoding", p => p.ThisUpdate = Der.Generalized("20300102030305Z")),
        Of("crl-times-encoding", p => p.NextUpdate = Der.Utc("300103030405+0000")),
        Of("crl-times-order", p => (p.ThisUpdate, p.NextUpdate) = (p.NextUpdate!, p.ThisUpdate), "crl-times-planned"),
        Of("crl-times-planned", p => p.NextUpdate = Der.Utc("300103030406Z")),
        Of("crl-entries-absent", p => p.Entries = [], "crl-entries-planned"),
        Of("crl-entry-serial", p => p.Entries![0] = CrlParts.Entry([0], When), "crl-entries-planned"),
        Of("crl-entry-serial", p => p.Entries![0] = CrlParts.Entry([0x80, 1], When), "crl-entries-planned"),
        Of("crl-entry-serial", p => p.Entries![0] = CrlParts.Entry([.. Enumerable.Repeat((byte)1, 21)], When), "crl-entries-planned"),
        Of("crl-entry-once", p => p.Entries!.Add(p.Entries[1]), "crl-entries-planned"),
        Of("crl-entry-time", p => p.Entries![0] = CrlParts.Entry(First.Bytes.ToArray(), Der.Generalized("20300102020405Z"))),
        Of("crl-entry-time", p => p.Entries![0] = CrlParts.Entry(First.Bytes.ToArray(), Der.Utc("3001020204Z")), "crl-entries-planned"),
        Of("crl-entry-extensions", p => p.Entries![0] = CrlParts.Entry(First.Bytes.ToArray(), When, CrlParts.Extension("2.5.29.23", [0x05, 0x00]))),
        Of("crl-entry-extensions", p => p.Entries![2] = CrlParts.Entry(Third.Bytes.ToArray(), Der.Utc("300102020505Z"), CrlParts.Extension("2.5.29.21", [0x0A, 1, 9], critical: true))),
        Of("crl-entry-extensions", p => p.Entries![2] = CrlParts.Entry(
            Third.Bytes.ToArray(), Der.Utc("300102020505Z"), CrlParts.Extension("2.5.29.21", [0x0A, 1, 9]), CrlParts.Extension("2.5.29.21", [0x0A, 1, 1]))),
        // unspecified is left out; 7 is not used; removeFromCRL is for delta lists.
        Of("crl-entry-reason", p => p.Entries![0] = CrlParts.Entry(First.Bytes.ToArray(), When, CrlParts.Extension("2.5.29.21", [0x0A, 1, 0]))),
        Of("crl-entry-reason", p => p.Entries![2] = CrlParts.Entry(Third.Bytes.ToArray(), Der.Utc("300102020505Z"), CrlParts.Extension("2.5.29.21", [0x0A, 1, 7])), "crl-entries-planned"),
        Of("crl-entry-reason", p => p.Entries![2] = CrlParts.Entry(Third.Bytes.ToArray(), Der.Utc("300102020505Z"), CrlParts.Extension("2.5.29.21", [0x0A, 1, 8])), "crl-entries-planned"),
        Of("crl-entry-invalidity", p => p.Entries![1] = Compromised(Der.Utc("291230020405Z")), "crl-entries-planned"),
        Of("crl-entry-invalidity", p => p.Entries![1] = Compromised(Der.Generalized("20300102020406Z")), "crl-entries-planned"),
        Of("crl-entries-planned", p => p.Entries!.RemoveAt(1)),
        Of("crl-entries-planned", p => p.Entries!.Add(CrlParts.Entry(SerialNumber.New().Bytes.ToArray(), When))),
        Of("crl-entries-planned", p => p.Entries!.Reverse()),
        Of("crl-entries-planned", p => p.Entries = null),
        Of("crl-entries-planned", p => p.Entries![0] = CrlParts.Entry(SerialNumber.New().Bytes.ToArray(), When)),
        Of("crl-entries-planned", p => p.Entries![0] = CrlParts.Entry(First.Bytes.ToArray(), Der.Utc("300102020406Z"))),
        Of("crl-entries-planned", p => p.Entries![0] = CrlParts.Entry(First.Bytes.ToArray(), When, CrlParts.Extension("2.5.29.21", [0x0A, 1, 4]))),
        // A list that says it is not a full one.
        Of("crl-extension-known", p => p.Extensions.Add(CrlParts.Extension("2.5.29.28", Der.Sequence([0x81, 0x01, 0xFF]), critical: true)), "crl-extension-not-critical"),
        Of("crl-extension-known", p => p.Extensions.Add(CrlParts.Extension("2.5.29.27", Der.Integer(1)))),
        Of("crl-extension-once", p => p.Extensions.Add(p.Extensions[1])),
        Of("crl-extension-missing", p => p.Extensions.RemoveAt(0)),
        Of("crl-extension-missing", p => p.Extensions.RemoveAt(1)),
        Of("crl-extension-missing", p => p.Extensions.Clear()),
        Of("crl-extension-not-critical", p => p.Extensions[1] = CrlParts.Extension("2.5.29.20", Der.Integer(0x6B, 0x49, 0xD2, 0x00), critical: true)),
        Of("crl-authority-key-identifier", p => p.Extensions[0] = CrlParts.Extension("2.5.29.35", Der.Sequence(Der.Tagged(0x80, new byte[20])))),
        Of("crl-authority-key-identifier", p => p.Extensions[0] = CrlParts.Extension("2.5.29.35", Der.Sequence())),
        Of("crl-number", p => p.Extensions[1] = CrlParts.Extension("2.5.29.20", Der.Integer(1))),
        Of("crl-number", p => p.Extensions[1] = CrlParts.Extension("2.5.29.20", Der.Integer([.. Enumerable.Repeat((byte)1, 21)]))),
    ];

    private static readonly (string Rule, Func<byte[], byte[]> Break)[] Formless =
    [
        ("crl-der", tbs => tbs[..^1]),
        ("crl-der", _ => []),
        ("crl-der", tbs => [tbs[0], 0x83, 0x00, .. tbs[2..]]),
        ("crl-trailing-bytes", tbs => [.. tbs, 0x05, 0x00]),
    ];

    public static TheoryData<int> MutantNumbers => [.. Enumerable.Range(0, Mutants.Length)];

    private static byte[] Good => CrlBuilder.Build(Spec, KeyAlgorithm.EcP256);

    [Fact]
    public void Check_WhatTheBuilderMakes_FindsNothing()
    {
        Assert.Empty(CrlLint.Check(Good, Spec, Facts));
        var empty = Spec with { Entries = [] };
        Assert.Empty(CrlLint.Check(CrlBuilder.Build(empty, KeyAlgorithm.EcP256), empty, Facts));
        Assert.Equal(Good, CrlParts.Of(Good).Encode());
    }

    [Theory]
    [MemberData(nameof(MutantNumbers))]
    public void Check_Mutant_ItsRuleReportsAndNoOther(int number)
    {
        var (rule, change, also) = Mutants[number];
        var parts = CrlParts.Of(Good);
        change(parts);

        var found = CrlLint.Check(parts.Encode(), Spec, Facts);
        Assert.True(also.Append(rule).ToHashSet().SetEquals(found.Select(f => f.Rule)), $"mutant {number} of {rule}: {string.Join("; ", found)}");
    }

    [Fact]
    public void Check_BytesWithoutForm_IsOneFinding()
    {
        foreach (var (rule, change) in Formless) Assert.Equal([rule], CrlLint.Check(change(Good), Spec, Facts).Select(f => f.Rule));
    }

    [Fact]
    public void Rules_All_HaveAMutantAndANameOfTheirOwn()
    {
        Assert.Equal(CrlLint.Rules.Length, CrlLint.Rules.Select(rule => rule.Name).Distinct().Count());
        Assert.Empty(CrlLint.Rules.Select(rule => rule.Name).Except(Mutants.Select(m => m.Rule)).Except(Formless.Select(f => f.Rule)));
        Assert.All(CrlLint.Rules, rule => Assert.NotEmpty(rule.Section));
    }

    [Fact]
    public void Check_EveryFlippedBit_FindsSomething()
    {
        var tbs = Good;
        for (var bit = 0; bit < tbs.Length * 8; bit++)
        {
            var flipped = tbs.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(CrlLint.Check(flipped, Spec, Facts).IsEmpty, $"bit {bit % 8} of octet {bit / 8} flipped unnoticed");
        }
    }

    private static byte[] Compromised(byte[] since) => CrlParts.Entry(
        Second.Bytes.ToArray(), When, CrlParts.Extension("2.5.29.21", [0x0A, 1, 1]), CrlParts.Extension("2.5.29.24", since));

    private static (string Rule, Action<CrlParts> Break, string[] Also) Of(string rule, Action<CrlParts> change, params string[] also) => (rule, change, also);
}
