using System.Buffers;
using Google.Protobuf;
using Grpc.Core;

namespace GrpcCa.Protocol;

/// <summary>A message within a message: how generated code reads what AcmeService.Exchange carries. Not copied.</summary>
internal sealed class ExchangedPayload(ByteString bytes) : DeserializationContext
{
    public override int PayloadLength => bytes.Length;

    public override byte[] PayloadAsNewBuffer() => bytes.ToByteArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(bytes.Memory);
}
