# The manual says what the programs say: compared from their outputs, page by page.
load common

setup_file() {
  own_world
  export MAN=$WORLD/man
  mkdir "$MAN"
  nemo __manual "$MAN"
  cp "$SOURCE"/man/*.8 "$MAN"
}
teardown_file() { end_world; }

# The commands that `nemo --help` lists: lines of two blanks and a word, below a heading that is not Options or Begin with.
commands_of_help() {
  "$@" --help | awk '/^[A-Z].*:$/ {on = !/^(Options|Arguments|Begin with|Examples):/} on && /^  [a-z]/ {print $1}'
}
# Flags that a help text on stdin documents, one a line.
flags_of_help() { grep -oE '^  (-[a-zA-Z], )?--?[a-z][a-z-]*' | grep -oE -- '--?[a-z][a-z-]*' | sort -u; }
# Flags that a page documents: the words in bold at the beginning of an entry.
flags_of_page() {
  awk '/^\.TP/ {getline; print}' "$1" | sed 's/\\-/-/g' | grep -E '^\\fB-' | sed 's/\\fR.*//' |
    grep -oE -- '--?[a-zA-Z][a-z-]*' | sort -u
}

@test "every command has a page, and every page a command" {
  expected=$( (echo nemo.1; commands_of_help nemo | sed 's/.*/nemo-&.1/') | sort)
  [ "$(wc -l <<<"$expected")" -gt 12 ]
  [ "$(cd "$MAN" && ls ./*.1 | sed 's,./,,' | sort)" = "$expected" ]
  for page in nemo-language.7 nemo-diagnostics.7 nemo-agent.8 nemo-pull.8 nemo-supervisor.8; do [ -s "$MAN/$page" ]; done
}

@test "help and page of every command have the same flags and arguments" {
  for command in '' $(commands_of_help nemo); do
    # A command's page also has the flags of the commands below it.
    help=$(nemo $command --help)
    for below in $([ -z "$command" ] || commands_of_help nemo "$command"); do
      help+=$'\n'$(nemo "$command" "$below" --help)
    done
    page=$MAN/nemo${command:+-$command}.1
    [ -n "$(flags_of_help <<<"$help")" ]
    diff <(flags_of_help <<<"$help") <(flags_of_page "$page") || { echo "of nemo $command"; false; }
    diff <(awk '/^Arguments:/ {on = 1; next} /^[A-Z]/ {on = 0} on && /^  [A-Z]/ {print $1}' <<<"$help" | tr -d . | sort -u) \
      <(sed -n '/^\.SH "OPTIONS"/,/^\.SH "E/p' "$page" | grep -oE '^\\fI[A-Z]+' | sed 's/..I//' | sort -u) ||
      { echo "of nemo $command"; false; }
  done
}

@test "every command's help has a sentence and examples" {
  for command in $(commands_of_help nemo); do
    help=$(nemo "$command" --help)
    grep -q '^Examples:' <<<"$help" || { echo "nemo $command --help has no example"; false; }
    # And every example is of that command.
    sed -n '/^Examples:/,$p' <<<"$help" | grep -q "nemo $command" || { echo "nemo $command"; false; }
    # No line of a help is wider than a terminal of 100 columns.
    run ! grep -nE '^.{101,}' <<<"$help"
  done
}

@test "the agent's page has the flags of the agent" {
  help=$(nemo-agent --help 2>&1)
  diff <(grep -oE '^  --[a-z-]+' <<<"$help" | tr -d ' ' | sort -u) <(flags_of_page "$MAN/nemo-agent.8" | grep -- --)
}

@test "the language's page has every block, attribute and fact, and every id is explained" {
  page=$(sed 's/\\-/-/g; s/\\f[BIR]//g' "$MAN/nemo-language.7")
  # From the source of the table, not from the code that writes the page.
  names=$(sed -n 's/.*\.\(name\|path\) = "\([^"]*\)".*/\2/p' "$SOURCE"/intent/schema/*.cpp | sort -u)
  [ "$(wc -l <<<"$names")" -gt 150 ]
  while read -r name; do
    grep -qE "^(\.SS \".*)?(/ )?$(sed 's/[.*]/\\&/g' <<<"$name")( |\"|$)" <<<"$page" || { echo "$name is missing"; false; }
  done <<<"$names"
  ids=$(nemo explain | awk '{print $1}')
  [ "$(wc -l <<<"$ids")" -gt 80 ]
  diff <(sort <<<"$ids") <(grep -oE '^\.SS "N[0-9]{4}' "$MAN/nemo-diagnostics.7" | cut -c6- | sort)
}

@test "man and mandoc read every page without a warning" {
  command -v man mandoc >/dev/null || skip "man-db or mandoc is not installed"
  for page in "$MAN"/*; do
    run --separate-stderr env LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -l "$page"
    [ "$status" -eq 0 ]
    [ "$stderr" = "" ] || { echo "$page: $stderr"; false; }
    # A page of a checkout without history has no date.
    run mandoc -T lint -W warning "$page"
    output=$(grep -v 'missing date' <<<"$output" || true)
    [ "$output" = "" ] || { echo "$output"; false; }
  done
}

@test "a page reads as its help does" {
  command -v man >/dev/null || skip "man-db is not installed"
  text=$(LC_ALL=C.UTF-8 MANWIDTH=200 man -l "$MAN/nemo-plan.1" | sed 's/\x1b\[[0-9;]*m//g' | col -b)
  grep -q 'nemo plan shop --fleet eu.yaml --full' <<<"$text"
  grep -q 'Plan for the fleet in this YAML file.' <<<"$text"
}
