# offers.bash SCRIPT LINE: what the function that SCRIPT registers for nemo puts into COMPREPLY.
source "$1"
COMP_LINE=$2
COMP_POINT=${#2}
# As readline parts a line: at blanks, and at '=' and ':' as words of their own. Quotes are not looked at.
COMP_WORDS=()
set -f
for word in ${2//=/ = }; do COMP_WORDS+=("$word"); done
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_TYPE=9
function=$(complete -p nemo) || exit
function=${function#* -F }
"${function%% *}" nemo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
