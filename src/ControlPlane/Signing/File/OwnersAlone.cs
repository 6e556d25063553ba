namespace GrpcCa.ControlPlane.Signing.File;

/// <summary>Refuses a secret's file that its group or others may read or write.</summary>
internal static class OwnersAlone
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static void Check(string path, string what)
    {
        var mode = System.IO.File.GetUnixFileMode(path);
        if ((mode & ~Owner) != 0)
            throw new KeyUnavailableException(
                $"{what} '{path}' has mode {Convert.ToString((int)mode, 8)}; nobody but its owner may read it: chmod 600 '{path}'");
    }
}
