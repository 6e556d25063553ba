using System.Security.Cryptography;

namespace GrpcCa.EndToEnd.Tests.Durability;

/// <summary>kill -9 at any moment: while clients and operators are at work, and while it starts.</summary>
public sealed class RandomKillTests
{
    private const int UsualKills = 50, JudgedOften = 100, Clients = 8, MostAnswers = 100;

    // On a quiet machine two seconds are kept; the figures say what was seen.
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("Long", "true")]
    public async Task KilledAtRandomMoments_LosesNothing()
    {
        var kills = int.TryParse(Environment.GetEnvironmentVariable("DURABILITY_KILLS"), out var wanted) ? wanted : UsualKills;
        using var directory = new TemporaryDirectory();
        await using var drill = await Drill.StartAsync(directory.Path, Clients);
        var verdict = new Verdict(drill);
        var inTheStart = 0;

        for (var kill = 1; kill <= kills; kill++)
        {
            await drill.UntilAnsweredAsync(RandomNumberGenerator.GetInt32(MostAnswers));
            await Task.Delay(RandomNumberGenerator.GetInt32(10), TestContext.Current.CancellationToken);
            await drill.KillAsync();
            if (RandomNumberGenerator.GetInt32(8) == 0)
            {
                inTheStart++;
                await drill.Plane.StartAndKillAsync(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(1200)));
            }
            Assert.True(await drill.RestartAsync(), string.Join('\n', drill.Plane.Log));
            // Everything is read each time; with many rows only now and then.
            if (kill <= JudgedOften || kill % 10 == 0) await drill.AssertNothingIsLostAsync(verdict, $"kill {kill}");
            drill.Gate.Open();
        }
        await drill.EndAsync(verdict, $"the end");

        var figures = Figures.Of(drill, verdict.Rows);
        (figures["kills"], figures["killsInTheStart"]) = (kills, inTheStart);
        await Figures.TellAsync("kill -9 at random moments", $"{kills} kills under {Clients} clients, {inTheStart} more in the start: nothing lost. {Figures.Line(figures)}", figures);
        Assert.InRange(drill.Plane.Starts.Max(), TimeSpan.Zero, ReadyWithin);
        Assert.True(drill.Ledger.Downloads.Count >= kills, $"only {drill.Ledger.Downloads.Count} certificates: the drill tried nothing");
    }
}
