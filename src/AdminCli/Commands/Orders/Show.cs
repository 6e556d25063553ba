using System.CommandLine;
using System.Globalization;
using GrpcCa.AdminCli.Output;
using GrpcCa.Protocol;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Orders;

/// <summary><c>grpcca order show ID</c></summary>
internal sealed class Show : Verb
{
    public Show() : base("show", "One order, with every validation attempt: what was asked for, where, and what came back.") => Add(Order);

    public Argument<string> Order { get; } = new("id") { Description = "The order's id" };

    public override IReadOnlyList<string> Examples => ["grpcca order show bW9yZSB0aGFuIHRoaXM"];

    protected override async Task<int> RunAsync(CommandContext context)
    {
        var name = Ids.Name(ResourceName.Orders, context.Get(Order));
        var client = new OrderService.OrderServiceClient(context.Server);
        var order = await context.AboutAsync(name, client.GetOrderAsync(new() { Name = name }, context.Call));
        context.Printer.One(order, Fields(order, context.Now));
        if (context.Printer.IsDocument) return ExitCodes.Ok;
        for (var i = 0; i < order.Attempts.Count; i++)
        {
            context.Printer.Line("");
            context.Printer.Title($"Validation attempt {i + 1}");
            context.Printer.Fields(Fields(order.Attempts[i]));
        }
        return ExitCodes.Ok;
    }

    private static IEnumerable<Field> Fields(Order order, DateTimeOffset now) =>
    [
        new("Order", Ids.Short(order.Name)),
        new("State", List.State(order)),
        new("Names", Cell.Of(order.Identifiers)),
        new("Provisioner", Ids.Short(order.Provisioner)),
        new("Account", Ids.Short(order.Account)),
        new("Created", Cell.Of(order.CreateTime)),
        new("Expires", When.FormatWithDistance(order.ExpireTime, now)),
        new("Certificate", Ids.Short(order.Certificate)),
        new("Error", order.Error.Length == 0 ? Cell.Nothing : new Cell(order.Error, Tone.Bad)),
    ];

    /// <summary>One try at one challenge.</summary>
    public static IEnumerable<Field> Fields(ValidationAttempt attempt) =>
    [
        new("Name", attempt.Identifier),
        new("Challenge", attempt.ChallengeType),
        new("Began", Cell.Of(attempt.StartTime)),
        new("Took", Cell.Of(attempt.Duration, Cell.Nothing)),
        new("URL", attempt.Url),
        new("Resolved to", Cell.Of(attempt.AddressesResolved)),
        new("Dialled", attempt.AddressDialled),
        new("HTTP status", Cell.Of(attempt.HttpStatus, Cell.Nothing)),
        new("Bytes read", attempt.BytesRead.ToString(CultureInfo.InvariantCulture)),
        new("Outcome", attempt.Error.Length == 0 ? new Cell("succeeded", Tone.Good) : new Cell(attempt.Error, Tone.Bad)),
    ];
}
