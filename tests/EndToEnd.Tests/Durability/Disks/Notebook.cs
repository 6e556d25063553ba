using System.Collections.Concurrent;

namespace GrpcCa.EndToEnd.Tests.Durability.Disks;

/// <summary>What clients were told, outside of the disk: after any fault it must be so.</summary>
internal sealed class Notebook
{
    private readonly ConcurrentDictionary<string, byte[]> certificates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> revoked = new(StringComparer.Ordinal);

    /// <summary>Certificates by serial number, lower-case hex.</summary>
    public IReadOnlyDictionary<string, byte[]> Certificates => certificates;

    public IEnumerable<string> Revoked => revoked.Keys;

    /// <summary>What should not have happened.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    public void Got(string serial, byte[] der)
    {
        if (!certificates.TryAdd(serial, der)) Faults.Enqueue($"serial number {serial} was given twice");
    }

    public void WasRevoked(string serial) => revoked[serial] = true;
}
