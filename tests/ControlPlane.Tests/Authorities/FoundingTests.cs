using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.Signing;
using Microsoft.Extensions.Configuration;

namespace GrpcCa.ControlPlane.Tests.Authorities;

/// <summary><c>grpcca-server init</c> and the checks of a later start, on real files.</summary>
public sealed class FoundingTests : IDisposable
{
    private const string NameConstraintsOid = "2.5.29.30";
    private readonly string directory = Directory.CreateTempSubdirectory("grpcca-founding-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Init_WithPermit_PutsCriticalConstraintsIntoRootAndIntermediate()
    {
        Assert.Equal(0, await FoundAsync(("Hierarchy:Name", "Home"), ("Hierarchy:Permit", "subtree:net.gq,ip:100.64.0.0/10"), ("Hierarchy:RevocationBaseUrl", "http://ca.net.gq")));
        using var root = X509CertificateLoader.LoadCertificateFromFile(RootFile);
        Assert.Equal("CN=Home Root", root.Subject);
        Assert.True(root.Extensions.Single(e => e.Oid?.Value == NameConstraintsOid).Critical);
        Assert.Equal(10 * 365, (root.NotAfter - root.NotBefore).TotalDays, tolerance: 1);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory, "grpcca.db")));
        Assert.All(Directory.GetFiles(Path.Combine(directory, "keys"), "*.p8"), file =>
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", File.ReadAllText(file), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Init_Twice_LeavesTheFirstAlone()
    {
        await FoundAsync();
        var root = await File.ReadAllBytesAsync(RootFile);
        var fault = await Assert.ThrowsAsync<HierarchyException>(() => FoundAsync(("Hierarchy:Name", "Other")));
        Assert.Contains("has a CA already", fault.Message, StringComparison.Ordinal);
        Assert.Equal(root, await File.ReadAllBytesAsync(RootFile));
    }

    [Fact]
    public async Task Serve_WithoutACa_SaysHowToFoundOne()
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var fault = await Assert.ThrowsAsync<HierarchyException>(() => ServeAsync());
        Assert.Contains("grpcca-server init", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("readable")]
    [InlineData("swapped")]
    public async Task Serve_WithAKeyFileThat_StopsWithItsName(string how)
    {
        await FoundAsync();
        var keys = Directory.GetFiles(Path.Combine(directory, "keys"), "*.p8").Order(StringComparer.Ordinal).ToArray();
        var victim = keys.First(k => Path.GetFileName(k).StartsWith("issuer-", StringComparison.Ordinal));
        if (how == "missing") File.Delete(victim);
        if (how == "cut") await File.WriteAllTextAsync(victim, (await File.ReadAllTextAsync(victim))[..200]);
        if (how == "readable") File.SetUnixFileMode(victim, File.GetUnixFileMode(victim) | UnixFileMode.OtherRead);
        if (how == "swapped") File.Copy(keys.First(k => k != victim), victim, overwrite: true);
        var fault = await Assert.ThrowsAsync<KeyUnavailableException>(() => ServeAsync());
        Assert.Contains(Path.GetFileName(victim), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithoutTheKeyPassword_MakesNoNewOne()
    {
        await FoundAsync();
        var password = Path.Combine(directory, "key-password");
        File.Delete(password);
        var fault = await Assert.ThrowsAsync<KeyUnavailableException>(() => ServeAsync(mayFound: true));
        Assert.Contains(password, fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(password));
    }

    [Fact]
    public async Task Init_WithImport_KeepsTheRootThatDevicesTrust()
    {
        var old = new OldAuthority();
        Assert.Equal(0, await FoundAsync(old.Write(directory + "-old")));
        Assert.Equal(old.Root.RawData, X509CertificateLoader.LoadCertificateFromFile(RootFile).RawData);
        // The keys directory has the intermediate's key and the identity root's, not the imported root's.
        Assert.Equal(2, Directory.GetFiles(Path.Combine(directory, "keys"), "*.p8").Length);
        Directory.Delete(directory + "-old", recursive: true);
    }

    [Theory]
    [InlineData("another key", "Hierarchy:ImportKey")]
    [InlineData("leaf", "Hierarchy:ImportIntermediate")]
    [InlineData("another root", "Hierarchy:ImportIntermediate")]
    [InlineData("expired", "Hierarchy:ImportIntermediate")]
    [InlineData("no root", "Hierarchy:ImportRoot")]
    public async Task Init_WithAnImportThatIsWrong_NamesTheOption(string what, string option)
    {
        var old = new OldAuthority(what);
        var settings = old.Write(directory + "-old");
        var fault = await Assert.ThrowsAsync<HierarchyException>(() => FoundAsync(settings));
        Assert.StartsWith(option, fault.Message, StringComparison.Ordinal);
        Directory.Delete(directory + "-old", recursive: true);
    }

    private string RootFile => Path.Combine(directory, "root.crt");

    private Task<int> FoundAsync(params (string Key, string? Value)[] settings) => ServerRun.FoundAsync(Options(settings), TimeProvider.System, CancellationToken.None);

    private async Task ServeAsync(bool mayFound = false)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await ServerRun.ServeAsync(Options(("Grpc:Listen", "127.0.0.1:0")), mayFound, TimeProvider.System, bound.Token);
    }

    private ControlPlaneOptions Options(params (string Key, string? Value)[] settings) => ControlPlaneOptions.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Append(("Data:Directory", directory)).Select(s => KeyValuePair.Create(s.Item1, s.Item2))).Build());

    /// <summary>A root and an intermediate made elsewhere, or such that one thing is wrong with them.</summary>
    private sealed class OldAuthority
    {
        private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 intermediate;

        public OldAuthority(string fault = "")
        {
            var now = TimeProvider.System.GetUtcNow();
            using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var root = Request("CN=Old Root", rootKey, isAuthority: true).CreateSelfSigned(now.AddDays(-10), now.AddDays(1000));
            using var signer = fault == "another root" ? Request("CN=Old Root", ECDsa.Create(ECCurve.NamedCurves.nistP256), isAuthority: true).CreateSelfSigned(now.AddDays(-10), now.AddDays(1000)) : null;
            intermediate = Request("CN=Old Intermediate", key, fault != "leaf")
                .Create(signer ?? root, now.AddDays(-9), fault == "expired" ? now.AddDays(-1) : now.AddDays(500), [1, 2, 3]);
            Root = fault == "no root" ? intermediate : X509CertificateLoader.LoadCertificate(root.RawData);
            if (fault == "another key") key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        }

        public X509Certificate2 Root { get; }

        public (string Key, string? Value)[] Write(string folder)
        {
            Directory.CreateDirectory(folder);
            string Path(string name) => System.IO.Path.Combine(folder, name);
            File.WriteAllText(Path("root.pem"), Root.ExportCertificatePem());
            File.WriteAllText(Path("intermediate.pem"), intermediate.ExportCertificatePem());
            File.WriteAllText(Path("key.pem"), key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
            File.WriteAllText(Path("password"), "secret\n");
            return
            [
                ("Hierarchy:ImportRoot", Path("root.pem")), ("Hierarchy:ImportIntermediate", Path("intermediate.pem")),
                ("Hierarchy:ImportKey", Path("key.pem")), ("Hierarchy:ImportKeyPasswordFile", Path("password")),
            ];
        }

        private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
        {
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            return request;
        }
    }
}
