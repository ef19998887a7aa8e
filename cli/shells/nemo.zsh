#compdef nemo
# Completion of nemo for zsh. Asks `nemo __complete`, which prints VALUE<tab>DESCRIPTION lines; nothing that it prints is
# ever evaluated.

_nemo() {
  local line value text
  local -a values texts suffixes given
  given=("${(@Q)words[2,CURRENT]}") # without quotes, and without evaluating
  local result=1
  while IFS= read -r line; do
    if [[ $line == :files* ]]; then
      suffixes=(${=line#:files})
      [[ $PREFIX == --*=* ]] && compset -P '*='
      if [[ $suffixes == / ]]; then
        _files -/ && result=0
      elif (( $#suffixes )); then # twice, since *(.x) would be a glob qualifier
        _files -g "*(${(j:|:)suffixes}|${suffixes[1]})" && result=0
      else
        _files && result=0
      fi
    else
      value=${line%%$'\t'*}
      text=${line#"$value"}
      values+=("$value")
      texts+=("${value}${text:+  -- ${text#$'\t'}}")
    fi
  done < <("${(Q)words[1]/#\~/$HOME}" __complete "${given[@]}" 2>/dev/null)
  (( $#values )) && compadd -l -d texts -a values && result=0
  return result
}

if [[ $funcstack[1] == _nemo ]]; then
  _nemo "$@"
else
  compdef _nemo nemo
fi
