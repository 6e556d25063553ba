using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Operators;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.Host.Identity;
using GrpcCa.V1;
using Microsoft.Extensions.DependencyInjection;

namespace GrpcCa.ControlPlane.Tests.Operators;

/// <summary>What happens to an operator between the spending of its token and the certificate.</summary>
[Collection(ControlPlaneGroup.Name)]
public sealed class EnrollmentRaceTests(RunningControlPlane plane)
{
    [Fact]
    public async Task Token_OfAnAuditor_IsNoOwner_WhenTheIdIsGivenAnewMeanwhile()
    {
        var token = await plane.CreateOperatorAsync("raced", Role.Auditor);
        var admin = new OperatorService.OperatorServiceClient(plane.Admin());
        await using var meddling = new MeddlingStore(plane.Store, async () =>
        {
            await admin.DisableOperatorAsync(new() { Name = "operators/raced" });
            await plane.CreateOperatorAsync("raced", Role.Owner);
        });
        var enrollment = new OperatorEnrollment(
            meddling, plane.Services.GetRequiredService<IdentityAuthority>(), plane.Services.GetRequiredService<OperatorBook>(), TimeProvider.System);
        using var key = new FreshKey();

        var fault = await Assert.ThrowsAsync<RefusalException>(() => enrollment.EnrollAsync(token.Secret, key.SigningRequest(), CancellationToken.None));

        Assert.Equal(RefusalReason.Conflict, fault.Reason);
        var left = await admin.GetOperatorAsync(new() { Name = "operators/raced" });
        Assert.Equal((Role.Owner, null), (left.Role, left.EnrollTime));
    }

    // Does something right after the token was spent.
    private sealed class MeddlingStore(IStore store, Func<Task> meddle) : IStore
    {
        public Task<Exception> Fatal => store.Fatal;

        public ValueTask<T> ReadAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => store.ReadAsync(read, cancellationToken);

        public ValueTask<T> ReadOneAsync<T>(Func<StoreSession, ValueTask<T>> read, CancellationToken cancellationToken) => store.ReadOneAsync(read, cancellationToken);

        public async Task<T> WriteAsync<T>(Func<StoreSession, ValueTask<T>> write, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary)
        {
            var written = await store.WriteAsync(write, cancellationToken, urgency);
            await meddle();
            return written;
        }

        public Task<T> ActAsync<T>(Func<StoreSession, ValueTask<Acted<T>>> act, CancellationToken cancellationToken, Urgency urgency = Urgency.Ordinary) => store.ActAsync(act, cancellationToken, urgency);

        public Task<long> ReclaimAsync(int pages, CancellationToken cancellationToken) => store.ReclaimAsync(pages, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
