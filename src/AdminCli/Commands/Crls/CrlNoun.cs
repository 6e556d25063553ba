namespace GrpcCa.AdminCli.Commands.Crls;

/// <summary><c>grpcca crl</c></summary>
internal sealed class CrlNoun() : Noun("crl", "Revocation lists: what each issuer has taken back.", new List(), new Show(), new Get(), new Refresh(), new Import());
