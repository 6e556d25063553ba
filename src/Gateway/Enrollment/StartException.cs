namespace GrpcCa.Gateway.Enrollment;

/// <summary>The gateway cannot start; the message is the one line that the person sees.</summary>
internal sealed class StartException(string message, Exception? cause = null) : Exception(message, cause);
