#compdef mocksms
# zsh completion for mocksms. Install: source <(mocksms completion zsh) in ~/.zshrc, after compinit

_mocksms() {
    local program=${words[1]/#\~/$HOME} line word about kind=':none' tab=$'\t'
    local -a candidates
    (( $+commands[$program] )) || [[ -x $program ]] || program=mocksms

    for line in "${(@f)$("$program" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        if [[ $line == :* ]]; then
            kind=$line
            continue
        fi
        word=${line%%$tab*} about=''
        [[ $line == *$tab* ]] && about=:${line#*$tab}
        candidates+=("${word//:/\\:}$about")
    done
    (( $#candidates )) && _describe -V mocksms candidates
    [[ $kind == :none ]] && return
    [[ $PREFIX == --*=* ]] && compset -P '*='
    if [[ $kind == :folders ]]; then _files -/; else _files; fi
}

if [[ $funcstack[1] == _mocksms ]]; then
    _mocksms "$@"
else
    compdef _mocksms mocksms
fi
