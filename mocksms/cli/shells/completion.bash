# bash completion for mocksms. Install: eval "$(mocksms completion bash)" in ~/.bashrc

_mocksms() {
    local program=${COMP_WORDS[0]/#\~/$HOME} words=() index=0 word joins='' cursor option shown line kind
    type -P "$program" >/dev/null || program=mocksms

    # bash splits --port=80 into three words.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ $word == = && $index -gt 0 && ${words[index - 1]} == --* ]]; then
            words[index - 1]+='=' joins=yes
        elif [[ -n $joins ]]; then
            words[index - 1]+=$word joins=''
        else
            words[index]=$word index=$((index + 1))
        fi
    done
    cursor=${words[index - 1]}
    # bash replaces only what follows the sign, unless the user has set other word breaks.
    option='' shown=''
    [[ $cursor == --*=* ]] && option=${cursor%%=*}=
    [[ $COMP_WORDBREAKS == *=* ]] && shown=$option

    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files | :folders)
                kind=-f
                [[ $line == :folders ]] && kind=-d
                while IFS= read -r line; do
                    COMPREPLY+=("${option#"$shown"}$line")
                done < <(compgen $kind -- "${cursor#"$option"}")
                compopt -o filenames 2>/dev/null
                ;;
            :none)
                for index in "${!COMPREPLY[@]}"; do
                    COMPREPLY[index]=$(printf %q "${COMPREPLY[index]}")
                done
                ;;
            *)
                line=${line%%$'\t'*}
                COMPREPLY+=("${line#"$shown"}")
                ;;
        esac
    done < <("$program" __complete "${words[@]}" 2>/dev/null)
}

complete -F _mocksms mocksms
