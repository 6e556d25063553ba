using System.CommandLine;
using GrpcCa.AdminCli.Commands.Fields;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Webhooks;

/// <summary>The options of a webhook's fields.</summary>
internal sealed class WebhookOptions
{
    public WebhookOptions()
    {
        Url = Settings.Text("url", "--url", "URL", "Where it listens, https", (w, url) => w.Url = url, clearable: false);
        Events = Settings.Texts("events", "--event", "EVENT", "authorize (has to agree before a certificate is issued), issued, revoked, expiring (told afterwards)",
            (w, words) => w.Events.Add(words.Select(WebhookText.Event).Distinct()), clearable: false);
        Events.OneOf(WebhookText.EventWords);
        Settings.Texts("provisioners", "--provisioner", "ID", "Only certificates of these provisioners; all when there are none",
            (w, ids) => w.Provisioners.Add(ids.Select(i => Ids.Name(ResourceName.Provisioners, i))));
        Settings.Span("timeout", "--answer-within", "How long an answer may take, 1s to 20s; 5s when not set", (w, span) => w.Timeout = span);
        Settings.Span("expiring_within", "--expiring-within", "How long before its end a certificate is expiring, at most a quarter of its life; 7d when not set",
            (w, span) => w.ExpiringWithin = span);
        Settings.FileText("ca_pem", "--ca-file", "Roots that its certificate must lead to, PEM; the system's and this CA's when not set", (w, pem) => w.CaPem = pem);
        Settings.Text("comment", "--comment", "TEXT", "A sentence for people", (w, text) => w.Comment = text);
    }

    public SettingList<Webhook> Settings { get; } = new();

    public Option<string?> Url { get; }

    public Option<string[]> Events { get; }
}
