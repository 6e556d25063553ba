using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Tests.Fakes;

internal sealed class FakeCertificates(FakeControlPlane fake) : CertificateService.CertificateServiceBase
{
    public override Task<Certificate> GetCertificate(GetCertificateRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task<CertificateStory> GetCertificateStory(GetCertificateStoryRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        return Task.FromResult(new CertificateStory
        {
            Certificate = found,
            Account = fake.Data.Accounts[0],
            Proofs = { new CertificateStory.Types.Proof { Identifier = found.Identifiers[0], ChallengeType = "http-01", State = "valid", ValidateTime = FakeData.At(-1), Replica = "main", ExpireTime = FakeData.At(1) } },
            NewOrderJws = ByteString.CopyFromUtf8("""{"protected":"eyJhbGciOiJFUzI1NiJ9","payload":"eyJpZGVudGlmaWVycyI6W119","signature":"c2ln"}"""),
            ClientAddress = "100.64.0.9",
            Plan = new() { Permit = "Leaf", Role = "Leaf", Purpose = found.Order, Issuer = found.Issuer, Replica = "main", Outcome = "issued", CreateTime = FakeData.At(-1), CloseTime = FakeData.At(-1), TbsSha256 = new string('c', 64) },
            TbsSha256 = new string('c', 64),
            AuditEvents =
            {
                new AuditEvent
                {
                    Name = "auditEvents/a1", Action = "certificate.issue", Actor = found.Account, Resource = found.Name, CreateTime = FakeData.At(-1),
                    CanonicalJson = """{"id":"a1","facts":{"provisioner":"acme","eab":""}}""",
                },
            },
        });
    }

    public override Task<ListCertificatesResponse> ListCertificates(ListCertificatesRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Certificates.Where(c => Matches(c, request.Filter)).ToList(), request.PageSize, request.PageToken);
        var bare = rows.Select(c => new Certificate(c) { Der = Google.Protobuf.ByteString.Empty, PemChain = "" });
        return Task.FromResult(new ListCertificatesResponse { Certificates = { bare }, NextPageToken = next, Departed = fake.Data.Departed });
    }

    public override Task<Certificate> RevokeCertificate(RevokeCertificateRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        if (found.State == Certificate.Types.State.Revoked) throw Refuse.With(Code.FailedPrecondition, $"{request.Name} is revoked already", "ALREADY_REVOKED");
        var revoked = new Certificate(found) { State = Certificate.Types.State.Revoked, RevokeTime = FakeData.At(0), RevocationReason = request.Reason };
        if (!request.ValidateOnly) fake.Data.Certificates[fake.Data.Certificates.IndexOf(found)] = revoked;
        return Task.FromResult(revoked);
    }

    public override Task<BatchRevokeCertificatesResponse> BatchRevokeCertificates(BatchRevokeCertificatesRequest request, ServerCallContext context)
    {
        var named = request.Selector.Certificates;
        var found = fake.Data.Certificates.FindAll(c => c.State == Certificate.Types.State.Valid && (named.Count == 0 || named.Contains(c.Name))
            && (request.Selector.Provisioner is "" or "provisioners/acme"));
        if (request.HasExpectedCount && request.ExpectedCount != found.Count)
            throw Refuse.With(Code.Aborted, $"{found.Count} certificates are selected, not {request.ExpectedCount}: look at them again", "CONFLICT");
        var answer = new BatchRevokeCertificatesResponse { MatchedCount = found.Count, Certificates = { found.Take(20).Select(c => c.Clone()) } };
        if (request.ValidateOnly) return Task.FromResult(answer);
        foreach (var certificate in found) certificate.State = Certificate.Types.State.Revoked;
        answer.RevokedCount = found.Count;
        return Task.FromResult(answer);
    }

    public override Task<AdvanceRenewalsResponse> AdvanceRenewals(AdvanceRenewalsRequest request, ServerCallContext context)
    {
        if (request.Target.StartsWith("certificates/", StringComparison.Ordinal)) Find(request.Target);
        var valid = fake.Data.Certificates.Count(c => c.State == Certificate.Types.State.Valid && (request.Target is "-" or "authorities/main" || request.Target == c.Name));
        return Task.FromResult(new AdvanceRenewalsResponse { Certificates = valid });
    }

    // Two events, a server that goes away, another event, and then the watcher may watch no more.
    public override async Task WatchCertificates(WatchCertificatesRequest request, IServerStreamWriter<WatchCertificatesResponse> responseStream, ServerCallContext context)
    {
        WatchCertificatesResponse Answer(CertificateEvent.Types.Kind kind, int index, string token) => new()
        {
            Event = new() { Kind = kind, EventTime = FakeData.At(-0.5), Certificate = fake.Data.Certificates[index], Actor = "operators/alice", Replaces = "certificates/77" },
            ResumeToken = token,
        };
        await responseStream.WriteAsync(new() { ResumeToken = request.ResumeToken.Length > 0 ? request.ResumeToken : "t0" });
        if (request.ResumeToken != "t2")
        {
            await responseStream.WriteAsync(Answer(CertificateEvent.Types.Kind.Renewed, 0, "t1"));
            await responseStream.WriteAsync(Answer(CertificateEvent.Types.Kind.Revoked, 1, "t2"));
            throw Refuse.With(Code.Unavailable, "the server stops", "UNAVAILABLE");
        }
        await responseStream.WriteAsync(Answer(CertificateEvent.Types.Kind.Expiring, 0, "t3"));
        await responseStream.WriteAsync(new() { ResumeToken = "t4" });
        throw Refuse.With(Code.PermissionDenied, "operators/alice is disabled", "IDENTITY_DISABLED");
    }

    private static bool Matches(Certificate certificate, string filter) => filter.Split(" AND ", StringSplitOptions.RemoveEmptyEntries).All(part => part.Split(' ') switch
    {
        ["state", "=", var word] => certificate.State.ToString().Equals(word, StringComparison.OrdinalIgnoreCase),
        ["identifier", "=", var name] => certificate.Identifiers.Contains(name.Trim('"')),
        _ => true,
    });

    private Certificate Find(string name) => fake.Data.Certificates.Find(c => c.Name == name) ?? throw Refuse.NotFound(name);
}

internal sealed class FakeNames(FakeControlPlane fake) : NameService.NameServiceBase
{
    public override Task<ListNameRulesResponse> ListNameRules(ListNameRulesRequest request, ServerCallContext context)
    {
        var rules = fake.Data.NameRules.Where(r => request.Filter.Split(" AND ", StringSplitOptions.RemoveEmptyEntries).All(part =>
            part == $"level = \"{r.Level}\"" || part == $"pattern = \"{r.Pattern}\"")).ToList();
        var (rows, next) = Pages.Cut(rules, request.PageSize, request.PageToken);
        return Task.FromResult(new ListNameRulesResponse { NameRules = { rows }, NextPageToken = next });
    }

    public override Task<NameRule> CreateNameRule(CreateNameRuleRequest request, ServerCallContext context)
    {
        var rule = request.NameRule;
        if (rule.Level.StartsWith("provisioners/", StringComparison.Ordinal) && !fake.Data.Provisioners.Exists(p => p.Name == rule.Level)) throw Refuse.NotFound(rule.Level);
        if (rule.Pattern == "exact:bank.net.gq") throw Refuse.Approval($"{rule.Level} demands a second operator: approvals/ap1 waits for one", "approvals/ap1");
        if (rule.Pattern.Contains("..", StringComparison.Ordinal)) throw Refuse.Field("name_rule.pattern", "a label is empty");
        if (fake.Data.NameRules.Exists(r => r.Level == rule.Level && r.Effect == rule.Effect && r.Pattern == rule.Pattern))
            throw Refuse.With(Code.AlreadyExists, $"{rule.Level} has this rule already", "ALREADY_EXISTS");
        var made = new NameRule(rule) { Name = $"nameRules/r{fake.Data.NameRules.Count + 1}", Creator = "local/uid/0", CreateTime = FakeData.At(0) };
        if (!request.ValidateOnly) fake.Data.NameRules.Add(made);
        return Task.FromResult(made);
    }

    public override Task<Empty> DeleteNameRule(DeleteNameRuleRequest request, ServerCallContext context)
    {
        if (fake.Data.NameRules.RemoveAll(r => r.Name == request.Name) == 0) throw Refuse.NotFound(request.Name);
        return Task.FromResult(new Empty());
    }

    public override Task<Empty> UnsetNameLevel(UnsetNameLevelRequest request, ServerCallContext context)
    {
        if (fake.Data.NameRules.RemoveAll(r => r.Level == request.Level) == 0) throw Refuse.NotFound(request.Level);
        return Task.FromResult(new Empty());
    }

    public override Task<TestNameResponse> TestName(TestNameRequest request, ServerCallContext context)
    {
        if (!fake.Data.Provisioners.Exists(p => p.Name == request.Provisioner)) throw Refuse.NotFound(request.Provisioner);
        if (request.Account.Length > 0 && !fake.Data.Accounts.Exists(a => a.Name == request.Account)) throw Refuse.NotFound(request.Account);
        var allowed = request.Identifier.EndsWith(".net.gq", StringComparison.Ordinal);
        var answer = new TestNameResponse
        {
            Allowed = allowed,
            Explanation = allowed ? "allowed by subtree:net.gq of provisioners/acme" : "no rule of provisioners/acme allows it",
            Levels =
            {
                new TestNameResponse.Types.LevelDecision { Level = "authorities/main", Allowed = true, Explanation = "denies some names, not this one" },
                new TestNameResponse.Types.LevelDecision
                {
                    Level = request.Provisioner, Allowed = allowed, NameRule = allowed ? "nameRules/r1" : "", Explanation = allowed ? "subtree:net.gq" : "no rule matches",
                },
            },
        };
        if (request.Account.Length > 0) answer.Levels.Add(new TestNameResponse.Types.LevelDecision { Level = request.Account, Allowed = true, Explanation = "has no rules" });
        return Task.FromResult(answer);
    }
}

internal sealed class FakeGateways(FakeControlPlane fake) : GatewayService.GatewayServiceBase
{
    public override Task<V1.Gateway> GetGateway(GetGatewayRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task<ListGatewaysResponse> ListGateways(ListGatewaysRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Gateways, request.PageSize, request.PageToken);
        return Task.FromResult(new ListGatewaysResponse { Gateways = { rows }, NextPageToken = next });
    }

    public override Task<CreateGatewayResponse> CreateGateway(CreateGatewayRequest request, ServerCallContext context)
    {
        if (fake.Data.Gateways.Exists(g => g.Name == "gateways/" + request.GatewayId))
            throw Refuse.With(Code.AlreadyExists, $"gateways/{request.GatewayId} exists", "ALREADY_EXISTS");
        var made = new V1.Gateway(request.Gateway) { Name = "gateways/" + request.GatewayId, CreateTime = FakeData.At(0), Etag = "g3" };
        if (request.ValidateOnly) return Task.FromResult(new CreateGatewayResponse { Gateway = made });
        fake.Data.Gateways.Add(made);
        return Task.FromResult(new CreateGatewayResponse { Gateway = made, JoinToken = "grpcca1.x.y.z", TokenExpireTime = FakeData.At(1.0 / 24) });
    }

    public override Task<V1.Gateway> UpdateGateway(UpdateGatewayRequest request, ServerCallContext context)
    {
        var found = Find(request.Gateway.Name);
        if (request.Gateway.Etag != found.Etag) throw Refuse.With(Code.Aborted, "the gateway was changed by somebody else", "ETAG_MISMATCH");
        foreach (var path in request.UpdateMask.Paths)
        {
            var field = V1.Gateway.Descriptor.FindFieldByName(path) ?? throw Refuse.Field("update_mask", $"no field {path}");
            field.Accessor.Clear(found);
        }
        var mask = new FieldMask { Paths = { request.UpdateMask.Paths } };
        mask.Merge(request.Gateway, found);
        found.Etag = "g4";
        return Task.FromResult(found);
    }

    public override Task<V1.Gateway> DisableGateway(DisableGatewayRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        found.Disabled = true;
        return Task.FromResult(found);
    }

    public override Task<CreateJoinTokenResponse> CreateJoinToken(CreateJoinTokenRequest request, ServerCallContext context)
    {
        Find(request.Gateway);
        return Task.FromResult(new CreateJoinTokenResponse { JoinToken = "grpcca1.a.b.c", ExpireTime = FakeData.At(1.0 / 24) });
    }

    private V1.Gateway Find(string name) => fake.Data.Gateways.Find(g => g.Name == name) ?? throw Refuse.NotFound(name);
}

internal sealed class FakeOperators(FakeControlPlane fake) : OperatorService.OperatorServiceBase
{
    public override Task<Operator> GetOperator(GetOperatorRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task<ListOperatorsResponse> ListOperators(ListOperatorsRequest request, ServerCallContext context)
    {
        var (rows, next) = Pages.Cut(fake.Data.Operators, request.PageSize, request.PageToken);
        return Task.FromResult(new ListOperatorsResponse { Operators = { rows }, NextPageToken = next });
    }

    public override Task<CreateOperatorResponse> CreateOperator(CreateOperatorRequest request, ServerCallContext context)
    {
        if (request.OperatorId == "mallory") throw Refuse.With(Code.PermissionDenied, "only an owner makes operators", "ROLE_TOO_LOW");
        if (request.OperatorId == "broken")
            throw Refuse.With(Code.Internal, "internal error", "INTERNAL", new RequestInfo { RequestId = "8f3c" });
        if (request.OperatorId == "two-faults")
        {
            throw Refuse.With(Code.InvalidArgument, "the request has two faults", "INVALID", new BadRequest
            {
                FieldViolations =
                {
                    new BadRequest.Types.FieldViolation { Field = "operator_id", Description = "too long" },
                    new BadRequest.Types.FieldViolation { Field = "operator.role", Description = "is required" },
                },
            });
        }
        var made = new Operator(request.Operator) { Name = "operators/" + request.OperatorId, CreateTime = FakeData.At(0) };
        if (!request.ValidateOnly) fake.Data.Operators.Add(made);
        return Task.FromResult(new CreateOperatorResponse { Operator = made, LoginToken = request.ValidateOnly ? "" : "grpcca1.l.o.g", TokenExpireTime = FakeData.At(1.0 / 24) });
    }

    public override Task<Operator> DisableOperator(DisableOperatorRequest request, ServerCallContext context)
    {
        var found = Find(request.Name);
        found.Disabled = true;
        return Task.FromResult(found);
    }

    public override Task<EnrollOperatorResponse> EnrollOperator(EnrollOperatorRequest request, ServerCallContext context)
    {
        if (request.Secret != FakeIdentityAuthority.Secret) throw Refuse.With(Code.PermissionDenied, "the token is not known, used or expired", "TOKEN_REFUSED");
        return Task.FromResult(new EnrollOperatorResponse
        {
            Operator = fake.Data.Operators[0],
            CertificateDer = Identity(request.CsrDer),
            IdentityRootDers = { ByteString.CopyFrom(fake.Identities.RootDer) },
        });
    }

    public override Task<RenewOperatorIdentityResponse> RenewOperatorIdentity(RenewOperatorIdentityRequest request, ServerCallContext context)
    {
        if (context.GetHttpContext().Connection.ClientCertificate is null) throw Refuse.With(Code.Unauthenticated, "no client certificate", "NO_IDENTITY");
        return Task.FromResult(new RenewOperatorIdentityResponse { CertificateDer = Identity(request.CsrDer) });
    }

    private ByteString Identity(ByteString csr) => ByteString.CopyFrom(fake.Identities.Operator(csr.ToByteArray(), "alice"));

    private Operator Find(string name) => fake.Data.Operators.Find(o => o.Name == name) ?? throw Refuse.NotFound(name);
}
