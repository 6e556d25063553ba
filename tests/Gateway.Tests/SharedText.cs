using System.Text;

namespace GrpcCa.Gateway.Tests;

/// <summary>What somebody writes while a test looks at it.</summary>
internal sealed class SharedText : TextWriter
{
    private readonly Lock gate = new();
    private readonly StringBuilder text = new();

    public override Encoding Encoding => Encoding.UTF8;

    // Every other Write ends here.
    public override void Write(char value)
    {
        lock (gate) text.Append(value);
    }

    public override string ToString()
    {
        lock (gate) return text.ToString();
    }
}
