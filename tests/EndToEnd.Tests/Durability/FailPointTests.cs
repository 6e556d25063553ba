using System.Reflection;
using System.Security.Cryptography;
using GrpcCa.ControlPlane.Issuance;
using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>kill -9 at every named step of what must not be lost.</summary>
public sealed class FailPointTests
{
    /// <summary>Every room's list, so that a new one is walked by itself.</summary>
    internal static readonly IReadOnlyList<string> Points =
    [
        .. typeof(FailPoints).Assembly.GetTypes()
            .Where(t => t is { IsAbstract: true, IsSealed: true } && t.Name.EndsWith("Steps", StringComparison.Ordinal))
            .OrderBy(t => t.FullName, StringComparer.Ordinal)
            .SelectMany(t => (IReadOnlyList<string>)t.GetProperty("All", BindingFlags.Static | BindingFlags.Public)!.GetValue(null)!),
    ];

    [Fact]
    [Trait("Long", "true")]
    public async Task KilledAtEveryStep_LosesNothing()
    {
        using var directory = new TemporaryDirectory();
        await using var drill = await Drill.StartAsync(directory.Path);
        var verdict = new Verdict(drill);
        await drill.KillAsync();

        foreach (var point in Points)
        {
            var what = $"killed at {point}";
            Assert.True(await drill.RestartAsync(new CrashPoint(point, RandomNumberGenerator.GetInt32(1, 3))), what);
            await drill.AssertNothingIsLostAsync(verdict, $"before {what}");
            await drill.Plane.ArmAsync();
            drill.Gate.Open();
            await drill.UntilCrashedAsync();
            Assert.Equal(point, drill.Plane.CrashedAt);
        }
        // The endpoint's own certificate is issued in each start.
        foreach (var point in IssuanceSteps.All)
        {
            Assert.False(await drill.RestartAsync(new CrashPoint(point, FromStart: true)), $"{point} was not reached in the start");
            Assert.Equal(point, drill.Plane.CrashedAt);
        }
        Assert.True(await drill.RestartAsync());
        await drill.AssertNothingIsLostAsync(verdict, $"after all");
        drill.Gate.Open();
        await drill.EndAsync(verdict, $"the end");

        var figures = Figures.Of(drill, verdict.Rows);
        (figures["steps"], figures["stepsOfTheStart"]) = (Points.Count, IssuanceSteps.All.Count);
        await Figures.TellAsync("kill -9 at every step", $"{Points.Count} steps of work and {IssuanceSteps.All.Count} of the start, each reached: nothing lost. {Figures.Line(figures)}", figures);
    }

    [Fact]
    public void EveryStep_IsInItsRoomsList()
    {
        var named = typeof(FailPoints).Assembly.GetTypes()
            .Where(t => t is { IsAbstract: true, IsSealed: true } && t.Name.EndsWith("Steps", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!));

        Assert.Equal(named.Order(StringComparer.Ordinal), Points.Order(StringComparer.Ordinal));
        Assert.True(Points.Count >= 22, $"only {Points.Count} steps");
    }
}
