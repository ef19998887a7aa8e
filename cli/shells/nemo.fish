# Completion of nemo for fish. Asks `nemo __complete`, which prints VALUE<tab>DESCRIPTION lines; nothing that it prints is
# ever evaluated.

function __nemo_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    for line in (command $program __complete $words[2..-1] (string unescape -- $current; or echo $current) 2>/dev/null)
        if string match -q -- ':files*' $line
            set -l suffixes (string split -n ' ' -- (string sub -s 7 -- $line))
            set -l before (string match -r -- '^--[^=]*=' $current; or echo)
            for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $current))
                set -l name (string split -m 1 \t -- $path)[1]
                for suffix in / $suffixes (test (count $suffixes) -eq 0; and echo)
                    string match -q -- "*$suffix" $name; and printf '%s\n' $before$path; and break
                end
            end
        else
            printf '%s\n' $line
        end
    end
end

complete -c nemo -f -a '(__nemo_complete)'
