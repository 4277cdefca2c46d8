# fish completion of mailcert: asks mailcert what may stand where the cursor is. Written by "mailcert completion fish".

function __mailcert_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (command mailcert __complete $words[2..] "$current" 2>/dev/null </dev/null)
        set -l fields (string split -m 2 \t -- $line)
        # --out=DIR: the part before the folder stays as it is.
        set -l head (string match -r '^--[a-z-]+=' -- "$current")
        set -l part (string replace -r '^--[a-z-]+=' '' -- "$current")
        switch $fields[1]
            case word beginning
                printf '%s\t%s\n' $fields[2] "$fields[3]"
            case files
                for path in (__fish_complete_path "$part")
                    printf '%s\n' "$head$path"
                end
            case folders
                for path in (__fish_complete_directories "$part" '')
                    printf '%s\n' "$head$path"
                end
        end
    end
end

complete -c mailcert -f -k -a '(__mailcert_complete)'
