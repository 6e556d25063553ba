namespace GrpcCa.AdminCli.Commands.Completion;

/// <summary>The scripts; all they do is to ask <c>grpcca complete</c>, so that they fit every version of the program.</summary>
internal static class ShellScripts
{
    private const string Bash = """
        # bash completion of grpcca
        _grpcca() {
            local line
            COMPREPLY=()
            while IFS= read -r line; do
                COMPREPLY+=("${line%%$'\t'*}")
            done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
        }
        complete -o default -F _grpcca grpcca
        """;

    private const string Zsh = """
        #compdef grpcca
        # zsh completion of grpcca
        _grpcca() {
            local line
            local -a found
            while IFS= read -r line; do
                line="${line//:/\\:}"
                found+=("${line/$'\t'/:}")
            done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
            if (( ${#found} )); then
                _describe grpcca found
            else
                _files
            fi
        }
        if [[ "${funcstack[1]}" == _grpcca ]]; then
            _grpcca "$@"
        else
            compdef _grpcca grpcca
        fi
        """;

    private const string Fish = """
        # fish completion of grpcca
        function __grpcca_complete
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            $words[1] complete -- $words[2..] "$current" 2>/dev/null
        end
        complete -c grpcca -f -a '(__grpcca_complete)'
        """;

    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["zsh"] = Zsh,
        ["fish"] = Fish,
    };
}
