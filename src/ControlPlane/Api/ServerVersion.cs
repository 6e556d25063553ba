using System.Reflection;

namespace GrpcCa.ControlPlane.Api;

/// <summary>The version of this program, as built.</summary>
internal static class ServerVersion
{
    public static readonly string Text =
        typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
