using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.V1;
using Enum = System.Enum;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>What the protos say about fields is enforced before a handler runs.</summary>
public sealed class FieldBehaviorTests
{
    private readonly FieldBehaviorInterceptor interceptor = new();

    public static TheoryData<string> Paths() => [.. ApiServices.Methods().Select(m => m.Key)];

    /// <summary>Every RPC, asked with an empty message, names every required field of the top level; checked against the wire descriptors.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public async Task EmptyRequest_OfEveryRpc_NamesItsRequiredFields(string path)
    {
        var method = ApiServices.Methods().Single(m => m.Key == path).Value;
        var required = method.InputType.Fields.InDeclarationOrder()
            .Where(f => f.GetOptions()?.GetExtension(Google.Api.FieldBehaviorExtensions.FieldBehavior).Contains(Google.Api.FieldBehavior.Required) == true)
            .Select(f => f.Name).ToArray();

        var fields = await FieldsAsync(path, (IMessage)Activator.CreateInstance(method.InputType.ClrType)!);

        Assert.Equal(required, fields);
    }

    [Fact]
    public async Task NestedRequiredFields_AreNamedByPath()
    {
        Assert.Equal(["gateway_id", "gateway.base_urls"],
            await FieldsAsync("/grpcca.v1.GatewayService/CreateGateway", new CreateGatewayRequest { Gateway = new V1.Gateway() }));
        Assert.Equal(["name_rule.level", "name_rule.effect", "name_rule.pattern"],
            await FieldsAsync("/grpcca.v1.NameService/CreateNameRule", new CreateNameRuleRequest { NameRule = new NameRule() }));
        Assert.Equal(["signed.provisioner", "signed.body", "order_id"],
            await FieldsAsync("/grpcca.v1.AcmeService/PostOrder", new PostOrderRequest { Signed = new SignedRequest() }));
    }

    [Fact]
    public async Task UnknownEnumValue_IsRefused()
    {
        var rule = new NameRule { Level = "provisioners/acme", Effect = (NameRule.Types.Effect)7, Pattern = "exact:nas.test" };

        Assert.Equal(["name_rule.effect"], await FieldsAsync("/grpcca.v1.NameService/CreateNameRule", new CreateNameRuleRequest { NameRule = rule }));
        Assert.Equal(["reason"], await FieldsAsync("/grpcca.v1.CertificateService/RevokeCertificate",
            new RevokeCertificateRequest { Name = "certificates/01", Reason = (RevocationReason)3 }));
        Assert.Equal(["resource"], await FieldsAsync("/grpcca.v1.AcmeService/CheckFetch", new CheckFetchRequest
        {
            Signed = new SignedRequest { Provisioner = "provisioners/acme", Body = ByteString.CopyFromUtf8("{}") },
            Resource = (FetchedResource)99,
        }));
    }

    /// <summary>CVE-2026-30836 of a peer: a message type nobody knows skipped the authorization. Every enum of every RPC.</summary>
    [Fact]
    public async Task UnknownEnumValue_InAnyRequest_IsRefused()
    {
        var seen = 0;
        foreach (var (path, method) in ApiServices.Methods())
            foreach (var field in method.InputType.Fields.InDeclarationOrder().Where(f => f.FieldType == Google.Protobuf.Reflection.FieldType.Enum))
            {
                var request = (IMessage)Activator.CreateInstance(method.InputType.ClrType)!;
                var unknown = Enum.ToObject(field.EnumType.ClrType, 12345);
                if (field.IsRepeated) ((System.Collections.IList)field.Accessor.GetValue(request)).Add(unknown);
                else field.Accessor.SetValue(request, unknown);
                Assert.Contains(field.Name, await FieldsAsync(path, request));
                seen++;
            }
        Assert.True(seen >= 2, "the API has lost its enums");
    }

    [Fact]
    public async Task ServerSetFields_InCreate_AreDropped()
    {
        var request = new CreateGatewayRequest
        {
            GatewayId = "edge",
            Gateway = new V1.Gateway { Name = "gateways/other", BaseUrls = { "https://ca.test" }, CreateTime = new Timestamp { Seconds = 1 }, Etag = "v9" },
        };

        Assert.Empty(await FieldsAsync("/grpcca.v1.GatewayService/CreateGateway", request));

        Assert.Equal("", request.Gateway.Name);
        Assert.Null(request.Gateway.CreateTime);
        Assert.Equal(["https://ca.test"], request.Gateway.BaseUrls);
    }

    [Theory]
    [InlineData("acme.caa", false)]
    [InlineData("acme.limits", false)]
    [InlineData("acme.no_such", true)]
    [InlineData("acme.caa.deeper", true)]
    [InlineData("acme.challenges.x", true)]
    [InlineData("display_name.x", true)]
    [InlineData("acme.", true)]
    [InlineData(".acme", true)]
    [InlineData("", true)]
    public async Task UpdateMask_ReachesIntoMessages(string path, bool refused)
    {
        var request = new UpdateProvisionerRequest { Provisioner = new Provisioner { Name = "provisioners/acme" }, UpdateMask = new FieldMask { Paths = { path } } };

        Assert.Equal(refused ? ["update_mask"] : [], await FieldsAsync("/grpcca.v1.ProvisionerService/UpdateProvisioner", request));
    }

    [Fact]
    public async Task Update_WithoutMask_NeedsOnlyTheResource()
    {
        var request = new UpdateGatewayRequest { Gateway = new V1.Gateway { Name = "gateways/edge", Disabled = true, Etag = "v1", EnrollTime = new Timestamp() } };

        Assert.Empty(await FieldsAsync("/grpcca.v1.GatewayService/UpdateGateway", request));

        Assert.Equal(("gateways/edge", "v1"), (request.Gateway.Name, request.Gateway.Etag));
        Assert.Null(request.Gateway.EnrollTime);
    }

    [Fact]
    public async Task Update_WithMask_NeedsWhatTheMaskNames()
    {
        var request = new UpdateGatewayRequest
        {
            Gateway = new V1.Gateway { Name = "gateways/edge" },
            UpdateMask = new FieldMask { Paths = { "base_urls", "etag", "colour" } },
        };

        Assert.Equal(["gateway.base_urls", "update_mask"], await FieldsAsync("/grpcca.v1.GatewayService/UpdateGateway", request));
    }

    [Fact]
    public async Task TextThatIsTooLongOrHasNul_IsRefused()
    {
        const string path = "/grpcca.v1.NameService/TestName";

        Assert.Equal(["identifier"], await FieldsAsync(path, new TestNameRequest { Identifier = "a\0b", Provisioner = "provisioners/acme" }));
        Assert.Equal(["identifier"], await FieldsAsync(path, new TestNameRequest { Identifier = new string('a', 4097), Provisioner = "provisioners/acme" }));
        Assert.Equal(["request_id"], await FieldsAsync("/grpcca.v1.CertificateService/RevokeCertificate",
            new RevokeCertificateRequest { Name = "certificates/01", RequestId = new string('a', 65) }));
        Assert.Equal(["gateway.base_urls"], await FieldsAsync("/grpcca.v1.GatewayService/CreateGateway", new CreateGatewayRequest
        {
            GatewayId = "edge",
            Gateway = new V1.Gateway { BaseUrls = { Enumerable.Repeat("https://ca.test", 1001) } },
        }));
    }

    [Fact]
    public async Task MissingField_OfAnAcmeCall_IsMalformedForTheClient()
    {
        var fault = await Assert.ThrowsAsync<RpcException>(() => InterceptAsync("/grpcca.v1.AcmeService/NewOrder", new NewOrderRequest
        {
            Signed = new SignedRequest { Provisioner = "provisioners/acme" },
        }));

        var problem = fault.GetRpcStatus()!.GetDetail<AcmeProblem>()!;
        Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode);
        Assert.Equal(("malformed", 400, "0123456789abcdef"), (problem.Type, problem.Status, problem.Instance));
        Assert.Contains("signed.body", problem.Detail, StringComparison.Ordinal);
    }

    private async Task<string[]> FieldsAsync(string path, IMessage request)
    {
        try
        {
            await InterceptAsync(path, request);
            return [];
        }
        catch (RpcException fault)
        {
            Assert.Equal(StatusCode.InvalidArgument, fault.StatusCode);
            return fault.Fields();
        }
    }

    private async Task InterceptAsync(string path, IMessage request)
    {
        var context = new FakeCall(path);
        context.SetRequestId("0123456789abcdef");
        await interceptor.UnaryServerHandler(request, context, (_, _) => Task.FromResult(new object()));
    }
}
