#!/usr/bin/env bats
# What a new user, or somebody hostile, may hand to the language's commands: each time one clear
# error, exit code 1, and nothing changed.
load common

setup_file() { own_world; }
teardown_file() { rm -rf "$WORLD"; }
setup() { cd "$(mktemp -d "$WORLD/XXXXXX")" || return; }

plan() { nemo plan --fleet "$BATS_TEST_DIRNAME/fleet.yaml" "$@"; }

# refused ID COMMAND...: ends by itself with exit code 1, says why under that id, and sends the terminal no controls.
refused() {
  local id=$1
  shift
  run -1 --separate-stderr in_bounds "$@"
  [[ $stderr == *"error:"*"[$id]"* ]] || { echo "not $id: $stderr" >&2; return 1; }
  ! grep -qP '[\x00-\x08\x0b-\x1f]' <<<"$stderr$output"
}

# A minute of processor time is far beyond what any of these needs, also under sanitizers.
in_bounds() { (ulimit -t 60 && "$@"); }

# everywhere ID FILE: by every command that reads intent.
everywhere() {
  refused "$1" nemo validate "$2"
  refused "$1" nemo fmt "$2"
  refused "$1" plan "$2"
  refused "$1" nemo explain workload.web "$2"
}

# intent NAME: a file from stdin, after the edition.
intent() { { echo 'nemo = 1' && cat; } >"$1"; }

# nested BEFORE OPEN TIMES MIDDLE CLOSE AFTER
nested() {
  python3 -c 'import sys; b,o,n,m,c,a = sys.argv[1:]; print(b + o * int(n) + m + c * int(n) + a)' "$@"
}

@test "paths that lead to nothing" {
  everywhere N0101 missing.nemo
  [[ $stderr == *"missing.nemo"*"No such file or directory"*"help:"* ]]
  everywhere N0101 missing/directory/x.nemo
  everywhere N0101 ""
  ln -s loop.nemo loop.nemo
  everywhere N0101 loop.nemo
  everywhere N0101 "$(printf 'x%.0s' {1..300}).nemo"
  echo 'nemo = 1' >file.nemo
  everywhere N0101 file.nemo/x.nemo
}

@test "a directory without intent, also one that is called like a file" {
  mkdir empty dir.nemo
  touch empty/README.md empty/.hidden.nemo
  everywhere N0305 empty
  everywhere N0305 dir.nemo
  mkdir outer && mkdir outer/inner.nemo
  everywhere N0305 outer
}

@test "what may not be read" {
  echo 'nemo = 1' >secret.nemo
  chmod 000 secret.nemo
  mkdir closed && touch closed/a.nemo && chmod 000 closed
  without=()
  if [ "$(id -u)" = 0 ]; then # root reads everything, unless it gives that up
    without=(setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search)
  fi
  refused N0101 "${without[@]}" nemo validate secret.nemo
  [[ $stderr == *"Permission denied"* ]]
  refused N0101 "${without[@]}" nemo fmt secret.nemo
  refused N0101 "${without[@]}" nemo validate closed
  refused N0101 "${without[@]}" nemo fmt closed
}

@test "devices and pipes are not waited for" {
  everywhere N0101 /dev/zero
  [[ $stderr == *"not a regular file"* ]]
  everywhere N0101 /dev/null
  mkfifo pipe.nemo
  everywhere N0101 pipe.nemo
  refused N0101 nemo validate .
  refused N0102 bash -c 'nemo fmt - </dev/zero'
  intent good.nemo <<<'workload web { exec = ["/bin/true"] }'
  mkfifo fleet.yaml
  refused N0407 nemo plan --fleet fleet.yaml good.nemo
  refused N0404 nemo plan --fleet /dev/zero good.nemo
}

@test "what is no text" {
  cp /bin/true program.nemo
  everywhere N0103 program.nemo
  head -c 100000 /dev/urandom >noise.nemo
  everywhere N0103 noise.nemo
  printf 'nemo = 1\n# caf\351\n' >latin.nemo
  everywhere N0103 latin.nemo
  [[ $stderr == *"latin.nemo:2:6"* ]]
  printf '\377\376n\000e\000' >utf16.nemo
  everywhere N0103 utf16.nemo
  printf 'nemo = 1\nx = "\xc0\xaf"\n' >overlong.nemo
  everywhere N0103 overlong.nemo
  printf 'nemo = 1\nx = \033[31m\001\n' >control.nemo
  everywhere N0105 control.nemo
  printf 'nemo = 1\nworkload web { exec = ["/bin/true", "\342\200\256gpj.exe"] }\n' >bidi.nemo
  everywhere N0104 bidi.nemo
}

@test "what is too large" {
  truncate -s $((64 * 1024 * 1024 + 1)) large.nemo
  everywhere N0102 large.nemo
  mkdir many
  for i in 1 2 3; do { printf '# ' && head -c 30M /dev/zero | tr '\0' x; } >many/$i.nemo; done
  run -1 nemo validate many
  [[ $output == *"[N0304]"* ]]
}

@test "nesting of twenty thousand levels" {
  intent brackets.nemo <<<"$(nested 'x = ' '(' 20000 1 ')' '')"
  everywhere N0108 brackets.nemo
  intent lists.nemo <<<"$(nested 'x = ' '[' 20000 1 ']' '')"
  everywhere N0108 lists.nemo
  intent blocks.nemo <<<"$(nested '' $'workload a {\n' 20000 '' $'}\n' '')"
  everywhere N0108 blocks.nemo
  intent signs.nemo <<<"$(nested 'x = ' '- ' 20000 1 '' '')"
  everywhere N0108 signs.nemo
  intent nots.nemo <<<"$(nested 'policy p { require ' 'not ' 20000 node.tpm '' ' }')"
  everywhere N0108 nots.nemo
  intent chain.nemo <<<"$(nested 'policy p { require ' 'node.tpm or ' 20000 node.tpm '' ' }')"
  everywhere N0108 chain.nemo
  intent open.nemo <<<"$(nested 'x = ' '(-' 20000 '' '' '')"
  everywhere N0108 open.nemo
}

@test "a line as long as the file, with a thousand faults" {
  intent line.nemo <<<"$(nested 'policy p { require node.tpm ' 'else 1 where node.cpu ' 20000 '' '' ' }')"
  refused N0203 nemo validate line.nemo
  [[ $stderr == *"[N0120]"* ]]
}

@test "imports in a circle, of itself, from elsewhere" {
  intent a.nemo <<<'import "b"'
  echo 'import "a.nemo"' >b.nemo
  refused N0301 nemo validate a.nemo
  [[ $stderr == *"a.nemo -> b.nemo -> a.nemo"* ]]
  refused N0301 plan a.nemo
  intent self.nemo <<<'import "self"'
  refused N0301 nemo validate self.nemo
  intent out.nemo <<<'import "/etc/passwd"'
  refused N0302 nemo validate out.nemo
  mkdir inner
  echo 'x = 1' >outside.nemo
  intent inner/up.nemo <<<'import "../outside"'
  refused N0302 nemo validate inner/up.nemo
  intent inner/link.nemo <<<'import "passwd"'
  ln -s /etc/passwd inner/passwd
  refused N0302 nemo validate inner/link.nemo
  intent gone.nemo <<<'import "nowhere"'
  refused N0303 nemo validate gone.nemo
}

@test "values that are none" {
  intent unit.nemo <<<'wait = 5fortnights'
  refused N0220 nemo validate unit.nemo
  refused N0220 plan unit.nemo
  intent bytes.nemo <<<'workload web { exec = ["/bin/true"]; resources { memory = 512mb } }'
  refused N0220 nemo validate bytes.nemo
  [[ $stderr == *"MB or Mbit"* ]]
  intent zero.nemo <<<'wait = 5s / (2 - 2)'
  refused N0213 nemo validate zero.nemo
  [[ $stderr == *"division by zero"* ]]
  intent exponent.nemo <<<'wait = 1e31'
  refused N0213 nemo validate exponent.nemo
  intent digits.nemo <<<"wait = $(printf '9%.0s' {1..60})"
  refused N0213 nemo validate digits.nemo
  intent product.nemo <<<'wait = 1e30 * 1e30'
  refused N0213 nemo validate product.nemo
  intent dimension.nemo <<<'wait = 5s + 5MiB'
  refused N0210 nemo validate dimension.nemo
  [[ $stderr == *"time and data"* ]]
}

@test "names that are given twice" {
  intent objects.nemo <<<'workload web { exec = ["/bin/true"] }
workload web { exec = ["/bin/false"] }'
  refused N0306 nemo validate objects.nemo
  refused N0306 plan objects.nemo
  [[ $stderr == *"objects.nemo:3:10"*"objects.nemo:2:10: note: first declared here"* ]]
  intent attributes.nemo <<<'workload web { exec = ["/bin/true"]; replicas = 1; replicas = 2 }'
  refused N0203 nemo validate attributes.nemo
  mkdir two
  intent two/a.nemo <<<'x = 1'
  intent two/b.nemo <<<'x = 2'
  refused N0306 nemo validate two
}

@test "a text without end is one fault, and what follows is read" {
  intent open.nemo <<<'workload web {
  exec = ["/bin/true"
  replicas = 2
}
workload app { replcas = 2; exec = ["/bin/true"] }'
  run -1 --separate-stderr nemo validate open.nemo --json
  [ "$(jq -c '[.diagnostics[].id]' <<<"$output")" = '["N0109","N0202"]' ]
}

@test "a place without git, or with a broken one, plans as uncommitted" {
  intent web.nemo <<<'workload web { exec = ["/bin/true"] }'
  run -0 plan web.nemo
  [[ $output == *uncommitted* ]]
  touch .git
  run -0 plan web.nemo
  [[ $output == *uncommitted* ]]
  rm .git && mkdir .git
  run -0 plan web.nemo
  [[ $output == *uncommitted* ]]
}

@test "a fault is given as data, with where it is in bytes" {
  intent place.nemo <<<'# café
workload web { exec = ["/bin/true"]; replicas = none }'
  run -1 --separate-stderr nemo validate place.nemo --json
  [ -z "$stderr" ]
  jq -e '.valid == false and (.diagnostics | length) == 1' <<<"$output"
  read -r begin end < <(jq -r '.diagnostics[0] | "\(.begin) \(.end)"' <<<"$output")
  [ "$(tail -c +$((begin + 1)) place.nemo | head -c $((end - begin)))" = none ]
  jq -e '.diagnostics[0] | .id == "N0209" and .line == 3 and .column == 49 and .end_column == 53 and .file == "place.nemo"' <<<"$output"
}

@test "nothing that is refused is changed" {
  printf 'nemo=1\nworkload web{exec=["/bin/true"\n' >broken.nemo
  cp broken.nemo before
  refused N0109 nemo fmt broken.nemo
  cmp broken.nemo before
  refused N0109 plan broken.nemo --out out.nemoplan
  [ ! -e out.nemoplan ]
}
