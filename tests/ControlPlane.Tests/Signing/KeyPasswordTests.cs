using System.Text;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;

namespace GrpcCa.ControlPlane.Tests.Signing;

public sealed class KeyPasswordTests : IDisposable
{
    private readonly KeyDirectory keys = new();

    public void Dispose() => keys.Dispose();

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("secret\n\n", "secret\n")]
    [InlineData(" se cret ", " se cret ")]
    public void FromFile_OneNewlineAtTheEnd_IsNoPartOfThePassword(string content, string password)
    {
        keys.WritePassword(content);

        using var read = KeyPassword.FromFile(keys.PasswordFile);
        Assert.Equal(password, Encoding.UTF8.GetString(read.Bytes));
        Assert.DoesNotContain("secret", read.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public void FromFile_EmptyPassword_IsRefused(string content)
    {
        keys.WritePassword(content);

        Refuses("empty");
    }

    [Fact]
    public void FromFile_NoFile_NamesIt()
    {
        File.Delete(keys.PasswordFile);

        Refuses("cannot be read");
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    public void FromFile_OthersMayRead_SaysHowToMendIt(UnixFileMode more)
    {
        File.SetUnixFileMode(keys.PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);

        Refuses($"chmod 600 '{keys.PasswordFile}'");
    }

    [Fact]
    public void Dispose_AfterUse_ZeroesTheBytes()
    {
        var read = KeyPassword.FromFile(keys.PasswordFile);
        read.Dispose();

        Assert.All(read.Bytes.ToArray(), value => Assert.Equal(0, value));
    }

    private void Refuses(string word)
    {
        var refused = Assert.Throws<KeyUnavailableException>(() => KeyPassword.FromFile(keys.PasswordFile));
        Assert.Contains(keys.PasswordFile, refused.Message, StringComparison.Ordinal);
        Assert.Contains(word, refused.Message, StringComparison.Ordinal);
    }
}
