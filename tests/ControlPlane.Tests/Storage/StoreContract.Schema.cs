using GrpcCa.ControlPlane.Storage;

namespace GrpcCa.ControlPlane.Tests.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Open_ByAnOlderProgram_IsRefusedInOneLine()
    {
        await Store.WriteAsync(session => session.Sql("""
            INSERT INTO schema_versions (version, name, sha256, applied_at) VALUES (9999, 'future', 'ff', 0)
            """).ExecuteAsync(), Cancelled);

        var fault = await Assert.ThrowsAsync<StoreSchemaException>(OpenAsync);

        Assert.Contains("9999 (future)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("start the newer grpcca-server", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public async Task Open_WithATamperedSchema_IsRefused()
    {
        await Store.WriteAsync(
            session => session.Sql("UPDATE schema_versions SET sha256 = 'ff' WHERE version = 1").ExecuteAsync(), Cancelled);

        var fault = await Assert.ThrowsAsync<StoreSchemaException>(OpenAsync);

        Assert.Contains("schema 1 (audit)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WithAGapInTheSchema_IsRefused()
    {
        await Store.WriteAsync(session => session.Sql("DELETE FROM schema_versions WHERE version = 1").ExecuteAsync(), Cancelled);

        var fault = await Assert.ThrowsAsync<StoreSchemaException>(OpenAsync);

        Assert.Contains("schema 1 (audit) is missing below", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_ByManyAtOnceOnNewData_AppliesEachStepOnce()
    {
        var fresh = await NewDataAsync();
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => StoreFactory.OpenAsync(
            fresh, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, Cancelled))));

        var applied = await stores[3].ReadAsync(session => session.Sql("SELECT count(*) FROM schema_versions").NumberAsync(), Cancelled);

        Assert.Equal(Schema.Sqlite.Steps.Count, applied);
        foreach (var store in stores) await store.DisposeAsync();
    }

    [Fact]
    public void Schemas_OfBothEngines_HaveTheSameSteps()
    {
        Assert.NotEmpty(Schema.Sqlite.Steps);
        Assert.Equal(
            Schema.Sqlite.Steps.Select(step => (step.Version, step.Name)), Schema.Postgres.Steps.Select(step => (step.Version, step.Name)));
    }
}
