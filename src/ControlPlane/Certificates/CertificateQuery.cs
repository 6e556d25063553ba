using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Certificates;

/// <summary>What a list of certificates can be asked about.</summary>
internal enum CertificateField
{
    Serial,
    Identifier,
    Account,
    Order,
    Provisioner,
    Profile,
    Gateway,
    Issuer,
    Authority,
    Key,
    Requester,
    Expires,
    Created,
    Revoked,
    IsRevoked,
    IsNotRevoked,
}

/// <summary>How a field is compared; everything but times is compared for equality.</summary>
internal enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>One condition of a list.</summary>
/// <param name="Field">What is compared.</param>
/// <param name="Value">Text, Unix milliseconds or bytes, as the field has them; nothing counts for the last two fields.</param>
/// <param name="Comparison">How.</param>
internal sealed record CertificateCondition(CertificateField Field, object Value, Comparison Comparison = Comparison.Equal)
{
    /// <summary>In its time and not revoked.</summary>
    public static ImmutableArray<CertificateCondition> Live(DateTimeOffset now) =>
        [new(CertificateField.IsNotRevoked, 0L), new(CertificateField.Expires, now.ToUnixTimeMilliseconds(), Comparison.GreaterOrEqual)];
}

/// <summary>The place of a certificate in an order: the time that it is ordered by, and its serial.</summary>
internal readonly record struct CertificatePosition(long Time, string Serial);

/// <summary>One of the orders that a list of certificates can have; the serial decides between equals.</summary>
internal sealed record CertificateOrder(bool ByExpiry, bool Descending)
{
    public CertificatePosition PositionOf(CertificateRecord certificate) =>
        new((ByExpiry ? certificate.NotAfter : certificate.CreatedAt).ToUnixTimeMilliseconds(), certificate.Serial.Hex);
}

/// <summary>A page of certificates to be read.</summary>
/// <param name="Conditions">All of them hold.</param>
/// <param name="Order">In this order.</param>
/// <param name="After">Behind this place; null from the start.</param>
/// <param name="Limit">Rows at most.</param>
internal sealed record CertificateQuery(ImmutableArray<CertificateCondition> Conditions, CertificateOrder Order, CertificatePosition? After, int Limit);

/// <summary>What was found.</summary>
/// <param name="Rows">At most as many as were asked for.</param>
/// <param name="ReadTo">Where reading stopped before the end of the certificates; null when everything up to there was looked at.</param>
internal sealed record CertificatePage(List<CertificateRecord> Rows, CertificatePosition? ReadTo);
