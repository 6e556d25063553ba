using Google.Protobuf.Reflection;
using GrpcCa.V1;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace GrpcCa.ControlPlane.Api;

/// <summary>All services of package grpcca.v1; a test holds the list against the protos.</summary>
internal static class ApiServices
{
    public static readonly IReadOnlyList<ServiceDescriptor> All =
    [
        AcmeService.Descriptor,
        AccountService.Descriptor,
        ApprovalService.Descriptor,
        AuditService.Descriptor,
        AuthorityService.Descriptor,
        CertificateService.Descriptor,
        GatewayService.Descriptor,
        NameService.Descriptor,
        OperatorService.Descriptor,
        OrderService.Descriptor,
        ProfileService.Descriptor,
        ProvisionerService.Descriptor,
        StateService.Descriptor,
        TrustService.Descriptor,
        WebhookService.Descriptor,
    ];

    /// <summary>Methods by the path of their RPC, such as <c>/grpcca.v1.NameService/TestName</c>.</summary>
    public static IEnumerable<KeyValuePair<string, MethodDescriptor>> Methods() =>
        All.SelectMany(s => s.Methods).Select(m => KeyValuePair.Create(PathOf(m), m));

    public static string PathOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    /// <summary>Calls that carry an ACME request: their errors have an AcmeProblem.</summary>
    public static bool IsAcme(string path) => path.StartsWith("/grpcca.v1.AcmeService/", StringComparison.Ordinal);
}
