#!/usr/bin/env bats
# A backend that is not part of nemo: nemo-backend-directory from examples/.
load common

setup_file() { own_world; }
teardown_file() { rm -rf "$WORLD"; }
setup() {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  export NEMO_DIRECTORY=$PWD/handover
  web app 2
}

@test "plan, apply, status, drift and destroy go through it" {
  run -2 nemo plan app --backend directory --detailed-exitcode
  [[ $output == *web/1* ]]
  run -0 nemo apply app --backend directory --yes
  [[ $output == *"handed over"* ]]
  [ -s "$NEMO_DIRECTORY/web.part" ]
  run -0 --separate-stderr nemo status --backend directory --json
  jq -e '(.workloads | length) == 2 and .generation == 1' <<<"$output"
  run -0 nemo plan app --backend directory --detailed-exitcode
  run -0 nemo drift app --backend directory
  run -0 nemo destroy --backend directory --yes
  run -0 --separate-stderr nemo status --backend directory --json
  jq -e '(.workloads | length) == 0' <<<"$output"
  [ -z "$(agent_pid)" ]
}

@test "files that come with an intent are handed over too" {
  mkdir app/pages
  echo hi >app/pages/index.html
  sed -i 's|  health |  mount { source = "pages"; target = "/pages" }\n  health |' app/web.nemo
  nemo apply app --backend directory --yes
  compgen -G "$NEMO_DIRECTORY/*.artifact"
}

@test "it says who won a race, and whose a stack is" {
  nemo plan app --backend directory --out first.nemoplan
  nemo apply app --backend directory --yes
  sed -i 's/hello/again/' app/web.nemo
  nemo apply app --backend directory --yes
  run -1 nemo apply first.nemoplan --backend directory --yes
  [[ $output == *N0809* ]]
  web other 1 mine
  run -1 nemo apply other --backend directory --yes
  [[ $output == *N0808* || $output == *take-over* ]]
  run -0 nemo apply other --backend directory --yes --take-over
}

@test "a plugin that talks nonsense is refused" {
  mkdir bin
  printf '#!/bin/sh\nseq -s " " 100 # no message of the protocol\ncat >/dev/null\n' >bin/nemo-backend-odd
  chmod +x bin/nemo-backend-odd
  PATH=$PWD/bin:$PATH run -1 nemo plan app --backend odd
  [[ $output == *N0805* ]]
  unset NEMO_DIRECTORY
  run -1 nemo plan app --backend directory
  [[ $output == *"set NEMO_DIRECTORY"* && $output == *N0805* ]]
}

@test "what it does not do it refuses in its own words" {
  nemo apply app --backend directory --yes
  run -1 nemo logs web --backend directory
  [[ $output == *N0806* ]]
}
