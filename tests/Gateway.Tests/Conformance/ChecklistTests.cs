using System.Reflection;
using System.Text.RegularExpressions;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>No point of the checklist is forgotten: each is named by a test, or by a row of the table of malformed requests.</summary>
public sealed partial class ChecklistTests
{
    // Letters: D directory, N nonces, J signed requests, A accounts, E external binding, K key rollover, O orders, Z authorizations
    // and challenges, F finalize, R revocation, I renewal information, C CAA, L limits, P problems.
    private const string Points = """
        D1 D2 D3 D4 D5 D6 D6a D7 D8 D9
        N1 N2 N3 N4 N5
        J1 J2 J3 J3a J4 J5 J5a J6 J7 J8 J9 J10 J11
        A1 A2 A3 A4 A5 A6 A6a A7 A8 A9 A10
        E1 E2 E2a E3
        K1 K2 K2a K3
        O0 O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11
        Z1 Z1b Z2 Z3 Z4 Z5 Z6 Z7 Z8 Z8a Z9 Z10 Z11 Z12 Z12a Z13
        F1 F2 F3 F3a F4 F5 F6 F7 F8
        R1 R1a R2 R3 R4
        I1 I2 I3
        C1
        L1 L2
        P1 P2
        """;

    [Fact]
    public void EveryPoint_HasATest()
    {
        var tests = typeof(ChecklistTests).Assembly.GetTypes().Where(t => t.Namespace == typeof(ChecklistTests).Namespace)
            .SelectMany(t => t.GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() is not null)).ToList();
        var named = tests.Select(m => Point().Match(m.Name)).Where(m => m.Success).Select(m => m.Groups[1].Value)
            .Concat(MalformedRequestTests.PointsOfRows).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(Points.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Where(p => !named.Contains(p)));
    }

    [GeneratedRegex("^([A-Z][0-9]+[a-z]?)_")]
    private static partial Regex Point();
}
