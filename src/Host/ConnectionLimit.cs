using Microsoft.AspNetCore.Connections;

namespace GrpcCa.Host;

/// <summary>Connections at a time over all listeners that it guards; those too many are closed. Kestrel's own limit counts each listener alone.</summary>
internal sealed class ConnectionLimit(int most)
{
    private int taken;

    /// <summary>Put before anything else of a listener.</summary>
    public void Guard(IConnectionBuilder listener) => listener.Use(next => async connection =>
    {
        try
        {
            if (Interlocked.Increment(ref taken) > most) await connection.DisposeAsync();
            else await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref taken);
        }
    });
}
