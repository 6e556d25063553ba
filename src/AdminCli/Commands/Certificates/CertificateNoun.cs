namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate</c></summary>
internal sealed class CertificateNoun() : Noun("certificate", "Issued certificates.", new List(), new Expiring(), new Show(), new Revoke(), new RenewSoon(), new Watch());
