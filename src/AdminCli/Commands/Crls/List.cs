using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Crls;

/// <summary><c>grpcca crl list</c></summary>
internal sealed class List() : ListVerb<Crl>("Every issuer with its newest list: number, times, entries.")
{
    public override IReadOnlyList<string> Examples => ["grpcca crl list", "grpcca crl list -o json"];

    protected override string Member => "crls";

    protected override IReadOnlyList<Column<Crl>> Columns(CommandContext context) => CrlText.Columns(context.Now);

    // There is one for each issuer: they come in one answer.
    protected override Func<int, string, Task<Page<Crl>>> Fetch(CommandContext context) => async (_, _) =>
        new((await new TrustService.TrustServiceClient(context.Server).ListCrlsAsync(new(), context.Call)).Crls, "");
}
