using GrpcCa.ControlPlane.Acme.Nonces;
using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Tests.Acme.Jws;

public sealed class ForgedRequestsTests
{
    public static TheoryData<string> Names => [.. ForgedRequests.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Request_ForgedOrMalformed_IsRefusedForItsOwnFault(string name)
    {
        var forgery = ForgedRequests.All[name];
        var rig = new VerifierRig();
        var body = forgery.Body(rig);

        var refusal = await Assert.ThrowsAsync<RefusalException>(async () => await rig.VerifyAsync(body));

        Assert.Contains(forgery.Says, refusal.Detail, StringComparison.Ordinal);
        Assert.Equal(forgery.Reason, refusal.Reason);
        Assert.DoesNotContain(refusal.Detail, char.IsControl);
        // RFC 8555 §6.5: used up at its first appearance, whatever else was wrong.
        Assert.Equal(forgery.UsesNonce ? NonceVerdict.Unknown : NonceVerdict.Good, rig.Nonces.Redeem(rig.Nonce));
    }

    [Fact]
    public void Table_HasAtLeastSixtyRequests() => Assert.True(ForgedRequests.All.Count >= 60);
}
