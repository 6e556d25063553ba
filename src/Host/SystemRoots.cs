using System.Runtime.InteropServices;

namespace GrpcCa.Host;

/// <summary>The roots that the system trusts. Gateway and CLI trust nothing but what they were given, whatever is among them.</summary>
internal static partial class SystemRoots
{
    // Neither a directory nor a file, and none can be made there without being root.
    private const string Nowhere = "/nonexistent";

    /// <summary>
    /// Leaves them unread: before the first certificate is shown or looked at the platform reads all of them, some 140 files, which was
    /// half of the time until a gateway's first answer. To be called first of all in a program, since it changes the environment.
    /// </summary>
    public static void LeaveUnread()
    {
        if (!OperatingSystem.IsLinux()) return;
        // The variables of OpenSSL (openssl-env(7)), which the platform asks the C library for.
        foreach (var variable in (ReadOnlySpan<string>)["SSL_CERT_DIR", "SSL_CERT_FILE"]) _ = SetVariable(variable, Nowhere, overwrite: 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
