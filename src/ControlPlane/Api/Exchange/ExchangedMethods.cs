using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Exchange;

/// <summary>
/// The methods of AcmeService that a stream can carry, each behind the interceptors that a call of its own passes. The generated
/// code lists them, so that none is left out.
/// </summary>
internal sealed class ExchangedMethods : ServiceBinderBase
{
    /// <summary>Runs one call: its request in, its response out, both serialized.</summary>
    public delegate Task<ByteString> Call(ByteString request, ServerCallContext context);

    private readonly Dictionary<string, Call> calls = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<Interceptor> interceptors;

    /// <param name="service">Who carries them out.</param>
    /// <param name="interceptors">From the outside in.</param>
    public ExchangedMethods(AcmeService.AcmeServiceBase service, IReadOnlyList<Interceptor> interceptors)
    {
        this.interceptors = interceptors;
        AcmeService.BindService(this, service);
    }

    /// <summary>Short names, such as <c>NewOrder</c>.</summary>
    public IEnumerable<string> Names => calls.Keys;

    /// <summary>The method with this short name; null when there is none that a stream can carry.</summary>
    public Call? Find(string name) => calls.GetValueOrDefault(name);

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var run = handler!;
        for (var i = interceptors.Count - 1; i >= 0; i--)
        {
            var (outer, inner) = (interceptors[i], run);
            run = (request, context) => outer.UnaryServerHandler(request, context, inner);
        }
        calls.Add(method.Name, async (request, context) =>
            ((IMessage)await run(method.RequestMarshaller.ContextualDeserializer(new ExchangedPayload(request)), context)).ToByteString());
    }

    // The stream itself is not carried within a stream.
    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
    }
}
