namespace GrpcCa.AdminCli.Commands.Orders;

/// <summary><c>grpcca order</c></summary>
internal sealed class OrderNoun() : Noun("order", "ACME orders, with what happened at validation.", new List(), new Show());
