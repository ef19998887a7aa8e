# offers.zsh DIRECTORY LINE: types LINE and Tab into an interactive zsh, and prints what its completion system was given.
# DIRECTORY holds nemo.zsh, and takes the rest.
zmodload zsh/zpty
site=$1 line=$2
cp $site/nemo.zsh $site/_nemo
: >$site/notes
cat >$site/.zshrc <<'RC'
PS1='> '
unsetopt zle_bracketed_paste beep
fpath=($SITE $fpath)
autoload -U compinit
compinit -u -d $SITE/dump
# Every match passes through compadd; this one notes it down as it would reach the line.
compadd() {
  local -a noted
  builtin compadd -O noted "$@"
  print -rl -- "${noted[@]}" >>$SITE/notes
  builtin compadd "$@"
}
finish() { zle complete-word; print -r >$SITE/done; exit }
zle -N finish
bindkey '^I' finish
print -r >$SITE/ready
RC
rm -f $site/ready $site/done
export SITE=$site ZDOTDIR=$site
zpty -b shell zsh -i
wait_for() { repeat 200; do [[ -e $1 ]] && return 0; zpty -r -t shell ignored; sleep 0.05; done; return 1 }
wait_for $site/ready || exit 1
zpty -w -n shell "$line"$'\t'
wait_for $site/done || exit 1
zpty -d shell
grep -v '^$' $site/notes
