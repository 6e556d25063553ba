using GrpcCa.ControlPlane.Refusals;

namespace GrpcCa.ControlPlane.Acme.Jws;

/// <summary>
/// Keeps the first thing found wrong while the reading goes on: the nonce of a broken request must still come to
/// light, because it is used up all the same (RFC 8555 §6.5).
/// </summary>
internal sealed class FirstFault
{
    public RefusalException? Refusal { get; private set; }

    public void Note(RefusalException refusal) => Refusal ??= refusal;

    public void Note(RefusalReason reason, string detail) => Refusal ??= new(reason, detail);

    public void Malformed(string detail) => Note(RefusalReason.Malformed, detail);
}
