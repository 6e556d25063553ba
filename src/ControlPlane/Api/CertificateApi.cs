using System.Collections.Immutable;
using System.Globalization;
using Grpc.Core;
using GrpcCa.ControlPlane.Acme.Orders;
using GrpcCa.ControlPlane.Acme.Renewals;
using GrpcCa.ControlPlane.Api.Filters;
using GrpcCa.ControlPlane.Api.Lists;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Api.Watching;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.ControlPlane.CertificateRequests;
using GrpcCa.ControlPlane.Certificates;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Revocation;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api;

/// <summary>CertificateService: what was issued, and taking it back.</summary>
internal sealed partial class CertificateApi(
    IStore store, AuthorityBook authorities, Revoker revoker, BatchRevoker batches, RenewalWindows renewals, WishReader wishes, RequestDesk requests,
    OnceOnly onceOnly, PageTokens tokens, CertificateWatch watch, TimeProvider time)
    : CertificateService.CertificateServiceBase
{
    private const int UsualSample = 20, LargestSample = 1000;

    public override async Task<Certificate> GetCertificate(GetCertificateRequest request, ServerCallContext context)
    {
        var serial = SerialOf(request.Name);
        var found = await store.ReadAsync(session => FindAsync(session, serial), context.CancellationToken);
        return CertificateMapping.ToProto(found, await IssuerOfAsync(found, context.CancellationToken), time.GetUtcNow());
    }

    public override async Task<CertificateStory> GetCertificateStory(GetCertificateStoryRequest request, ServerCallContext context)
    {
        var serial = SerialOf(request.Name);
        var now = time.GetUtcNow();
        var (certificate, story) = await store.ReadAsync(async session =>
        {
            var found = await FindAsync(session, serial);
            return (found, await CertificateStories.TellAsync(session, found, now));
        }, context.CancellationToken);
        story.Certificate = await AnswerAsync(certificate, context.CancellationToken);
        return story;
    }

    public override async Task<ListCertificatesResponse> ListCertificates(ListCertificatesRequest request, ServerCallContext context)
    {
        var order = CertificateFilter.ReadOrder(request.OrderBy);
        var query = $"certificates {order} {request.Filter}";
        var page = tokens.Read(request.PageSize, request.PageToken, query, parts: 2);
        var now = time.GetUtcNow();
        var conditions = CertificateFilter.Read(request.Filter, now);
        var after = CertificateFilter.After(page);
        var (read, departures) = await store.ReadAsync(async session =>
            (await CertificateListStore.ListAsync(session, new CertificateQuery(await WithSerialAsync(session, conditions), order, after, page.Size + 1)),
                await EndedStore.DeparturesAsync(session)), context.CancellationToken);
        string Token(CertificatePosition place) => tokens.Token(query, place.Time.ToString(CultureInfo.InvariantCulture), place.Serial);
        var (rows, next) = page.Cut(read.Rows, certificate => Token(order.PositionOf(certificate)));
        if (next.Length == 0 && read.ReadTo is { } place) next = Token(place);
        return new ListCertificatesResponse
        {
            Certificates = { rows.Select(c => CertificateMapping.ToProto(c, now)) },
            NextPageToken = next,
            Departed = CertificateMapping.ToProto(departures),
        };
    }

    // Whoever asks for one that has left the store is told so, as far as anybody knows.
    private static async ValueTask<CertificateRecord> FindAsync(StoreSession session, SerialNumber serial)
    {
        if (await CertificateStore.FindAsync(session, serial) is { } found) return found;
        var left = await EndedStore.DeparturesAsync(session);
        var where = left switch
        {
            { EndedUntil: null } => "",
            { Archived: 0 } => "; or it has left the store, like others that ended",
            _ => "; or it has left the store, like others that ended: look for its serial in the archive",
        };
        var until = left.EndedUntil is { } ended ? $" (until {ended:yyyy-MM-ddTHH:mm:ssZ})" : "";
        throw new RefusalException(RefusalReason.NotFound, $"no certificate with serial {serial.Hex} was issued here{where}{until}");
    }

    // An order that is still there knows its certificate: nobody has to look for it.
    private static async ValueTask<ImmutableArray<CertificateCondition>> WithSerialAsync(StoreSession session, ImmutableArray<CertificateCondition> conditions) =>
        conditions.FirstOrDefault(c => c.Field == CertificateField.Order) is { Value: string id } && (await OrderStore.FindAsync(session, id))?.CertificateSerial is { } serial
            ? conditions.Add(new(CertificateField.Serial, serial))
            : conditions;

    public override Task WatchCertificates(WatchCertificatesRequest request, IServerStreamWriter<WatchCertificatesResponse> responseStream, ServerCallContext context) =>
        watch.RunAsync(request, responseStream, context);

    public override async Task<AdvanceRenewalsResponse> AdvanceRenewals(AdvanceRenewalsRequest request, ServerCallContext context)
    {
        if (request.ExplanationUrl.Length > 0 && !(Uri.TryCreate(request.ExplanationUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            throw new RefusalException(RefusalReason.InvalidArgument, "is no http or https URL") { Field = "explanation_url" };
        // A question is not remembered as the answer to the act.
        return await onceOnly.RunAsync(context, request, request.ValidateOnly ? "" : request.RequestId, AdvanceRenewalsResponse.Parser, async note =>
            new AdvanceRenewalsResponse
            {
                Certificates = await renewals.AdvanceAsync(
                    request.Target, request.ExplanationUrl, request.ValidateOnly, context.Caller().Actor,
                    note is null ? null : (session, count) => note(session, new AdvanceRenewalsResponse { Certificates = count }), context.CancellationToken),
            });
    }

    public override async Task<Certificate> RevokeCertificate(RevokeCertificateRequest request, ServerCallContext context)
    {
        var serial = SerialOf(request.Name);
        var reason = CertificateMapping.ToReason(request.Reason);
        var invalidSince = Wire.Moment(request.InvalidityTime, "invalidity_time");
        if (request.ValidateOnly)
        {
            return await AnswerAsync(await revoker.CheckAsync(serial, reason, blockKey: true, context.CancellationToken, invalidSince), context.CancellationToken);
        }
        return await onceOnly.RunAsync(context, request, request.RequestId, Certificate.Parser, async note =>
        {
            var issuers = await authorities.CurrentAsync(context.CancellationToken);
            Certificate Answer(CertificateRecord revoked) =>
                CertificateMapping.ToProto(revoked, issuers.FindIssuer(revoked.Issuer)?.Der, time.GetUtcNow());
            // An operator's word for a compromised key suffices to block it.
            var done = await revoker.RevokeAsync(serial, reason, blockKey: true, context.Caller().Actor, context.CancellationToken,
                note is null ? null : (session, revoked) => note(session, Answer(revoked)), invalidSince);
            return Answer(done.Certificate);
        });
    }

    public override async Task<BatchRevokeCertificatesResponse> BatchRevokeCertificates(BatchRevokeCertificatesRequest request, ServerCallContext context)
    {
        if (request.SampleSize < 0) throw new RefusalException(RefusalReason.InvalidArgument, "is negative") { Field = "sample_size" };
        var selection = SelectorReader.Read(request.Selector);
        var reason = CertificateMapping.ToReason(request.Reason);
        var invalidSince = Wire.Moment(request.InvalidityTime, "invalidity_time");
        var sample = request.SampleSize == 0 ? UsualSample : Math.Min(request.SampleSize, LargestSample);
        // A question is not remembered as the answer to the act.
        return await onceOnly.RunAsync(context, request, request.ValidateOnly ? "" : request.RequestId, BatchRevokeCertificatesResponse.Parser, async note =>
        {
            var now = time.GetUtcNow();
            var preview = await batches.PreviewAsync(selection, invalidSince, sample, now, context.CancellationToken);
            if (request.HasExpectedCount && request.ExpectedCount != preview.Matched)
                throw new RefusalException(RefusalReason.Conflict, $"{preview.Matched} certificates are selected, not {request.ExpectedCount}: look at them again") { Field = "expected_count" };
            BatchRevokeCertificatesResponse Answer(long revoked) => new()
            {
                MatchedCount = preview.Matched,
                RevokedCount = revoked,
                Certificates = { preview.First.Select(c => CertificateMapping.ToProto(c, now)) },
            };
            if (request.ValidateOnly) return Answer(0);
            return Answer(await batches.RevokeAsync(selection, reason, invalidSince, context.Caller().Actor, now,
                note is null ? null : (session, revoked) => note(session, Answer(revoked)), context.CancellationToken));
        });
    }

    private async ValueTask<Certificate> AnswerAsync(CertificateRecord certificate, CancellationToken cancellationToken) =>
        CertificateMapping.ToProto(certificate, await IssuerOfAsync(certificate, cancellationToken), time.GetUtcNow());

    private async ValueTask<byte[]?> IssuerOfAsync(CertificateRecord certificate, CancellationToken cancellationToken) =>
        (await authorities.CurrentAsync(cancellationToken)).FindIssuer(certificate.Issuer)?.Der;

    private static SerialNumber SerialOf(string name)
    {
        var text = Wire.Id(name, ResourceName.Certificates, "name");
        return SerialNumber.TryParseHex(text, out var serial)
            ? serial
            : throw new RefusalException(RefusalReason.InvalidArgument, $"{Excerpt.Of(text)} is no serial number in hexadecimal") { Field = "name" };
    }
}
