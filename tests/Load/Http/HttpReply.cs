using System.Text;

namespace GrpcCa.Load.Http;

/// <summary>What a server answered; good until the next request on the same connection.</summary>
internal readonly record struct HttpReply(int Status, string? Nonce, string? Location, ReadOnlyMemory<byte> Body)
{
    public bool Ok => Status is >= 200 and < 300;

    public string Text => Encoding.UTF8.GetString(Body.Span);
}
