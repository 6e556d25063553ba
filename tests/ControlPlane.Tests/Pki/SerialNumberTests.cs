using System.Formats.Asn1;
using System.Numerics;
using CsCheck;
using GrpcCa.ControlPlane.Pki;

namespace GrpcCa.ControlPlane.Tests.Pki;

public sealed class SerialNumberTests
{
    [Fact]
    public void New_Many_AreDistinctPositiveAndUseEveryBit()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var ones = new int[128];
        const int Many = 20_000;
        for (var i = 0; i < Many; i++)
        {
            var serial = SerialNumber.New();
            Assert.True(seen.Add(serial.Hex));
            Assert.Equal(32, serial.Hex.Length);
            Assert.InRange(serial.Bytes.Length, 16, 17);
            var number = new BigInteger(serial.Bytes.Span, isBigEndian: true);
            Assert.True(number > 0);
            for (var bit = 0; bit < 128; bit++) ones[bit] += (int)(number >> bit & 1);
        }
        // Six standard deviations are 424; the first octet leans a little, as it is never zero.
        Assert.All(ones, count => Assert.InRange(count, (Many / 2) - 500, (Many / 2) + 500));
    }

    [Theory]
    [InlineData("7f", "7F")]
    [InlineData("80", "0080")]
    [InlineData("1", "01")]
    [InlineData("0000ff", "00FF")]
    [InlineData("80000000000000000000000000000000", "0080000000000000000000000000000000")]
    [InlineData("7fffffffffffffffffffffffffffffff", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("AB:CD:EF", "00ABCDEF")]
    public void TryParseHex_Valid_HasMinimalDerOctets(string hex, string octets)
    {
        Assert.True(SerialNumber.TryParseHex(hex, out var serial));
        Assert.Equal(octets, Convert.ToHexString(serial.Bytes.Span));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("0x1")]
    [InlineData("xyz")]
    [InlineData("A:BC")]
    [InlineData("AB:")]
    [InlineData("1ffffffffffffffffffffffffffffffff")]
    public void TryParseHex_Invalid_IsFalse(string? hex) => Assert.False(SerialNumber.TryParseHex(hex, out _));

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("007F")]
    [InlineData("80")]
    [InlineData("FF00")]
    [InlineData("0100000000000000000000000000000000")]
    [InlineData("000080000000000000000000000000000000")]
    public void TryRead_NotOurs_IsFalse(string octets) => Assert.False(SerialNumber.TryRead(Convert.FromHexString(octets), out _));

    [Fact]
    public void Bytes_AreTheContentOfADerInteger() => Gen.Byte.Array[1, 16].Where(b => b.Any(x => x != 0)).Sample(
        octets =>
        {
            Assert.True(SerialNumber.TryParseHex(Convert.ToHexString(octets), out var serial));
            var writer = new AsnWriter(AsnEncodingRules.DER);
            writer.WriteInteger(new BigInteger(octets, isUnsigned: true, isBigEndian: true));
            Assert.Equal(writer.Encode()[2..], serial.Bytes.ToArray());
            Assert.True(SerialNumber.TryRead(serial.Bytes.Span, out var again) && again == serial);
            Assert.True(SerialNumber.TryParseHex(serial.Hex, out again) && again == serial);
        },
        iter: 5_000);
}
