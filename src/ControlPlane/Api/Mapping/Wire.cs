using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.Protocol;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>Resource names and times between the wire and the rooms.</summary>
internal static class Wire
{
    /// <summary>The id of a name such as <c>gateways/edge</c>.</summary>
    /// <exception cref="RefusalException">It is no name of the collection.</exception>
    public static string Id(string name, string collection, string field) => ResourceName.TryParse(name, collection, out var id)
        ? id
        : throw new RefusalException(RefusalReason.InvalidArgument, $"{Excerpt.Of(name)} is not a name such as {collection}/…") { Field = field };

    public static Timestamp? Time(DateTimeOffset? time) => time is { } moment ? Timestamp.FromDateTimeOffset(moment) : null;

    public static Timestamp Time(DateTimeOffset time) => Timestamp.FromDateTimeOffset(time);

    public static Duration? Span(TimeSpan? span) => span is { } length ? Duration.FromTimeSpan(length) : null;

    /// <summary>A time that a caller wrote.</summary>
    /// <exception cref="RefusalException">It is out of range.</exception>
    public static DateTimeOffset? Moment(Timestamp? time, string field)
    {
        if (time is null) return null;
        try
        {
            return time.ToDateTimeOffset();
        }
        catch (InvalidOperationException)
        {
            throw new RefusalException(RefusalReason.InvalidArgument, "is no time between the years 1 and 9999") { Field = field };
        }
    }

    /// <summary>The time in a page position.</summary>
    /// <exception cref="RefusalException">It is none.</exception>
    public static DateTimeOffset Position(string milliseconds) =>
        long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(time)
            : throw new RefusalException(RefusalReason.InvalidArgument, "page_token is not one of this list") { Field = "page_token" };
}
