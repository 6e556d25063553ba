using System.Security.Cryptography;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;

namespace GrpcCa.ControlPlane.Tests.Signing;

public sealed class SecretEnvelopeTests
{
    [Fact]
    public void SealAndOpen_ManyAtOnce_EachGetsItsOwn()
    {
        using var keys = new KeyDirectory();
        using var password = KeyPassword.FromFile(keys.PasswordFile);
        using var envelope = new SecretEnvelope(password);
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var secret = SHA256.HashData(BitConverter.GetBytes(i));
            Assert.Equal(secret, envelope.Open(envelope.Seal(secret, $"webhooks/w{i % 7}"), $"webhooks/w{i % 7}"));
        });
    }

    [Fact]
    public void Open_ForAnotherPlace_Fails()
    {
        using var keys = new KeyDirectory();
        using var password = KeyPassword.FromFile(keys.PasswordFile);
        using var envelope = new SecretEnvelope(password);
        var made = envelope.Seal([1, 2, 3], "webhooks/one");
        Assert.Throws<KeyUnavailableException>(() => envelope.Open(made, "webhooks/two"));
    }
}
