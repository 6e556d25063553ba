using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Profiles;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Profiles between the wire and the room.</summary>
internal static class ProfileMapping
{
    /// <summary>A new profile.</summary>
    public static ProfileRecord ToRecord(string id, Profile wire) => Apply(new ProfileRecord { Id = id }, wire, new FieldChanges([]));

    /// <summary>The record with the fields that the request changes.</summary>
    public static ProfileRecord Apply(ProfileRecord record, Profile wire, FieldChanges changes) => record with
    {
        Description = changes.Of("description", wire.Description.Length > 0) ? wire.Description : record.Description,
        Lifetime = changes.Of("lifetime", wire.Lifetime is not null) ? wire.Lifetime?.ToTimeSpan() ?? TimeSpan.Zero : record.Lifetime,
        Backdate = changes.Of("backdate", wire.Backdate is not null) ? wire.Backdate?.ToTimeSpan() ?? TimeSpan.FromMinutes(1) : record.Backdate,
        ExtendedKeyUsages = changes.Of("extended_key_usages", wire.ExtendedKeyUsages.Count > 0) ? [.. wire.ExtendedKeyUsages.Distinct(StringComparer.Ordinal)] : record.ExtendedKeyUsages,
        KeyTypes = changes.Of("key_types", wire.KeyTypes.Count > 0) ? wire.KeyTypes.Distinct(StringComparer.Ordinal).ToImmutableArray() : record.KeyTypes,
        RevocationPointers = changes.Of("no_revocation_pointers", wire.NoRevocationPointers) ? !wire.NoRevocationPointers : record.RevocationPointers,
    };

    public static Profile ToProto(ProfileRecord profile) => new()
    {
        Name = profile.Name,
        Description = profile.Description,
        Lifetime = Duration.FromTimeSpan(profile.Lifetime),
        Backdate = Duration.FromTimeSpan(profile.Backdate),
        ExtendedKeyUsages = { profile.ExtendedKeyUsages },
        KeyTypes = { profile.KeyTypes },
        NoRevocationPointers = !profile.RevocationPointers,
        Etag = profile.Etag,
    };
}
