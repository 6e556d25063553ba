using System.Text.RegularExpressions;
using GrpcCa.TestKit;

namespace GrpcCa.ControlPlane.Tests.Architecture;

/// <summary>What may stand where: wire types at the edge, private keys in Signing, a README in every room, no long files.</summary>
public sealed partial class PlacementTests
{
    private const int LongestFile = 400;

    private static readonly string[] Programs = ["ControlPlane", "Gateway", "AdminCli", "Host", "Protocol"];

    // The control plane's own TLS key lives in memory and signs nothing but handshakes.
    private static readonly string[] HandshakeKeys = ["Authorities/EndpointIdentity.cs"];

    [Fact]
    public void WireTypes_OutsideOfApi_AreNowhere() =>
        Assert.Empty(Sources.All.Where(file => file.Room is not ("Api" or "") && WireType().IsMatch(file.Text)).Select(file => file.Path));

    [Fact]
    public void PrivateKeys_OutsideOfSigning_AreNowhere() =>
        Assert.Empty(Sources.All.Where(file => file.Room != "Signing" && !HandshakeKeys.Contains(file.Path) && PrivateKeyWork().IsMatch(file.Text)).Select(file => file.Path));

    [Fact]
    public void Signers_OutsideOfSigning_AreNowhere() =>
        Assert.Empty(Sources.All.Where(file => file.Room != "Signing" && Signer().IsMatch(file.Text)).Select(file => file.Path));

    [Fact]
    public void Files_AreShort() =>
        Assert.Empty(OwnFiles("*.cs").Where(file => File.ReadLines(file).Count() > LongestFile).Select(Relative));

    [Fact]
    public void Rooms_HaveAReadme()
    {
        var rooms = Sources.Rooms.Select(room => Path.Combine("src", "ControlPlane", room))
            .Concat(new[] { "Gateway", "AdminCli" }.Select(program => Path.Combine("src", program)))
            .Concat(new[] { "Gateway", "AdminCli" }.SelectMany(program => Directory.GetDirectories(SourceTree.At("src", program)).Select(Relative)))
            .Where(room => Directory.GetFiles(SourceTree.At(room), "*.cs").Length > 0 && !room.EndsWith("/obj", StringComparison.Ordinal) && !room.EndsWith("/bin", StringComparison.Ordinal));

        Assert.Empty(rooms.Where(room => !File.Exists(SourceTree.At(room, "README.md"))));
    }

    [Fact]
    public void NothingIsLeftToImplement()
    {
        var word = string.Concat("NotImplemented", "Exception");

        Assert.Empty(OwnFiles("*.cs").Where(file => File.ReadAllText(file).Contains(word, StringComparison.Ordinal)).Select(Relative));
    }

    [Theory]
    [InlineData("using Grpc.Core;", true)]
    [InlineData("using GrpcCa.V1;", true)]
    [InlineData("Google.Protobuf.WellKnownTypes.Timestamp t;", true)]
    [InlineData("using GrpcCa.Host;", false)]
    public void WireType_OfALine_IsKnown(string line, bool expected) => Assert.Equal(expected, WireType().IsMatch(line));

    private static IEnumerable<string> OwnFiles(string pattern) =>
        Programs.Select(program => SourceTree.At("src", program)).Append(SourceTree.At("tests"))
            .SelectMany(folder => Directory.GetFiles(folder, pattern, SearchOption.AllDirectories))
            .Where(file => !file.Contains("/node_modules/", StringComparison.Ordinal));

    private static string Relative(string path) => Path.GetRelativePath(SourceTree.Root, path);

    [GeneratedRegex(@"(?<![\w.])(Grpc\.|Google\.(Protobuf|Rpc|Api)|GrpcCa\.V1)", RegexOptions.None, 5000)]
    private static partial Regex WireType();

    [GeneratedRegex(@"ImportFromPem|ImportFromEncryptedPem|ImportPkcs8|ImportEncryptedPkcs8|ExportPkcs8|ExportEncryptedPkcs8|CopyWithPrivateKey|ECDsa\.Create\(ECCurve|\.SignData\(|\.SignHash\(|AsymmetricCipherKeyPair|ECPrivateKeyParameters|RsaPrivateCrtKeyParameters", RegexOptions.None, 5000)]
    private static partial Regex PrivateKeyWork();

    [GeneratedRegex(@"(?<!\w)ISigner(?!\w)", RegexOptions.None, 5000)]
    private static partial Regex Signer();
}
