namespace GrpcCa.AdminCli.Commands;

/// <summary>Prints a one-time token: alone on the last line of the output, so that <c>tail -n 1</c> takes it.</summary>
internal static class TokenText
{
    public static void Write(CommandContext context, string token, string introduction)
    {
        if (token.Length == 0)
        {
            context.Printer.Note("the server had answered this request before and does not repeat the token; make another one");
            return;
        }
        context.Printer.Line("");
        context.Printer.Note(introduction);
        context.Printer.Line(token);
    }
}
