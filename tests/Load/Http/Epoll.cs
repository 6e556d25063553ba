using System.ComponentModel;
using System.Runtime.InteropServices;

namespace GrpcCa.Load.Http;

/// <summary>The kernel's list of sockets that one thread waits for (epoll(7)), edge-triggered: each arrival is told once.</summary>
internal sealed partial class Epoll : IDisposable
{
    private const int Add = 1, CloseOnExec = 0x80000, Interrupted = 4, MostAtOnce = 128;
    private const uint Readable = 0x1, Failed = 0x8, HungUp = 0x10, PeerClosed = 0x2000, EdgeTriggered = 0x8000_0000;

    // struct epoll_event is packed on x86-64 only: 32 bits of flags, then 64 bits that are the caller's.
    private static readonly int Size = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly byte[] events = new byte[MostAtOnce * Size];
    private readonly int list = Checked(Create(CloseOnExec));

    /// <summary>Tells of <paramref name="socket"/> from now on until it is closed, by its number.</summary>
    public void Watch(int socket)
    {
        Span<byte> entry = stackalloc byte[Size];
        MemoryMarshal.Write(entry, Readable | PeerClosed | EdgeTriggered);
        MemoryMarshal.Write(entry[(Size - 8)..], (long)socket);
        Checked(Control(list, Add, socket, ref MemoryMarshal.GetReference(entry)));
    }

    /// <summary>Waits, for as long as it takes or not at all, until something arrived.</summary>
    /// <returns>How many there are for <see cref="this[int]"/>.</returns>
    public int Wait(bool forever)
    {
        var count = Wait(list, ref events[0], MostAtOnce, forever ? -1 : 0);
        return count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Checked(count);
    }

    /// <summary>Which socket something arrived at, and whether it was the last thing from there.</summary>
    public (int Socket, bool Ended) this[int index]
    {
        get
        {
            var entry = events.AsSpan(index * Size, Size);
            return ((int)MemoryMarshal.Read<long>(entry[(Size - 8)..]), (MemoryMarshal.Read<uint>(entry) & (Failed | HungUp | PeerClosed)) != 0);
        }
    }

    public void Dispose() => _ = Close(list);

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception();

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int list, int operation, int file, ref byte entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int list, ref byte events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
