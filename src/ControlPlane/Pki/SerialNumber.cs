using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>A certificate's serial number: 128 random bits, positive; stored before anything is signed, used once.</summary>
internal readonly record struct SerialNumber
{
    private const int Octets = 16;
    private readonly UInt128 value;

    private SerialNumber(UInt128 value) => this.value = value;

    /// <summary>Lower-case hexadecimal; 32 digits for every number made by <see cref="New"/>, as <c>openssl x509 -serial</c> shows it.</summary>
    public string Hex => value.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>The content octets of the DER INTEGER: at most 17, minimal, positive (X.690 §8.3).</summary>
    public ReadOnlyMemory<byte> Bytes
    {
        get
        {
            var octets = new byte[1 + Octets];
            BinaryPrimitives.WriteUInt128BigEndian(octets.AsSpan(1), value);
            var start = 0;
            while (start < Octets && octets[start] == 0 && octets[start + 1] < 0x80) start++;
            return octets.AsMemory(start);
        }
    }

    /// <summary>A new one, never zero: the first octet is drawn again while it is 0, so that every number is equally long in text.</summary>
    public static SerialNumber New()
    {
        Span<byte> octets = stackalloc byte[Octets];
        do RandomNumberGenerator.Fill(octets);
        while (octets[0] == 0);
        return new(BinaryPrimitives.ReadUInt128BigEndian(octets));
    }

    /// <summary>Reads hexadecimal in either case, also with leading zeros, or as pairs between colons.</summary>
    public static bool TryParseHex(string? text, out SerialNumber serial)
    {
        serial = default;
        if (text is null || text.Length > 64) return false;
        var digits = text;
        if (text.Contains(':', StringComparison.Ordinal))
        {
            var pairs = text.Split(':');
            if (pairs.Any(p => p.Length != 2)) return false;
            digits = string.Concat(pairs);
        }
        if (!UInt128.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var read) || read == 0)
            return false;
        serial = new(read);
        return true;
    }

    /// <summary>Reads the content octets of a DER INTEGER; false when it cannot be a number of ours.</summary>
    public static bool TryRead(ReadOnlySpan<byte> content, out SerialNumber serial)
    {
        serial = default;
        if (content.Length is 0 or > 1 + Octets || content[0] >= 0x80) return false;
        if (content[0] == 0)
        {
            if (content.Length == 1 || content[1] < 0x80) return false;
            content = content[1..];
        }
        if (content.Length > Octets) return false;
        UInt128 read = 0;
        foreach (var octet in content) read = (read << 8) | octet;
        serial = new(read);
        return true;
    }

    public override string ToString() => Hex;
}
