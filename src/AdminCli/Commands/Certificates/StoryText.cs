using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary>How a certificate came to be, for people: what was asked, proven, planned and noted, in that order.</summary>
internal static class StoryText
{
    // A CSR in a payload is long, and --output json has all of it.
    private const int LongestText = 400;

    public static void Print(CertificateStory story, CommandContext context)
    {
        var printer = context.Printer;
        printer.One(story, Show.Fields(story.Certificate, context.Now));
        if (printer.IsDocument) return;
        Section(printer, "Who asked", Asker(story));
        if (!story.NewOrderJws.IsEmpty) Section(printer, "Signed new-order request", Request(story.NewOrderJws));
        if (!story.FinalizeJws.IsEmpty) Section(printer, "Signed finalize request", Request(story.FinalizeJws));
        if (!story.Credential.IsEmpty) Section(printer, "Credential", Credential(story.Credential));
        if (!story.CsrDer.IsEmpty) Section(printer, "Certificate request", [new("Size", $"{story.CsrDer.Length} bytes")]);
        foreach (var proof in story.Proofs) Section(printer, $"Proof of {proof.Identifier}", Fields(proof));
        if (story.Order is { } order)
            for (var i = 0; i < order.Attempts.Count; i++) Section(printer, $"Validation attempt {i + 1}", Orders.Show.Fields(order.Attempts[i]));
        Section(printer, "Signature", Plan(story));
        foreach (var act in story.AuditEvents) Section(printer, $"Audit: {act.Action}", Fields(act));
    }

    private static void Section(Printer printer, string title, IEnumerable<Field> fields)
    {
        printer.Line("");
        printer.Title(title);
        printer.Fields(fields);
    }

    private static IEnumerable<Field> Asker(CertificateStory story)
    {
        if (story.Certificate.Requester.Length > 0) yield return new("Requester", story.Certificate.Requester);
        yield return new("Account", Ids.Short(story.Certificate.Account));
        if (story.Account is { } account)
        {
            yield return new("Key thumbprint", account.KeyThumbprint);
            yield return new("Contacts", Cell.Of(account.Contacts));
            yield return new("EAB key", Ids.Short(account.EabKey));
        }
        yield return new("Client address", story.ClientAddress);
        yield return new("Gateway", Ids.Short(story.Certificate.Gateway));
        yield return new("Order", story.Order is null && story.Certificate.Order.Length > 0
            ? $"{Ids.Short(story.Certificate.Order)}, forgotten meanwhile" : Ids.Short(story.Certificate.Order));
        if (story.Replaces.Length > 0) yield return new("Replaces", Ids.Short(story.Replaces));
        if (story.ReplacedBy.Length > 0) yield return new("Replaced by", Ids.Short(story.ReplacedBy));
    }

    private static IEnumerable<Field> Request(ByteString jws)
    {
        yield return new("Size", $"{jws.Length} bytes");
        using var document = JsonDocument.Parse(jws.Memory);
        foreach (var (label, member) in new[] { ("Protected", "protected"), ("Payload", "payload"), ("Signature", "signature") })
        {
            var text = document.RootElement.TryGetProperty(member, out var value) ? value.GetString() ?? "" : "";
            yield return new(label, member == "signature" ? Short(text) : Decoded(text));
        }
    }

    // The signed part of a JWS: header, a dot, payload.
    private static IEnumerable<Field> Credential(ByteString signed)
    {
        var parts = signed.ToStringUtf8().Split('.', 2);
        yield return new("Header", Decoded(parts[0]));
        if (parts.Length > 1) yield return new("Payload", Decoded(parts[1]));
    }

    private static string Decoded(string text) => Short(Base64Url.IsValid(text) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)) : text);

    private static string Short(string text) => text.Length > LongestText ? text[..LongestText] + "…" : text;

    private static IEnumerable<Field> Fields(CertificateStory.Types.Proof proof)
    {
        yield return new("Covers", proof.Wildcard ? "*. of the name" : "the name");
        yield return new("Challenge", proof.ChallengeType);
        yield return new("Met", Cell.Of(proof.ValidateTime));
        yield return new("Validated by", proof.Replica);
        yield return new("State now", proof.State);
        yield return new("Until", Cell.Of(proof.ExpireTime));
    }

    private static IEnumerable<Field> Plan(CertificateStory story)
    {
        if (story.Plan is { } plan)
        {
            yield return new("Permit", plan.Permit);
            yield return new("For", plan.Purpose);
            yield return new("Key of", plan.Issuer);
            yield return new("By", plan.Replica);
            yield return new("Planned", Cell.Of(plan.CreateTime));
            yield return new("Recorded", Cell.Of(plan.CloseTime));
            yield return new("Outcome", plan.Outcome);
            yield return new("Planned TBS", plan.TbsSha256);
        }
        yield return new("Signed TBS", story.TbsSha256);
    }

    private static IEnumerable<Field> Fields(AuditEvent act)
    {
        yield return new("When", Cell.Of(act.CreateTime));
        yield return new("Who", act.Actor);
        using var document = JsonDocument.Parse(act.CanonicalJson);
        foreach (var fact in document.RootElement.GetProperty("facts").EnumerateObject().Where(f => f.Value.GetString() is { Length: > 0 }))
            yield return new(fact.Name, fact.Value.GetString()!);
    }
}
