using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using GrpcCa.Protocol.Identity;
using GrpcCa.V1;

namespace GrpcCa.Client;

/// <summary>
/// A connection to a GrpcCa control plane and the clients of its services. Over the admin socket the caller is known by its user id; over
/// TLS by the client certificate that <c>grpcca login</c> made. Safe for parallel use; dispose it when the program ends.
/// </summary>
public sealed class GrpcCaClient : IDisposable
{
    private readonly GrpcChannel channel;
    private readonly StoredIdentity? identity;

    private GrpcCaClient(GrpcChannel channel, StoredIdentity? identity)
    {
        this.channel = channel;
        this.identity = identity;
        Calls = channel.CreateCallInvoker();
    }

    /// <summary>What every client below calls through; other generated clients take it, too.</summary>
    public CallInvoker Calls { get; }

    /// <summary>Certificates: issue, renew, list, revoke.</summary>
    public CertificateService.CertificateServiceClient Certificates => new(Calls);

    /// <summary>ACME orders.</summary>
    public OrderService.OrderServiceClient Orders => new(Calls);

    /// <summary>ACME accounts, and keys for external account binding.</summary>
    public AccountService.AccountServiceClient Accounts => new(Calls);

    /// <summary>Who may ask for certificates, and how.</summary>
    public ProvisionerService.ProvisionerServiceClient Provisioners => new(Calls);

    /// <summary>How certificates look.</summary>
    public ProfileService.ProfileServiceClient Profiles => new(Calls);

    /// <summary>Which names may be issued.</summary>
    public NameService.NameServiceClient Names => new(Calls);

    /// <summary>Roots, intermediates, revocation lists.</summary>
    public AuthorityService.AuthorityServiceClient Authorities => new(Calls);

    /// <summary>Hosts that carry ACME requests.</summary>
    public GatewayService.GatewayServiceClient Gateways => new(Calls);

    /// <summary>People and tools with client certificates.</summary>
    public OperatorService.OperatorServiceClient Operators => new(Calls);

    /// <summary>Services that are asked or told about certificates.</summary>
    public WebhookService.WebhookServiceClient Webhooks => new(Calls);

    /// <summary>Acts that wait for a second operator.</summary>
    public ApprovalService.ApprovalServiceClient Approvals => new(Calls);

    /// <summary>What was done, and by whom.</summary>
    public AuditService.AuditServiceClient Audit => new(Calls);

    /// <summary>The configuration as one document.</summary>
    public StateService.StateServiceClient State => new(Calls);

    /// <summary>Roots and revocation lists, open to anyone.</summary>
    public TrustService.TrustServiceClient Trust => new(Calls);

    /// <summary>Connects over the admin socket of a control plane on this machine: whoever may open it is an owner.</summary>
    /// <param name="path">Such as <c>/var/lib/grpcca/admin.sock</c>.</param>
    public static GrpcCaClient OverSocket(string path) => new(ControlPlaneChannel.OpenUnix(path), identity: null);

    /// <summary>Connects with what <c>grpcca login</c> wrote: a key, its certificate, the roots to trust and where the server is.</summary>
    /// <param name="directory">Such as <c>~/.config/grpcca/identity</c>.</param>
    /// <param name="server">Host and port; null takes that of the login.</param>
    /// <exception cref="IdentityException">A file is missing, damaged or open to others; the message names it.</exception>
    public static GrpcCaClient WithIdentity(string directory, string? server = null)
    {
        var stored = StoredIdentity.Load(directory);
        return new(ControlPlaneChannel.Open(server ?? stored.Endpoint, new PeerTrust(stored.RootDers, TimeProvider.System), stored.Certificate), stored);
    }

    /// <summary>
    /// Connects with a client certificate from elsewhere. The server is known by its name in the identity authority
    /// (<c>grpcca://control-plane</c>), not by its host: the roots given are the only ones that count.
    /// </summary>
    /// <param name="server">Host and port, such as <c>ca.net.gq:14443</c>.</param>
    /// <param name="certificate">An operator's certificate with its key; stays the caller's.</param>
    /// <param name="identityRoots">Roots of the identity authority.</param>
    public static GrpcCaClient Connect(string server, X509Certificate2 certificate, IEnumerable<X509Certificate2> identityRoots) =>
        new(ControlPlaneChannel.Open(server, new PeerTrust([.. identityRoots.Select(root => root.RawData)], TimeProvider.System), certificate), identity: null);

    /// <summary>Closes the connection; calls under way end.</summary>
    public void Dispose()
    {
        channel.Dispose();
        identity?.Dispose();
    }
}
