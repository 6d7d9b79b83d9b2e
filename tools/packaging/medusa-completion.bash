# bash completion for medusa, medusa-client and medusa-benchmark.
#
# bash calls a function with the words of the line in COMP_WORDS, and the cursor in the word number
# COMP_CWORD; the function leaves what the word can become in COMPREPLY. It cuts words at '=', so
# that --name=value is three of them.

# Offers those of the words $1 that start with $cur.
_medusa_offer() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# Sets `cur` to what has been typed of the word, and `flag` to the word that it may be the value of.
_medusa_look() {
    cur=${COMP_WORDS[COMP_CWORD]}
    flag=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $cur == = ]]; then
        cur=
    elif [[ $flag == = ]]; then
        flag=${COMP_WORDS[COMP_CWORD - 2]}
    fi
}

_medusa() {
    local cur flag
    COMPREPLY=()
    _medusa_look
    case $flag in
    --log-level) _medusa_offer "debug info warn error" ;;
    --event-loop) _medusa_offer "epoll poll" ;;
    --eviction) _medusa_offer "noeviction allkeys-lru" ;;
    --metrics | --protected-mode) _medusa_offer "true false" ;;
    --host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    --password-file)
        compopt -o filenames 2>/dev/null # a folder gets its slash
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    -p | --port | --max-connections | --timeout | --max-memory | --metrics-port) ;;
    *)
        _medusa_offer "--host --port --max-connections --timeout --log-level --event-loop
            --max-memory --eviction --password-file --protected-mode --metrics --metrics-port
            -p --help --version"
        ;;
    esac
}

# Asks the server that the line names for its commands; one that does not answer at once has none.
# $1 is the client, the rest its words up to the cursor. Says nothing past the first plain word,
# which is the command.
_medusa_client_commands() {
    local client=$1 address=() names
    shift
    while [[ $1 == -* ]]; do
        case $1 in
        -h | -p) address+=("$1" "$2") && shift ;;
        -r | -i) shift ;;
        esac
        shift
    done
    [[ $# -eq 1 ]] || return
    names=$(timeout 1 "$client" "${address[@]}" --raw COMMAND LIST 2>/dev/null </dev/null |
        grep -v '|') # those are subcommands
    # As the first letters are, so are the others.
    if [[ $cur == *[a-z]* ]]; then names=${names,,}; else names=${names^^}; fi
    _medusa_offer "$names"
}

_medusa_client() {
    local cur flag
    COMPREPLY=()
    _medusa_look
    case $flag in
    -h) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    -p | -r | -i) ;;
    *)
        if [[ $cur == -* ]]; then
            _medusa_offer "-h -p --askpass -x -r -i --pipe --inline --raw --no-raw --json --csv
                --help --version"
        else
            _medusa_client_commands "$1" "${COMP_WORDS[@]:1:COMP_CWORD}"
        fi
        ;;
    esac
}

_medusa_benchmark() {
    local cur flag
    COMPREPLY=()
    _medusa_look
    case $flag in
    -h | --host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    -[pntcPdrms] | --port | --operations | --threads | --clients | --pipeline | --size | --keys | \
        --mix | --stress | --seed | --timeout) ;;
    *)
        [[ $cur == -* ]] || return
        _medusa_offer "-h --host -p --port -n --operations -t --threads -c --clients -P --pipeline
            -d --size -r --keys -m --mix -s --stress --no-prefill --seed --timeout --inline --csv
            --json -q --quiet --help --version"
        ;;
    esac
}

complete -F _medusa medusa
complete -F _medusa_client medusa-client
complete -F _medusa_benchmark medusa-benchmark
