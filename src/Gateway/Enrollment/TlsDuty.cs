using System.Net;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using GrpcCa.Gateway.ControlPlane;
using GrpcCa.Gateway.Trust;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;

namespace GrpcCa.Gateway.Enrollment;

/// <summary>
/// Gets the gateway's TLS certificate over gRPC, keeps it in <c>tls.pem</c> (key and chain in one file), and gets a new
/// one at two thirds of its life, when the names have changed, or when it was revoked.
/// </summary>
internal sealed class TlsDuty(ControlPlaneLink link, CallPolicy calls, ConfigBook config, CrlBook crls, string stateDirectory, TimeProvider time, ILogger<TlsDuty> log)
    : Duty("Getting the TLS certificate", time, log)
{
    private volatile TlsCertificate? current;
    private HashSet<string>? askedFor;
    private string? unkept;
    private (IReadOnlyList<KeptCrl> Lists, TlsCertificate? Certificate, bool IsRevoked) looked = ([], null, false);

    private string FilePath => Path.Combine(stateDirectory, "tls.pem");

    /// <summary>The certificate of the next handshake.</summary>
    public TlsCertificate Current => current ?? throw new InvalidOperationException("asked before the start was done");

    /// <summary>Whether handshakes would succeed now.</summary>
    public bool IsUsable => current is { } tls && tls.NotAfter > Time.GetUtcNow();

    /// <summary>Whether there is none, it is old, or its names are not the wanted ones.</summary>
    public bool IsDue => Due <= Time.GetUtcNow();

    protected override DateTimeOffset Due => current is not { } tls || unkept is not null || NamesChanged() || IsRevoked(tls) ? DateTimeOffset.MinValue : tls.RenewAt;

    /// <summary>Reads what was kept; false when there is nothing.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or open to others; the message names it.</exception>
    public bool TryLoad()
    {
        if (!File.Exists(FilePath)) return false;
        if ((File.GetUnixFileMode(FilePath) & ~SyncedFile.Private) != 0) throw new InvalidDataException($"'{FilePath}' holds a private key that others may read: chmod 600 '{FilePath}'");
        try
        {
            current = TlsCertificate.FromPem(File.ReadAllText(FilePath), config.Current.Roots);
            // What is kept was asked for under the names it bears.
            askedFor = [.. current.Names];
            return true;
        }
        catch (Exception cause) when (cause is CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"'{FilePath}' is damaged; remove it and a new certificate will be fetched", cause);
        }
    }

    // What could not be kept (a full disk) is shown to clients already, and kept when there is space: no other is asked for.
    protected override Task DoAsync(CancellationToken ct)
    {
        if (unkept is null || current is not { } tls || NamesChanged() || IsRevoked(tls) || tls.RenewAt <= Time.GetUtcNow()) return FetchAsync(ct);
        Keep(unkept);
        return Task.CompletedTask;
    }

    /// <summary>Gets a new one now; before the first client connects, and whenever it is due.</summary>
    public async Task FetchAsync(CancellationToken ct)
    {
        using var key = new FreshKey();
        var names = WantedNames();
        var request = new IssueTlsCertificateRequest { CsrDer = ByteString.CopyFrom(key.SigningRequest()) };
        var answer = await calls.AskAsync(options => link.Gateways.IssueTlsCertificateAsync(request, options), ct);
        var chain = answer.ChainDers.Select(d => d.ToByteArray()).ToList();
        if (chain.Count == 0) throw new InvalidDataException("the control plane answered without a TLS certificate");
        key.Join(chain[0]).Dispose();
        var pem = key.ToPem(chain);
        var next = TlsCertificate.FromPem(pem, config.Current.Roots);
        (current, askedFor) = (next, names);
        Log.TlsRenewed(string.Join(", ", next.Names), next.NotAfter);
        Keep(pem);
    }

    private void Keep(string pem)
    {
        unkept = pem;
        SyncedFile.Write(FilePath, Encoding.ASCII.GetBytes(pem), SyncedFile.Private);
        unkept = null;
    }

    // Compared with what was asked for, not with what came: a name written in another way must not lead to a new
    // certificate every few seconds.
    private bool NamesChanged() => WantedNames() is { Count: > 0 } wanted && askedFor is not null && !wanted.SetEquals(askedFor);

    // Lists may be long: each is searched once for each certificate.
    private bool IsRevoked(TlsCertificate tls)
    {
        var lists = crls.Current;
        if (!ReferenceEquals(looked.Lists, lists) || looked.Certificate != tls)
            looked = (lists, tls, lists.Any(l => l.Reading.Lists(tls.Leaf.SerialNumberBytes.Span)));
        return looked.IsRevoked;
    }

    private HashSet<string> WantedNames() => config.Current.Config.TlsNames
        .Select(name => IPAddress.TryParse(name, out var address) ? address.ToString() : name.ToLowerInvariant())
        .ToHashSet(StringComparer.OrdinalIgnoreCase);
}
