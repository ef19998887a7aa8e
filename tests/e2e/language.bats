#!/usr/bin/env bats
# validate, fmt and explain, as an author meets them.
load common

setup_file() { own_world; }
teardown_file() { rm -rf "$WORLD"; }
setup() {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  web .
}

@test "a right intent is valid, by default the one here" {
  run -0 nemo validate
  [[ $output == *"Valid: stack 'web'"* ]]
  run -0 --separate-stderr nemo validate web.nemo --json
  jq -e '.version == 1 and .valid and (.diagnostics | length) == 0' <<<"$output"
}

@test "faults go to stderr with position and id, and exit 1" {
  printf 'workload b {\n  replicaz = 2\n}\n' >>web.nemo
  run -1 --separate-stderr nemo validate
  [ -z "$output" ]
  [[ $stderr == *web.nemo:* && $stderr == *replicaz* && $stderr =~ N[0-9]{4} ]]
  [[ $stderr != *$'\e['* ]]
  run -1 --separate-stderr nemo validate --json
  jq -e '.valid == false and .diagnostics[0].severity == "error" and .diagnostics[0].line > 0' <<<"$output"
}

@test "colour comes when it is asked for" {
  echo 'workload {' >>web.nemo
  run -1 nemo validate --color always
  [[ $output == *$'\e['* ]]
  run -1 nemo --color never validate
  [[ $output != *$'\e['* ]]
}

@test "fmt rewrites, names what it changed, and changes nothing twice" {
  printf 'select   fast {\nrequire node.class==edge\n}\n' >s.nemo
  run -1 nemo fmt --check s.nemo
  [[ $output == s.nemo ]]
  run -0 nemo fmt --diff s.nemo
  [[ $output == *"+select fast {"* ]]
  run -0 nemo fmt s.nemo
  [ "$output" = s.nemo ]
  run -0 nemo fmt s.nemo
  [ -z "$output" ]
  run -0 nemo fmt --check s.nemo
}

@test "fmt keeps the mode, follows links, and leaves alone what does not parse" {
  printf 'select   fast {\nrequire node.class==edge\n}\n' >s.nemo
  chmod 640 s.nemo
  ln -s s.nemo link.nemo
  nemo fmt link.nemo
  [ -L link.nemo ]
  [ "$(stat -c %a s.nemo)" = 640 ]
  printf 'workload {{{ \n' >broken.nemo
  cp broken.nemo before
  run -1 nemo fmt broken.nemo
  cmp broken.nemo before
  [ "$(ls -A | grep -c 'nemo\.......$')" -eq 0 ]
}

@test "fmt reads stdin" {
  run -0 --separate-stderr nemo fmt - <<<'select   fast {
require node.class==edge
}'
  [[ $output == "select fast {"* ]]
  run -1 nemo fmt missing.nemo
}

@test "fmt says N0816 when it cannot write" {
  run -1 nemo plan --fleet "$BATS_TEST_DIRNAME/fleet.yaml" --out no/such/dir/x.nemoplan
  [[ $output == *N0816* ]]
}

@test "explain knows ids and objects, and guesses" {
  run -0 nemo explain N0801
  [[ $output == *"the agent does not answer"* ]]
  run -0 nemo explain
  [[ $output == *N0101* && $output == *N0817* ]]
  run -1 nemo explain N0871
  [[ $output == *N0817* && $output == *"did you mean nemo explain N08"* ]]
  run -0 nemo explain workload.web
  [[ $output == *"web.nemo:3"* && $output == *64MiB* ]]
  run -1 nemo explain workload.webb
  [[ $output == *N0817* && $output == *"workload.web?"* ]]
}

@test "wrong usage is exit 1, help and version are 0" {
  run -1 nemo
  run -1 nemo frobnicate
  run -1 nemo plan --seed abc
  run -1 nemo logs web --since yesterday
  [[ $output == *duration* ]]
  run -0 nemo --help
  [[ $output == *"Plan and change"* ]]
  run -0 nemo plan --help
  [[ $output == *Examples* ]]
  run -0 nemo --version
  [[ $output == "nemo "* ]]
}

@test "a reader that leaves early is no disaster" {
  nemo explain | head -1 | grep -q N0
}
