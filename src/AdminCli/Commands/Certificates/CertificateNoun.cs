namespace GrpcCa.AdminCli.Commands.Certificates;

/// <summary><c>grpcca certificate</c></summary>
internal sealed class CertificateNoun() : Noun("certificate", "Certificates: asking for them, what was issued, taking it back.",
    new List(), new Expiring(), new Show(), new Create(), RenewVerb.Renew(), RenewVerb.Rekey(), new Revoke(), new RenewSoon(), new Watch());
