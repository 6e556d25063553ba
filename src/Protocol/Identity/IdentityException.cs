namespace GrpcCa.Protocol.Identity;

/// <summary>An identity could not be read, made or trusted; the message is for the person who runs the program.</summary>
public sealed class IdentityException(string message, Exception? cause = null) : Exception(message, cause);
