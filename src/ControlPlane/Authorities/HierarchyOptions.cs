using System.Collections.Immutable;
using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Authorities;

/// <summary>
/// How the hierarchy is founded. These choices are on every phone afterwards: they cannot be changed later, only
/// replaced by a new authority.
/// </summary>
internal sealed record HierarchyOptions
{
    /// <summary>The id of <c>authorities/{id}</c>; default <c>main</c>.</summary>
    public string Id { get; init; } = "main";

    /// <summary>The name people see in trust stores; default <c>GrpcCa</c>.</summary>
    public string Name { get; init; } = "GrpcCa";

    /// <summary>Of root and intermediate; default EC P-256.</summary>
    public KeyAlgorithm KeyType { get; init; } = KeyAlgorithm.EcP256;

    /// <summary>Default 10 y.</summary>
    public TimeSpan RootLifetime { get; init; } = TimeSpan.FromDays(3650);

    /// <summary>Default 10 y; never longer than the root's.</summary>
    public TimeSpan IntermediateLifetime { get; init; } = TimeSpan.FromDays(3650);

    /// <summary>Critical name constraints of both: <c>net.gq</c> or <c>subtree:net.gq</c>, <c>100.64.0.0/10</c> or <c>ip:100.64.0.0/10</c>; a kind without an entry is excluded; default none.</summary>
    public ImmutableArray<string> Permit { get; init; } = [];

    /// <summary>
    /// Where CRLs and issuer certificates are found, such as <c>http://ca.net.gq</c>: the plain HTTP of gateways, or something
    /// in front of it. It stands in certificates (CDP, AIA) as long as they live; default none, and then no certificate points anywhere.
    /// </summary>
    public string? RevocationBaseUrl { get; init; }

    /// <summary>PEM file of an existing root to take over; default none.</summary>
    public string? ImportRoot { get; init; }

    /// <summary>PEM file of the existing intermediate below it.</summary>
    public string? ImportIntermediate { get; init; }

    /// <summary>PEM file of the intermediate's private key, PKCS#8, encrypted or not.</summary>
    public string? ImportKey { get; init; }

    /// <summary>File with the password of <see cref="ImportKey"/>, when it is encrypted.</summary>
    public string? ImportKeyPasswordFile { get; init; }

    /// <summary>Whether an existing hierarchy is taken over.</summary>
    public bool IsImport => ImportRoot is not null;
}

/// <summary>The hierarchy cannot be founded so; the message names the option and the cause.</summary>
internal sealed class HierarchyException(string message) : Exception(message);
