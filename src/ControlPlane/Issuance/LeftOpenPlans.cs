namespace GrpcCa.ControlPlane.Issuance;

/// <summary>Tries again, every two seconds, to close the plans that the store did not let be closed.</summary>
internal sealed class LeftOpenPlans(IssuanceCorridor corridor, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Apart, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await corridor.CloseLeftOpenAsync(stoppingToken);
    }
}
