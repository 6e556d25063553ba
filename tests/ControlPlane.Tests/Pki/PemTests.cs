using CsCheck;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Pki;

public sealed class PemTests
{
    private static readonly string One = Pem.Encode(Pem.Certificate, new byte[100]);

    [Fact]
    public void Encode_Block_HasLfLinesOf64()
    {
        var lines = One.Split('\n');
        Assert.DoesNotContain('\r', One);
        Assert.Equal("-----BEGIN CERTIFICATE-----", lines[0]);
        Assert.Equal(64, lines[1].Length);
        Assert.Equal(["-----END CERTIFICATE-----", ""], lines[^2..]);
    }

    [Fact]
    public void DecodeCertificates_OfEncoded_IsTheSame() => Gen.Byte.Array[1, 300].Array[1, 4].Sample(
        certificates => Pem.DecodeCertificates(Pem.EncodeCertificates(certificates)).Zip(certificates).All(p => p.First.SequenceEqual(p.Second))
            && Pem.DecodeCertificates(Pem.EncodeCertificates(certificates).ReplaceLineEndings("\r\n") + "\r\n").Count == certificates.Length);

    public static TheoryData<string, string> Wrong => new()
    {
        { "", "no PEM certificate" },
        { " \n", "no PEM certificate" },
        { "hello", "no PEM certificate" },
        { "hello\n" + One, "text before" },
        { One + "hello\n" + One, "text before or between" },
        { One + "hello", "other text" },
        { One + One.Replace("-----END CERTIFICATE-----", "-----END X-----", StringComparison.Ordinal), "other text" },
        { Pem.Encode("PRIVATE KEY", new byte[10]), "'PRIVATE KEY'" },
        { One.Replace('A', '!'), "no PEM certificate" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void DecodeCertificates_Wrong_IsRefusedWithTheCause(string text, string cause)
    {
        var refusal = Assert.Throws<RefusalException>(() => Pem.DecodeCertificates(text));
        Assert.Contains(cause, refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void DecodeCertificates_AnyText_OnlyEverRefuses() =>
        Gen.OneOf(Gen.String, Gen.Select(Gen.Int[0, One.Length - 1], Gen.Char, (i, c) => One[..i] + c + One[(i + 1)..])).Sample(
            text =>
            {
                try
                {
                    Pem.DecodeCertificates(text);
                }
                catch (RefusalException e)
                {
                    Assert.Equal(RefusalReason.InvalidArgument, e.Reason);
                }
            },
            iter: 5_000);

    [Fact]
    public void RevocationReason_Numbers_AreThoseOfRfc5280AndAcme()
    {
        int[] accepted = [0, 1, 3, 4, 5, 9];
        for (var number = -1; number < 20; number++)
        {
            if (accepted.Contains(number)) Assert.Equal(number, (int)RevocationReasons.Parse(number));
            else Assert.Equal(RefusalReason.BadRevocationReason, Assert.Throws<RefusalException>(() => RevocationReasons.Parse(number)).Reason);
        }
        Assert.Equal(RevocationReason.KeyCompromise, RevocationReasons.Parse(1));
        Assert.Equal(RevocationReason.PrivilegeWithdrawn, RevocationReasons.Parse(9));
        Assert.Throws<RefusalException>(() => RevocationReasons.Parse(long.MaxValue));
    }
}
