#!/usr/bin/env bats
# Plan files and fleets that are not what they should be: exit 1, an id, what is wrong and what to do; nothing is started.
load common

setup_file() { own_world; }
teardown_file() { rm -rf "$WORLD"; }
setup() {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  web app 2
  cp "$BATS_TEST_DIRNAME/fleet.yaml" .
  nemo plan app --fleet fleet.yaml --out good.nemoplan >/dev/null
}

# refused FILE ID WORDS: by verify and by apply, which does nothing.
refused() {
  for command in "verify" "apply --yes"; do
    run -1 --separate-stderr timeout 60 nemo $command "$1"
    [[ $stderr == *"error: "*"[$2]"* && $stderr == *"$3"* && $stderr == *"help: "* ]]
    [ -z "$output" ]
  done
  run -1 --separate-stderr nemo verify "$1" --json
  jq -e --arg id "$2" '.valid == false and any(.diagnostics[]; .id == $id)' <<<"$output"
  [ -z "$(agent_pid)" ]
}

@test "a plan file that is cut short" {
  size=$(stat -c %s good.nemoplan)
  for left in 5 11 12 13 $((size / 2)) $((size - 1)); do
    head -c "$left" good.nemoplan >cut.nemoplan
    run -1 nemo verify cut.nemoplan
    [[ $output == *N070[34]* ]]
  done
  refused cut.nemoplan N0704 "cut short or damaged"
}

@test "a plan file that was altered" {
  sed 's/web/wob/g' good.nemoplan >altered.nemoplan
  refused altered.nemoplan N0705 "altered after it was made"
  { cat good.nemoplan; printf '\x50\x07'; } >seed.nemoplan # another seed at its end
  refused seed.nemoplan N0705 altered
}

@test "a plan file of another version" {
  { echo "nemo-plan 2"; tail -c +13 good.nemoplan; } >two.nemoplan
  refused two.nemoplan N0703 "version '2'"
}

@test "an empty file, a directory, a pipe, and what never was a plan" {
  : >empty.nemoplan
  refused empty.nemoplan N0702 "ends before a plan begins"
  mkdir directory.nemoplan
  refused directory.nemoplan N0701 "not a file"
  mkfifo pipe.nemoplan
  refused pipe.nemoplan N0701 "not a file"
  head -c 100000 /dev/urandom >noise.nemoplan
  refused noise.nemoplan N0702 "not a plan file"
  cp app/web.nemo text.nemoplan
  refused text.nemoplan N0702 "not a plan file"
  refused missing.nemoplan N0701 "No such file"
}

@test "a plan file over 64 MiB is not read" {
  cp good.nemoplan huge.nemoplan
  truncate -s 65M huge.nemoplan
  refused huge.nemoplan N0706 "at most 67108864"
}

@test "a plan file is known by what it holds, whatever it is called" {
  cp good.nemoplan p.plan
  run -0 nemo verify p.plan
  run -1 nemo apply p.plan --yes --backend null # whose fleet has no nodes
  [[ $output == *N0809*"node "*"is gone"* ]]
  head -c 400 p.plan >q.plan
  run -1 nemo apply q.plan --yes
  [[ $output == *N0704* ]]
}

# wrong FLEET-TEXT ID: the fleet is refused, in time, with its line.
wrong() {
  printf '%b' "$1" >bad.yaml
  run -1 --separate-stderr timeout 60 nemo plan app --fleet bad.yaml
  [[ $stderr == *"bad.yaml"*"error: "*"[N0"* ]]
  [ -z "$output" ]
  run -1 --separate-stderr timeout 60 nemo plan app --fleet bad.yaml --json
  jq -e '.valid == false and (.diagnostics | length) >= 1' <<<"$output"
}

@test "fleets that would grow without end" {
  wrong "$(printf '[%.0s' {1..20000})"
  wrong "fleet: 1\nnodes: $(printf '{a: %.0s' {1..20000})"
  wrong 'a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n'
  wrong 'fleet: 1\nnodes: &n [*n]\n'
  wrong 'fleet: 1\nat: !!binary aGVsbG8=\n'
}

@test "fleets with numbers that are none" {
  node='fleet: 1\nsites: {s: {country: GR}}\nnodes:\n  - {name: a, site: s, class: edge, arch: arm64, sandboxes: [process], resources: '
  for bad in '{cpu: .nan, memory: 1GiB}' '{cpu: .inf, memory: 1GiB}' '{cpu: -1core, memory: 1GiB}' '{cpu: NaN, memory: 1GiB}' \
    '{cpu: 1e999core, memory: 1GiB}' '{cpu: 4core, memory: -1GiB}' '{cpu: 4core, memory: 99999999999999999999GiB}' '{cpu: 4core, memory: 1GiB, disk: 0x10}' \
    '{cpu: 4, memory: 1GiB}' '{cpu: 0core, memory: 1GiB}' '{cpu: [4core], memory: 1GiB}' '{cpu: 4core}'; do
    wrong "$node$bad}\n"
  done
  wrong "${node}{cpu: 1core, memory: 1GiB}, price: -0.1EUR/h}\n"
  wrong "${node}{cpu: 1core, memory: 1GiB}, power: {idle: 9W, max: 3W}}\n"
  wrong "${node}{cpu: 1core, memory: 1GiB}}\n  - {name: a, site: s, resources: {cpu: 1core, memory: 1GiB}}\n"
}

@test "files that are no fleet" {
  wrong ''
  wrong 'fleet: 2\n'
  wrong 'fleet: 1\nnods: []\n'
  wrong 'just words\n'
  wrong 'fleet: 1\nat: tomorrow\n'
  wrong '\xff\xfe\x00f'
  wrong 'a: b: c: d\n\t- x\n'
  run -1 nemo plan app --fleet app
  [[ $output == *"error: "* ]]
  run -1 timeout 60 nemo plan app --fleet /dev/zero
  [[ $output == *"error: "* ]]
  truncate -s 65M large.yaml
  run -1 timeout 60 nemo plan app --fleet large.yaml
  [[ $output == *"large.yaml"*"error: "*"64MiB"* ]]
}
