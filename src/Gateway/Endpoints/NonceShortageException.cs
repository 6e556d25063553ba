namespace GrpcCa.Gateway.Endpoints;

/// <summary>The control plane gave no nonce in time.</summary>
internal sealed class NonceShortageException : Exception;
