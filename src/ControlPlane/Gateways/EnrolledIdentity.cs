namespace GrpcCa.ControlPlane.Gateways;

/// <summary>
/// Which identity certificates of a gateway or operator count: the newest, and the one it was renewed with (the
/// answer to a renewal can be lost). A new enrolment voids both.
/// </summary>
/// <param name="Serial">The newest one's serial, lower-case hex; empty before enrolment.</param>
/// <param name="PreviousSerial">The serial it was renewed with; empty when the newest came by enrolment.</param>
/// <param name="EnrolledAt">When it last enrolled.</param>
/// <param name="ExpiresAt">The newest one's last second.</param>
internal sealed record EnrolledIdentity(string Serial, string PreviousSerial, DateTimeOffset? EnrolledAt, DateTimeOffset? ExpiresAt)
{
    public static readonly EnrolledIdentity None = new("", "", null, null);

    public bool Accepts(string serial) => serial.Length > 0 && (serial == Serial || serial == PreviousSerial);

    public EnrolledIdentity Enrol(string serial, DateTimeOffset expiresAt, DateTimeOffset now) => new(serial, "", now, expiresAt);

    public EnrolledIdentity Renew(string usedSerial, string serial, DateTimeOffset expiresAt) =>
        this with { Serial = serial, PreviousSerial = usedSerial, ExpiresAt = expiresAt };
}

/// <summary>Serials as they are compared: the integer's hex digits, lower-case, without leading zeros.</summary>
internal static class IdentitySerial
{
    public static string Canonical(ReadOnlySpan<byte> bigEndian) => Convert.ToHexStringLower(bigEndian).TrimStart('0');
}
