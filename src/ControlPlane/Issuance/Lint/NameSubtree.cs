namespace GrpcCa.ControlPlane.Issuance.Lint;

/// <summary>Whether a name lies in a subtree of its kind (RFC 5280 §4.2.1.10). Kinds that cannot be compared are in none.</summary>
internal static class NameSubtree
{
    public static bool Contains(RawName subtree, RawName name) => name.Tag switch
    {
        RawName.Dns => ContainsHost(subtree.Text, name.Text),
        RawName.Uri => ContainsHost(subtree.Text, HostOf(name.Text)),
        RawName.Ip => ContainsAddress(subtree.Content, name.Content),
        _ => false,
    };

    /// <summary>For excluded subtrees: a wildcard that covers something in it overlaps, and what cannot be compared might.</summary>
    public static bool Overlaps(RawName subtree, RawName name) => name.Tag switch
    {
        RawName.Dns => Contains(subtree, name)
            || (name.Text.StartsWith("*.", StringComparison.Ordinal) && ContainsHost(name.Text[2..], subtree.Text.TrimStart('.'))),
        RawName.Uri or RawName.Ip => Contains(subtree, name),
        _ => true,
    };

    // Labels are added on the left; a leading dot, as some write it, leaves the apex out. "" is everything.
    private static bool ContainsHost(string subtree, string host)
    {
        if (subtree.Length == 0) return true;
        if (subtree[0] == '.') return host.Length > subtree.Length && host.EndsWith(subtree, StringComparison.OrdinalIgnoreCase);
        return host.Equals(subtree, StringComparison.OrdinalIgnoreCase)
            || (host.EndsWith(subtree, StringComparison.OrdinalIgnoreCase) && host.Length > subtree.Length && host[^(subtree.Length + 1)] == '.');
    }

    private static bool ContainsAddress(byte[] range, byte[] address)
    {
        if (range.Length != address.Length * 2) return false;
        for (var i = 0; i < address.Length; i++)
            if (((range[i] ^ address[i]) & range[address.Length + i]) != 0) return false;
        return true;
    }

    private static string HostOf(string uri)
    {
        var start = uri.IndexOf("://", StringComparison.Ordinal);
        if (start < 0) return "";
        var rest = uri[(start + 3)..];
        var end = rest.IndexOfAny(['/', ':', '?', '#']);
        return end < 0 ? rest : rest[..end];
    }
}
