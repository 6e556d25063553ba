using GrpcCa.AdminCli.Output;
using GrpcCa.V1;

namespace GrpcCa.AdminCli.Commands.Authorities;

/// <summary>How further chains are shown, and whose they are.</summary>
internal static class ChainText
{
    public static readonly IReadOnlyList<Column<IssuerChain>> Columns =
    [
        new("Chain", c => Ids.Short(c.Name)),
        new("Root subject", c => c.RootSubject, Wraps: true),
        new("Root SHA-256", c => c.RootSha256, WideOnly: true),
        new("Expires", c => Cell.Of(c.ExpireTime)),
        new("Added", c => Cell.Of(c.CreateTime)),
    ];

    /// <summary>The issuer that a person means: by its resource name, or by its id alone.</summary>
    public static async Task<string> IssuerAsync(CommandContext context, string text)
    {
        if (text.Contains('/', StringComparison.Ordinal)) return text;
        foreach (var authority in await new PagedList<Authority>(List.Pages(context), int.MaxValue).ToListAsync())
            if ((await AuthorityReader.IssuersAsync(context, authority.Name)).FirstOrDefault(i => Ids.Short(i.Name) == text) is { } issuer) return issuer.Name;
        throw CliFailure.NotFound($"there is no issuer '{text}'", "'grpcca authority show' lists them");
    }
}
