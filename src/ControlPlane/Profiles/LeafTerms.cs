using System.Collections.Immutable;

namespace GrpcCa.ControlPlane.Profiles;

/// <summary>What a profile comes to for one provisioner, which may narrow it and never widens it.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Shortest">The shortest lifetime that may be asked for.</param>
/// <param name="Default">The lifetime when none is asked for.</param>
/// <param name="Longest">The longest lifetime that may be asked for.</param>
/// <param name="KeyTypes">Accepted keys.</param>
/// <param name="Source">Who says so, for people: <c>profile default</c>, <c>profile default in provisioners/x</c>.</param>
internal sealed record LeafTerms(
    ProfileRecord Profile, TimeSpan Shortest, TimeSpan Default, TimeSpan Longest, ImmutableArray<string> KeyTypes, string Source)
{
    /// <summary>The profile as it is.</summary>
    public static LeafTerms Of(ProfileRecord profile) =>
        new(profile, TimeSpan.Zero, profile.Lifetime, profile.Lifetime, profile.KeyTypes, $"profile {profile.Id}");

    /// <summary>Within the bounds of another provisioner as well: a renewal gives no more than what it renews could have.</summary>
    public LeafTerms Within(LeafTerms other)
    {
        var longest = Longest < other.Longest ? Longest : other.Longest;
        var shortest = Shortest > other.Shortest ? Shortest : other.Shortest;
        return this with
        {
            Longest = longest,
            Default = Default < longest ? Default : longest,
            Shortest = shortest < longest ? shortest : longest,
            KeyTypes = [.. KeyTypes.Intersect(other.KeyTypes, StringComparer.Ordinal)],
            Source = Source == other.Source ? Source : $"{Source} and {other.Source}",
        };
    }
}

/// <summary>A provisioner's bounds on lifetimes; null leaves it to the profile.</summary>
internal sealed record LifetimeBounds(TimeSpan? Min, TimeSpan? Default, TimeSpan? Max)
{
    public static LifetimeBounds None { get; } = new(null, null, null);

    /// <summary>The profile within these bounds. A minimum above what the profile gives leaves just what it gives.</summary>
    public LeafTerms Narrow(ProfileRecord profile, ImmutableArray<string> keyTypes, string provisioner)
    {
        var longest = Max < profile.Lifetime ? Max.Value : profile.Lifetime;
        return new(
            profile,
            Min is { } min ? min < longest ? min : longest : TimeSpan.Zero,
            Default is { } wanted && wanted < longest ? wanted : longest,
            longest,
            keyTypes.IsEmpty ? profile.KeyTypes : [.. profile.KeyTypes.Intersect(keyTypes, StringComparer.Ordinal)],
            this == None && keyTypes.IsEmpty ? $"profile {profile.Id}" : $"profile {profile.Id} in {provisioner}");
    }
}
