using GrpcCa.ControlPlane.Signing.File;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Signing;

/// <summary>A directory with a password file and a key directory, gone after the test.</summary>
internal sealed class KeyDirectory : IDisposable
{
    private readonly List<KeyPassword> passwords = [];

    public KeyDirectory()
    {
        Root = Directory.CreateTempSubdirectory("grpcca-keys-").FullName;
        WritePassword("correct horse battery staple\n");
        Provider = Reopen();
    }

    public string Root { get; }

    public string PasswordFile => Path.Combine(Root, "key-password");

    public string Keys => Path.Combine(Root, "keys");

    public FileSignerProvider Provider { get; }

    public string PathOf(string label) => Path.Combine(Keys, label + ".p8");

    public void WritePassword(string text)
    {
        File.WriteAllText(PasswordFile, text);
        File.SetUnixFileMode(PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>The provider as a new process would make it; few iterations keep the tests quick.</summary>
    public FileSignerProvider Reopen()
    {
        var password = KeyPassword.FromFile(PasswordFile);
        passwords.Add(password);
        return new(new FileKeyOptions { Directory = Keys, Iterations = SealedKey.FewestIterations }, password, NullLogger<FileSignerProvider>.Instance);
    }

    public void Dispose()
    {
        foreach (var password in passwords) password.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
