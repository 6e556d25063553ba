using System.ComponentModel;
using System.Runtime.InteropServices;

namespace GrpcCa.Host;

/// <summary>
/// Writes files that survive a power cut: temporary file, fsync, rename, fsync of the directory. .NET on Linux
/// swallows the errors of fsync, so it is called directly here and an error is an <see cref="IOException"/>.
/// </summary>
internal static partial class SyncedFile
{
    /// <summary>Owner may read and write, nobody else anything.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Owner may write, everybody read.</summary>
    public const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>A directory that is its owner's alone (0700).</summary>
    public const UnixFileMode PrivateDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Replaces the file at <paramref name="path"/> in one step; readers see the old bytes or the new.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            using (var file = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Share = FileShare.None,
                UnixCreateMode = mode,
            }))
            {
                file.Write(content);
                file.Flush();
                Sync(file.SafeFileHandle.DangerousGetHandle().ToInt32(), temporary);
            }
            // The umask may have taken bits away from a public file.
            File.SetUnixFileMode(temporary, mode);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        SyncDirectory(directory);
    }

    /// <summary>
    /// Appends whole lines to a file, which is made when it is missing, and syncs them. A last line without an end is what a
    /// crash left of an append that never returned: it is taken away first. What cannot be written whole is taken back.
    /// </summary>
    /// <exception cref="IOException">The lines are not all on the disk.</exception>
    public static void Append(string path, byte lineEnd, ReadOnlySpan<byte> lines, UnixFileMode mode)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            UnixCreateMode = mode,
            BufferSize = 0,
        });
        var whole = EndOfLastLine(file, lineEnd);
        if (whole < file.Length) file.SetLength(whole);
        file.Position = whole;
        try
        {
            file.Write(lines);
            Sync(file.SafeFileHandle.DangerousGetHandle().ToInt32(), path);
        }
        catch (IOException)
        {
            // What stays all the same has no end, or is there once more: both are expected by who reads.
            if (file.Length > whole) file.SetLength(whole);
            throw;
        }
        // Also for a file that is there: an append that made it may have failed before its name was on the disk.
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>
    /// Cuts a file to nothing and syncs it: journalling file systems hand its blocks out again only once that is written. Needs no
    /// space, and the name stays.
    /// </summary>
    public static void Empty(string path)
    {
        using var file = new FileStream(path, FileMode.Truncate, FileAccess.Write);
        Sync(file.SafeFileHandle.DangerousGetHandle().ToInt32(), path);
    }

    private static long EndOfLastLine(FileStream file, byte lineEnd)
    {
        var block = new byte[4096];
        for (var end = file.Length; end > 0;)
        {
            var start = Math.Max(0, end - block.Length);
            file.Position = start;
            var read = block.AsSpan(0, (int)(end - start));
            file.ReadExactly(read);
            if (read.LastIndexOf(lineEnd) is var at and >= 0) return start + at + 1;
            end = start;
        }
        return 0;
    }

    /// <summary>Makes a directory with mode 0700, or checks that the existing one is its owner's alone.</summary>
    /// <exception cref="IOException">Others may enter the directory.</exception>
    public static void EnsurePrivateDirectory(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, PrivateDirectory);
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent) SyncDirectory(parent);
            return;
        }
        var mode = File.GetUnixFileMode(path);
        if ((mode & ~PrivateDirectory) != 0)
            throw new IOException($"directory '{path}' has mode {Convert.ToString((int)mode, 8)}; others must not enter it: chmod 700 '{path}'");
    }

    /// <summary>Makes what was renamed or made in the directory durable.</summary>
    public static void SyncDirectory(string directory)
    {
        var descriptor = Open(directory, OpenReadOnly | OpenDirectory | OpenCloseOnExec);
        if (descriptor < 0) throw Failed("open", directory);
        try
        {
            Sync(descriptor, directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static void Sync(int descriptor, string path)
    {
        if (Fsync(descriptor) != 0) throw Failed("fsync", path);
    }

    private static IOException Failed(string call, string path)
    {
        var cause = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{call} of '{path}' failed: {cause.Message}", cause);
    }

    private const int OpenReadOnly = 0;
    private const int OpenDirectory = 0x10000;
    private const int OpenCloseOnExec = 0x80000;

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
