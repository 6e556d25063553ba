namespace GrpcCa.AdminCli.Commands.Audit;

/// <summary><c>grpcca audit</c></summary>
internal sealed class AuditNoun() : Noun("audit", "The audit log: every act the CA stands for.", new List());
