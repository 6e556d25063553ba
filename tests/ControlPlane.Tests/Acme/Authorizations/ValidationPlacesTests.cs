using GrpcCa.ControlPlane.Acme.Authorizations;

namespace GrpcCa.ControlPlane.Tests.Acme.Authorizations;

public sealed class ValidationPlacesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Account_ThatWaitsForAHundred_DelaysAnotherByNone()
    {
        var places = new ValidationPlaces(places: 4, perAccount: 3);
        var greedy = Enumerable.Range(0, 100).Select(_ => places.Of("greedy").EnterAsync(Stop)).ToList();

        Assert.Equal(3, greedy.Count(entered => entered.IsCompleted));
        await places.Of("modest").EnterAsync(Stop);
    }

    [Fact]
    public async Task Accounts_AreServedInTurn()
    {
        var places = new ValidationPlaces(places: 1, perAccount: 1);
        var first = places.Of("greedy");
        await first.EnterAsync(Stop);
        var (second, modest) = (places.Of("greedy").EnterAsync(Stop), places.Of("modest").EnterAsync(Stop));

        first.Leave();

        await Task.WhenAny(second, modest);
        Assert.NotEqual(second.IsCompleted, modest.IsCompleted);
    }

    [Fact]
    public async Task Waiter_ThatGaveUp_TakesNoPlace()
    {
        var places = new ValidationPlaces(places: 1, perAccount: 1);
        var first = places.Of("a");
        await first.EnterAsync(Stop);
        using var given = new CancellationTokenSource();
        var gone = places.Of("b").EnterAsync(given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);

        first.Leave();

        await places.Of("c").EnterAsync(Stop);
    }
}
