using System.Text;
using CsCheck;
using GrpcCa.ControlPlane.Audit;

namespace GrpcCa.ControlPlane.Tests.Audit;

/// <summary>The canonical bytes are hashed and kept for years: they may never change for the same event.</summary>
public sealed class AuditCanonTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 13, 4, 5, 60, TimeSpan.FromHours(1));

    [Fact]
    public void Write_OfAnEvent_IsExactlyThis()
    {
        var bytes = AuditCanon.Write("00ff", new AuditEvent(Time, "certificate.issue", "accounts/a", "certificates/1",
            [KeyValuePair.Create("names", "dns:nas.net.gq"), KeyValuePair.Create("a", "\"\\\b\t\n\f\r\u0001/é😀")]));

        Assert.Equal(
            """{"id":"00ff","time":"2026-03-01T12:04:05.060Z","action":"certificate.issue","actor":"accounts/a","resource":"certificates/1","facts":{"names":"dns:nas.net.gq","a":"\"\\\b\t\n\f\r\u0001/é😀"}}""",
            Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public void Write_WithoutFacts_HasAnEmptyObject()
    {
        var text = Encoding.UTF8.GetString(AuditCanon.Write("00", new AuditEvent(Time, "a", "b", "c", [])));

        Assert.EndsWith("\"facts\":{}}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WithAFactTwice_IsRefused() => Assert.Throws<ArgumentException>(() => AuditCanon.Write("00",
        new AuditEvent(Time, "a", "b", "c", [KeyValuePair.Create("x", "1"), KeyValuePair.Create("x", "2")])));

    [Fact]
    public void Read_OfAnyText_GivesItBack() => Gen.Select(Text, Text, Text, Text).Sample((action, actor, resource, fact) =>
    {
        var written = new AuditEvent(Time, action, actor, resource, [KeyValuePair.Create("fact", fact)]);
        var read = AuditCanon.Read(AuditCanon.Write("00", written));
        Assert.Equal((action, actor, resource, fact), (read.Action, read.Actor, read.Resource, read.Facts[0].Value));
        Assert.Equal(Time, read.Time);
    });

    // Half of a surrogate pair is no text and comes back as U+FFFD; everything else must survive.
    private static Gen<string> Text => Gen.String.Where(text => !text.Any(char.IsSurrogate));
}
