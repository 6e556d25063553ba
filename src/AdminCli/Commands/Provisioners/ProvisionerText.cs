using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Provisioners;

/// <summary>Words for what a provisioner is.</summary>
internal static class ProvisionerText
{
    public static Cell Kind(Provisioner provisioner) => provisioner.KindCase switch
    {
        Provisioner.KindOneofCase.Acme => "acme",
        _ => "unknown",
    };

    public static Cell State(Provisioner provisioner) => provisioner.Disabled ? new("disabled", Tone.Bad) : new("enabled", Tone.Good);
}
