using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GrpcCa.ControlPlane.Acme.Authorizations;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Orders;

/// <summary>
/// What is written of orders and authorizations is all that there is, and is read as it was: this process keeps what it wrote and would not
/// notice, another one or the next start reads the text.
/// </summary>
public sealed class StoredDocumentTests
{
    private static readonly DateTimeOffset Time = new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_567);

    [Fact]
    public void Authorization_IsReadAsItWasWritten() => AssertWhole(AuthorizationDocuments.Default.Authorization, [nameof(Authorization.Version)], new Authorization
    {
        Id = "a",
        AccountId = "b",
        ProvisionerId = "acme",
        Identifier = Identifier.Parse("dns", "nas.net.gq"),
        Wildcard = true,
        Challenges =
        [
            new Challenge
            {
                Id = "c",
                Type = "http-01",
                Token = "t",
                StartedAt = Time,
                StartedBy = "replica",
                ValidatedAt = Time.AddTicks(1),
                Error = new ChallengeError(RefusalReason.Connection, "nobody answers at \"nas\" <é>"),
                Attempts = [new Attempt(Time, TimeSpan.FromTicks(12_345), "http://nas.net.gq/", ["127.0.0.1", "::1"], "127.0.0.1:80", 200, 87, "none")],
            },
        ],
        CreatedAt = Time,
        ExpiresAt = Time.AddDays(1),
        ReusableUntil = Time.AddHours(1),
        CaaCheckedAt = Time,
        BeforeOrder = true,
        DeactivatedAt = Time,
    });

    [Fact]
    public void Order_IsReadAsItWasWritten() => AssertWhole(
        OrderDocuments.Default.Order,
        [nameof(Order.Version), nameof(Order.PlannedSerial), nameof(Order.CertificateSerial), nameof(Order.Evidence)],
        new Order
        {
            Id = "a",
            AccountId = "b",
            ProvisionerId = "acme",
            GatewayId = "edge",
            Identifiers = [Identifier.Parse("dns", "*.net.gq"), Identifier.Parse("dns", "nas.net.gq")],
            AuthorizationIds = ["c", "d"],
            ProfileId = "short",
            ProfileWanted = "short",
            Replaces = "AKI.serial",
            NotBefore = Time,
            NotAfter = Time.AddDays(1),
            CreatedAt = Time,
            ExpiresAt = Time.AddDays(2),
            Error = new OrderError(RefusalReason.Connection, "gone", Identifier.Parse("dns", "nas.net.gq")),
        });

    private static void AssertWhole<T>(JsonTypeInfo<T> type, string[] columns, T value) where T : class
    {
        var text = JsonSerializer.Serialize(value, type);
        using var document = JsonDocument.Parse(text);
        var members = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null).Select(p => p.Name).Except(columns);

        // A new member that this test does not fill is missing here.
        Assert.Equal(members.Order(StringComparer.Ordinal), document.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal(text, JsonSerializer.Serialize(JsonSerializer.Deserialize(text, type)!, type));
    }
}
