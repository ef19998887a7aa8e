# Completion of nemo for bash. Asks `nemo __complete`, which prints VALUE<tab>DESCRIPTION lines; nothing that it prints is
# ever evaluated.

_nemo() {
  local words=() word i
  # Readline parts words at '=' and ':' too; they belong together. Quotes are taken off without evaluating.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]//[\\\"\']/}
    if ((i > 1)) && [[ $word == [=:]* || ${words[-1]} == --*[=:] ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  local current=${words[-1]-} typed=${COMP_WORDS[COMP_CWORD]//[\\\"\']/}
  [[ $typed == [=:] ]] && typed=
  local before=${current%"$typed"} program=${COMP_WORDS[0]/#\~/$HOME}

  local line value path suffix suffixes
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files* ]]; then
      read -ra suffixes <<<"${line#:files}"
      compopt -o filenames 2>/dev/null
      while IFS= read -r path; do
        if [[ -d ${path/#\~/$HOME} ]]; then
          COMPREPLY+=("$path")
          continue
        fi
        ((${#suffixes[@]})) || COMPREPLY+=("$path")
        for suffix in "${suffixes[@]}"; do
          [[ $path == *"$suffix" ]] && COMPREPLY+=("$path")
        done
      done < <(compgen -f -- "$typed")
    else
      value=${line%%$'\t'*}
      printf -v value %q "${value#"$before"}"
      COMPREPLY+=("$value")
    fi
  done < <("$program" __complete "${words[@]}" 2>/dev/null)
} && complete -F _nemo nemo
