namespace GrpcCa.AdminCli.Commands.Profiles;

/// <summary><c>grpcca profile</c></summary>
internal sealed class ProfileNoun() : Noun("profile", "Profiles: what the certificates look like.", new List(), new Show(), new Create(), new Update(), new Delete());
