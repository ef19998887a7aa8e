#!/usr/bin/env bats
# Plans for a fleet that is only a file: no agent, no network, no state.
load common

setup_file() { own_world; }
teardown_file() { rm -rf "$WORLD"; }
setup() {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  web . 2
  cp "$BATS_TEST_DIRNAME/fleet.yaml" .
}

@test "a plan shows actions, placements and figures, and starts no agent" {
  run -0 nemo plan --fleet fleet.yaml
  [[ $output == *web/0* && $output == *web/1* && $output == *EUR/h* ]]
  run -0 nemo plan --fleet fleet.yaml --full
  [[ $output == *linear-share* ]]
  [ -z "$(agent_pid)" ]
}

@test "the same inputs give the same bytes" {
  nemo plan --fleet fleet.yaml --out a.nemoplan >a.txt
  nemo plan --fleet fleet.yaml --out b.nemoplan >b.txt
  cmp a.nemoplan b.nemoplan
  nemo plan --fleet fleet.yaml --json >a.json
  nemo plan --fleet fleet.yaml --json >b.json
  cmp a.json b.json
  jq -e '.version == 1 and (.placements | length) == 2 and (.actions | length) == 2' a.json
}

@test "every stage can be dumped and taken up again" {
  nemo plan --fleet fleet.yaml --json >whole.json
  for stage in intent resolve policy placement network migration plan; do
    nemo plan --fleet fleet.yaml --dump=$stage >$stage.dump
    nemo plan --replay $stage.dump --json >$stage.json
    cmp whole.json $stage.json
  done
  run -1 nemo plan --dump=nowhere --fleet fleet.yaml
}

@test "exit codes say whether there are changes" {
  run -2 nemo plan --fleet fleet.yaml --detailed-exitcode
  run -0 nemo plan --fleet fleet.yaml
  run -1 nemo plan --fleet missing.yaml
  sed -i 's/sites:/sites: 3\nfoo:/' fleet.yaml
  run -1 nemo plan --fleet fleet.yaml --json
}

@test "verify holds a good plan and refuses one that was touched" {
  nemo plan --fleet fleet.yaml --out p.nemoplan
  run -0 nemo verify p.nemoplan
  [[ $output == *"The plan holds"* ]]
  run -0 nemo verify p.nemoplan --json
  jq -e .valid <<<"$output"
  sed 's/cloud1/cloud2/g; s/gw1/gw2/g' p.nemoplan >q.nemoplan
  run -1 nemo verify q.nemoplan
  head -c 300 p.nemoplan >r.nemoplan
  run -1 nemo verify r.nemoplan
  run -1 nemo verify nothing.nemoplan
}

@test "what nobody can take is refused with the rules" {
  sed -i 's/memory = 64MiB/memory = 900GiB/' web.nemo
  run -1 nemo plan --fleet fleet.yaml
  [[ $output == *900GiB* ]]
}

@test "drift and the null backend need no agent either" {
  run -2 nemo drift --fleet fleet.yaml
  [[ $output == *missing* && $output == *web/0* ]]
  run -0 nemo nodes --backend null
  run -1 nemo nodes --backend nul
  [[ $output == *N0804* && $output == *null* ]]
}
