using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Tests.Signing;

public sealed class FileSignerProviderContractTests : SignerProviderContract, IDisposable
{
    private readonly KeyDirectory keys = new();

    internal override ISignerProvider Provider => keys.Provider;

    internal override ISignerProvider Reopened() => keys.Reopen();

    public void Dispose() => keys.Dispose();
}
