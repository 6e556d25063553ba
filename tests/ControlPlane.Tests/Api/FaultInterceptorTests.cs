using Grpc.Core;
using GrpcCa.ControlPlane.Api;
using GrpcCa.ControlPlane.Api.Interceptors;
using GrpcCa.ControlPlane.Api.Mapping;
using GrpcCa.ControlPlane.Pki;
using GrpcCa.ControlPlane.Refusals;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.V1;
using Microsoft.Extensions.Logging;

namespace GrpcCa.ControlPlane.Tests.Api;

/// <summary>What a caller hears when a room says no, and when something breaks.</summary>
public sealed class FaultInterceptorTests
{
    private const string Acme = "/grpcca.v1.AcmeService/NewOrder";
    private const string Admin = "/grpcca.v1.NameService/CreateNameRule";
    private readonly RecordingLogger log = new();

    [Fact]
    public void RefusalTable_HasARowForEveryReason()
    {
        foreach (var reason in System.Enum.GetValues<RefusalReason>()) Assert.True(RefusalTable.Has(reason), $"no row for {reason}");
    }

    /// <summary>Checklist S: status and type at a glance.</summary>
    [Theory]
    [InlineData(nameof(RefusalReason.Malformed), "malformed", 400)]
    [InlineData(nameof(RefusalReason.BadNonce), "badNonce", 400)]
    [InlineData(nameof(RefusalReason.BadSignatureAlgorithm), "badSignatureAlgorithm", 400)]
    [InlineData(nameof(RefusalReason.BadPublicKey), "badPublicKey", 400)]
    [InlineData(nameof(RefusalReason.Unauthorized), "unauthorized", 403)]
    [InlineData(nameof(RefusalReason.AccountDoesNotExist), "accountDoesNotExist", 400)]
    [InlineData(nameof(RefusalReason.AccountNotValid), "unauthorized", 401)]
    [InlineData(nameof(RefusalReason.AcmeNotFound), "malformed", 404)]
    [InlineData(nameof(RefusalReason.UserActionRequired), "userActionRequired", 403)]
    [InlineData(nameof(RefusalReason.ExternalAccountRequired), "externalAccountRequired", 403)]
    [InlineData(nameof(RefusalReason.UnsupportedContact), "unsupportedContact", 400)]
    [InlineData(nameof(RefusalReason.InvalidContact), "invalidContact", 400)]
    [InlineData(nameof(RefusalReason.UnsupportedIdentifier), "unsupportedIdentifier", 400)]
    [InlineData(nameof(RefusalReason.RejectedIdentifier), "rejectedIdentifier", 403)]
    [InlineData(nameof(RefusalReason.OrderNotReady), "orderNotReady", 403)]
    [InlineData(nameof(RefusalReason.BadCsr), "badCSR", 400)]
    [InlineData(nameof(RefusalReason.AlreadyRevoked), "alreadyRevoked", 400)]
    [InlineData(nameof(RefusalReason.BadRevocationReason), "badRevocationReason", 400)]
    [InlineData(nameof(RefusalReason.KeyInUse), "malformed", 409)]
    [InlineData(nameof(RefusalReason.RateLimited), "rateLimited", 429)]
    [InlineData(nameof(RefusalReason.AlreadyReplaced), "alreadyReplaced", 409)]
    [InlineData(nameof(RefusalReason.InvalidProfile), "invalidProfile", 400)]
    public async Task AcmeRefusal_HasTypeAndStatusOfTheChecklist(string reason, string type, int status)
    {
        var problem = Problem(await FaultOfAsync(Acme, new RefusalException(System.Enum.Parse<RefusalReason>(reason), "no")));

        Assert.Equal((type, status, "no"), (problem.Type, problem.Status, problem.Detail));
        Assert.Equal(16, problem.Instance.Length);
    }

    [Fact]
    public async Task AcmeRefusal_CarriesPartsAlgorithmsAndDelay()
    {
        var parts = new[] { new RefusalPart(RefusalReason.RejectedIdentifier, "denied", "dns", "a.test") };
        var rejected = Problem(await FaultOfAsync(Acme, new RefusalException(RefusalReason.RejectedIdentifier, "one name") { Parts = parts }));
        var algorithm = Problem(await FaultOfAsync(Acme, new RefusalException(RefusalReason.BadSignatureAlgorithm, "HS256")));
        var limited = await FaultOfAsync(Acme, new RefusalException(RefusalReason.RateLimited, "slow") { RetryAfter = TimeSpan.FromSeconds(30) });

        var part = Assert.Single(rejected.Subproblems);
        Assert.Equal(("rejectedIdentifier", "dns", "a.test"), (part.Type, part.Identifier.Type, part.Identifier.Value));
        Assert.Equal(["ES256", "ES384", "ES512", "RS256", "EdDSA"], algorithm.Algorithms);
        Assert.Equal(30, Problem(limited).RetryAfter.Seconds);
        Assert.Equal(30, limited.GetRpcStatus()!.GetDetail<Google.Rpc.RetryInfo>()!.RetryDelay.Seconds);
    }

    [Fact]
    public async Task KeyInUse_NamesTheAccountOfTheCall()
    {
        var fault = await FaultOfAsync(Acme, new RefusalException(RefusalReason.KeyInUse, "taken") { ConflictingAccountId = "abc" },
            call => call.SetAccountUrl(id => "https://ca.test/acme/acme/account/" + id));

        Assert.Equal("https://ca.test/acme/acme/account/abc", Problem(fault).Location);
    }

    [Fact]
    public async Task AdminRefusal_HasReasonFieldAndRequestId_AndNoProblem()
    {
        var fault = await FaultOfAsync(Admin, new RefusalException(RefusalReason.AlreadyExists, "there is one") { Field = "name_rule.pattern" });

        var status = fault.GetRpcStatus()!;
        Assert.Equal((StatusCode.AlreadyExists, "ALREADY_EXISTS"), (fault.StatusCode, fault.Reason()));
        Assert.Equal("grpcca", status.GetDetail<Google.Rpc.ErrorInfo>()!.Domain);
        Assert.Equal(["name_rule.pattern"], fault.Fields());
        Assert.Equal(16, status.GetDetail<Google.Rpc.RequestInfo>()!.RequestId.Length);
        Assert.Null(status.GetDetail<AcmeProblem>());
    }

    [Fact]
    public async Task UnexpectedFault_LeavesOnlyItsRequestId_AndOneStackInTheLog()
    {
        var fault = await FaultOfAsync(Acme, new InvalidDataException("/var/lib/grpcca/grpcca.db: select secret from keys"));

        var problem = Problem(fault);
        Assert.Equal((StatusCode.Internal, "serverInternal", 500), (fault.StatusCode, problem.Type, problem.Status));
        Assert.Equal($"internal error; the log has it under request {problem.Instance}", problem.Detail);
        Assert.NotNull(problem.RetryAfter);
        Assert.DoesNotContain("grpcca.db", fault.ToString(), StringComparison.Ordinal);
        var entry = Assert.Single(log.Entries);
        Assert.IsType<InvalidDataException>(entry.Fault);
        Assert.Contains(problem.Instance, entry.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerInternalRefusal_TellsNoStoryEither()
    {
        var fault = await FaultOfAsync(Acme, new RefusalException(RefusalReason.ServerInternal, "the key file /keys/root.p8 is broken"));

        Assert.DoesNotContain("root.p8", fault.ToString(), StringComparison.Ordinal);
        Assert.Single(log.Entries);
    }

    [Fact]
    public async Task StoreWithoutSpace_IsUnavailableWithADelay()
    {
        var fault = await FaultOfAsync(Acme, new StoreUnavailableException("no space left on device /var"));

        Assert.Equal((StatusCode.Unavailable, "serverInternal", 503), (fault.StatusCode, Problem(fault).Type, Problem(fault).Status));
        Assert.True(Problem(fault).RetryAfter.Seconds > 0);
        Assert.DoesNotContain("/var", Problem(fault).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallerThatGaveUp_IsCancelledOrLate()
    {
        var gone = new CancellationToken(canceled: true);

        Assert.Equal(StatusCode.Cancelled, (await FaultOfAsync(new FakeCall(Acme, cancellationToken: gone), new OperationCanceledException(gone))).StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded,
            (await FaultOfAsync(new FakeCall(Acme, DateTime.UnixEpoch, gone), new OperationCanceledException(gone))).StatusCode);
        // The timer of a deadline may be early, in another clock.
        Assert.Equal(StatusCode.DeadlineExceeded,
            (await FaultOfAsync(new FakeCall(Acme, TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(30), gone), new OperationCanceledException(gone))).StatusCode);
        Assert.Equal(StatusCode.Cancelled,
            (await FaultOfAsync(new FakeCall(Acme, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1), gone), new OperationCanceledException(gone))).StatusCode);
        Assert.Equal(StatusCode.Internal, (await FaultOfAsync(new FakeCall(Acme), new OperationCanceledException("a timer of ours"))).StatusCode);
    }

    [Fact]
    public async Task Detail_HasNoControlCharactersAndAnEnd()
    {
        var fault = await FaultOfAsync(Acme, new RefusalException(RefusalReason.Malformed, "\u001b[31mred\r\n" + new string('x', 5000)));

        Assert.DoesNotContain(Problem(fault).Detail, char.IsControl);
        Assert.InRange(Problem(fault).Detail.Length, 900, 1100);
    }

    [Theory]
    [InlineData("BadCsr", "BAD_CSR")]
    [InlineData("AccountDoesNotExist", "ACCOUNT_DOES_NOT_EXIST")]
    [InlineData("Tls", "TLS")]
    public void Reason_IsWrittenInScreamingSnake(string reason, string word) => Assert.Equal(word, RefusalStatus.ScreamingSnake(reason));

    private static AcmeProblem Problem(RpcException fault) => fault.GetRpcStatus()!.GetDetail<AcmeProblem>()!;

    private Task<RpcException> FaultOfAsync(string method, Exception fault, Action<FakeCall>? prepare = null) => FaultOfAsync(new FakeCall(method), fault, prepare);

    private async Task<RpcException> FaultOfAsync(FakeCall call, Exception fault, Action<FakeCall>? prepare = null)
    {
        var interceptor = new FaultInterceptor(log, TimeProvider.System);
        return await Assert.ThrowsAsync<RpcException>(() => interceptor.UnaryServerHandler<object, object>(new object(), call, (_, _) =>
        {
            prepare?.Invoke(call);
            throw fault;
        }));
    }

    /// <summary>Keeps what is logged at Warning and above.</summary>
    private sealed class RecordingLogger : ILogger<FaultInterceptor>
    {
        public List<(string Text, Exception? Fault)> Entries { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning) Entries.Add((formatter(state, exception), exception));
        }
    }
}
