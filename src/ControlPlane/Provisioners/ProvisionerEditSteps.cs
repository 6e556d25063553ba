namespace GrpcCa.ControlPlane.Provisioners;

/// <summary>The steps of what an operator does to a provisioner: the rows before the commit, and the commit (<see cref="Storage.FailPoints"/>).</summary>
internal static class ProvisionerEditSteps
{
    public const string CreationWritten = "provisioner.creationWritten";
    public const string Created = "provisioner.created";
    public const string UpdateWritten = "provisioner.updateWritten";
    public const string Updated = "provisioner.updated";
    public const string DeletionWritten = "provisioner.deletionWritten";
    public const string Deleted = "provisioner.deleted";

    public static IReadOnlyList<string> All { get; } = [CreationWritten, Created, UpdateWritten, Updated, DeletionWritten, Deleted];
}
