using GrpcCa.ControlPlane.Signing;

namespace GrpcCa.ControlPlane.Tests.Signing;

public sealed class SigningDeskTests : IDisposable
{
    private static readonly byte[] Recorded = "what was recorded"u8.ToArray();
    private readonly KeyDirectory keys = new();
    private readonly SigningDesk desk;

    public SigningDeskTests() => desk = new SigningDesk([keys.Provider]);

    public void Dispose()
    {
        desk.Dispose();
        keys.Dispose();
    }

    [Fact]
    public async Task SignAsync_BoundPermit_SignsOnce()
    {
        var permit = await PermitAsync();
        permit.Bind(PermitKind.Leaf, Recorded);

        Assert.NotEmpty(await desk.SignAsync(permit, Recorded, CancellationToken.None));
        await RefusesAsync(permit, Recorded);
    }

    [Fact]
    public async Task SignAsync_ManyAtOnceWithOnePermit_SignsOnce()
    {
        var permit = await PermitAsync();
        permit.Bind(PermitKind.Leaf, Recorded);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            try
            {
                await desk.SignAsync(permit, Recorded, CancellationToken.None);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        })));
        Assert.Single(outcomes, signed => signed);
    }

    [Fact]
    public async Task SignAsync_UnboundPermit_Refuses() => await RefusesAsync(await PermitAsync(), Recorded);

    [Fact]
    public async Task SignAsync_OtherBytes_RefusesAndThePermitIsGone()
    {
        var permit = await PermitAsync();
        permit.Bind(PermitKind.Leaf, Recorded);

        await RefusesAsync(permit, "something else"u8.ToArray());
        await RefusesAsync(permit, Recorded);
    }

    [Fact]
    public async Task Bind_SecondTime_Refuses()
    {
        var permit = await PermitAsync();
        permit.Bind(PermitKind.Leaf, Recorded);

        Assert.Throws<InvalidOperationException>(() => permit.Bind(PermitKind.Leaf, "something else"u8));
        Assert.NotEmpty(await desk.SignAsync(permit, Recorded, CancellationToken.None));
    }

    [Theory]
    [InlineData("AuthorityCertificate")]
    [InlineData("IdentityCertificate")]
    [InlineData("Crl")]
    public async Task Bind_AnotherKind_RefusesAndThePermitStaysUnbound(string kind)
    {
        var permit = await PermitAsync();

        Assert.Throws<InvalidOperationException>(() => permit.Bind(Enum.Parse<PermitKind>(kind), Recorded));
        await RefusesAsync(permit, Recorded);
    }

    [Fact]
    public async Task SignAsync_UnknownScheme_NamesTheSchemesItKnows()
    {
        var permit = new SigningPermit(PermitKind.Leaf, KeyUri.Parse("pkcs11:token=x"));
        permit.Bind(PermitKind.Leaf, Recorded);

        var refused = await Assert.ThrowsAsync<KeyUnavailableException>(async () => await desk.SignAsync(permit, Recorded, CancellationToken.None));
        Assert.Contains("file", refused.Message, StringComparison.Ordinal);
    }

    private async Task<SigningPermit> PermitAsync() =>
        new(PermitKind.Leaf, await desk.GenerateAsync("file", KeyAlgorithm.EcP256, "key", CancellationToken.None));

    private async Task RefusesAsync(SigningPermit permit, byte[] bytes) =>
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await desk.SignAsync(permit, bytes, CancellationToken.None));
}
