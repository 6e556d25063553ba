namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary><c>grpcca provisioner</c></summary>
internal sealed class ProvisionerNoun() : Noun("provisioner", "Provisioners: who may ask for certificates, and how.",
    new List(), new Show(), new Create(), new Update(), Switch.Enable(), Switch.Disable(), new Delete());
