using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>One house for all tests of a class.</summary>
public class SharedHouse : IAsyncLifetime
{
    private protected virtual HouseSettings Settings { get; } = new();

    internal House House { get; private set; } = null!;

    public async ValueTask InitializeAsync() => House = await House.StartAsync(Settings);

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What every conformance test says.</summary>
internal static class Answers
{
    /// <summary>A problem document (RFC 8555 §6.7, P1) of exactly this status and type, telling a person something.</summary>
    public static AcmeAnswer MustBe(this AcmeAnswer answer, int status, string type, string? saying = null)
    {
        Assert.True(answer.Status == status && answer.Problem == type, $"expected {status} {type}, got {answer}");
        Assert.Equal(status, answer.Json["status"]!.GetValue<int>());
        Assert.False(string.IsNullOrWhiteSpace(answer.Detail));
        Assert.DoesNotContain(answer.Detail, char.IsControl);
        Assert.False(string.IsNullOrWhiteSpace(answer.Text("instance")));
        // P2: no stack, path, SQL or internal name.
        foreach (var inner in (string[])["Exception", "   at ", "GrpcCa.", "/tmp/", "sqlite", "select "])
            Assert.DoesNotContain(inner, answer.Body, StringComparison.OrdinalIgnoreCase);
        if (saying is not null) Assert.Contains(saying, answer.Detail, StringComparison.OrdinalIgnoreCase);
        return answer;
    }

    /// <summary>The answer, which must have this status.</summary>
    public static AcmeAnswer MustBe(this AcmeAnswer answer, int status)
    {
        Assert.True(answer.Status == status, $"expected {status}, got {answer}");
        return answer;
    }

    /// <summary>The nodes of an array that are text.</summary>
    public static IReadOnlyList<string> Texts(this AcmeAnswer answer, string member) => AcmeClient.Texts(answer.Json[member]);
}
