# fish completion for mocksms. Install: mocksms completion fish > ~/.config/fish/completions/mocksms.fish

function __mocksms_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    type -q $program; or set program mocksms

    set -l option (string match -r -- '^--[\w-]+=' "$current")
    for line in (command $program __complete $words "$current" 2>/dev/null)
        switch $line
            case :none
            case :files
                printf '%s\n' "$option"(__fish_complete_path (string replace -- "$option" '' "$current"))
            case :folders
                printf '%s\n' "$option"(__fish_complete_directories (string replace -- "$option" '' "$current"))
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c mocksms -f -k -a '(__mocksms_complete)'
