using System.Security.Cryptography;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Commands;

/// <summary>Revocation lists in files.</summary>
public sealed class CrlTests
{
    // A SEQUENCE as long as any list is.
    private static readonly byte[] Der = [0x30, 0x81, 0x80, .. new byte[0x80]];

    [Fact]
    public async Task Import_PemOrDer_SendsDer()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var (der, pem) = (Path.Combine(fake.Directory, "root.crl"), Path.Combine(fake.Directory, "root.pem"));
        await File.WriteAllBytesAsync(der, Der, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(pem, "comment\n" + PemEncoding.WriteString("X509 CRL", Der) + "\n", TestContext.Current.CancellationToken);
        foreach (var file in (string[])[der, pem])
        {
            var run = await new Cli(fake).RunAsync($"crl import {file}");
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Equal(Der, fake.Request<ImportCrlRequest>().Der.ToByteArray());
        }
        await File.WriteAllTextAsync(pem, PemEncoding.WriteString("CERTIFICATE", Der), TestContext.Current.CancellationToken);
        var wrong = await new Cli(fake).RunAsync($"crl import {pem}");
        Assert.Equal(ExitCodes.Usage, wrong.ExitCode);
        Assert.Contains("no revocation list", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ToAFile_WritesPemOrDer()
    {
        await using var fake = await FakeControlPlane.StartAsync();
        var file = Path.Combine(fake.Directory, "out");

        Assert.Equal(0, (await new Cli(fake).RunAsync($"crl get --out {file}")).ExitCode);
        Assert.Equal(PemEncoding.WriteString("X509 CRL", fake.Data.Crls[0].Der.Span) + "\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));

        Assert.Equal(0, (await new Cli(fake).RunAsync($"crl get 2026a --der --out {file}")).ExitCode);
        Assert.Equal(fake.Data.Crls[0].Der.ToByteArray(), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(file + ".new"));
    }
}
