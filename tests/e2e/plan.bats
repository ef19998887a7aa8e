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
  taskset -c 0 nemo plan --fleet fleet.yaml --out c.nemoplan >/dev/null
  cmp a.nemoplan c.nemoplan
  jq -e '.version == 1 and (.placements | length) == 2 and (.actions | length) == 2' a.json
}

@test "every stage can be dumped and taken up again" {
  nemo plan --fleet fleet.yaml --json >whole.json
  before=
  for stage in intent resolve policy placement network migration plan lower; do
    nemo plan --fleet fleet.yaml --dump=$stage >$stage.dump
    nemo plan --replay $stage.dump --json >$stage.json
    cmp whole.json $stage.json
    if [ -n "$before" ]; then
      nemo plan --replay $before.dump --dump=$stage | cmp - $stage.dump
      run -1 nemo plan --replay $stage.dump --dump=$before
      [[ $output == *"stage '$stage', which comes after '$before'"* ]]
    fi
    before=$stage
  done
  run -1 nemo plan --dump=nowhere --fleet fleet.yaml
}

@test "a replay takes nothing but its dump" {
  nemo plan --fleet fleet.yaml --dump=resolve >resolve.dump
  for flag in "--seed 2" "--fleet fleet.yaml" "--backend null" "--take-over" "."; do
    run -1 nemo plan --replay resolve.dump $flag
    [[ $output == *"excludes"* ]]
  done
  run -1 nemo plan --replay nothing.dump
  [[ $output == *"nothing.dump"*N0101* ]]
  run -1 nemo plan --replay .
  [[ $output == *N0101* ]]
  run -1 timeout 60 nemo plan --replay /dev/zero
  [[ $output == *"over 256 MiB"*N0101* ]]
  run -1 nemo plan --fleet fleet.yaml --dump=resolve --out nothing.nemoplan
  [[ $output == *"excludes"*N0829* && ! -e nothing.nemoplan ]]
  sed -i 's/64MiB/900GiB/' web.nemo
  nemo plan --fleet fleet.yaml --dump=policy >policy.dump
  run -1 nemo plan --replay policy.dump
  [[ $output == *N0501* && $output == *"  resources { cpu = 0.05core; memory = 900GiB }"* ]]
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

@test "what nobody can take is refused with the rules, in the file as it was named" {
  mkdir -p deep/er
  sed 's/memory = 64MiB/memory = 900GiB/' web.nemo >deep/er/web.nemo
  run -1 nemo plan deep/er --fleet fleet.yaml
  [[ $output == *"deep/er/web.nemo:"*N0501* && $output == *"| workload web {"* ]]
  [[ $output == *"deep/er/web.nemo:"*"| "*"memory = 900GiB"* ]]
  run -1 --separate-stderr nemo plan deep/er --fleet fleet.yaml --json
  jq -e '.diagnostics[0].file == "deep/er/web.nemo"' <<<"$output"
}

@test "drift and the null backend need no agent either" {
  run -2 nemo drift --fleet fleet.yaml
  [[ $output == *missing* && $output == *web/0* ]]
  run -0 nemo nodes --backend null
  run -1 nemo nodes --backend nul
  [[ $output == *N0804* && $output == *null* ]]
}

# Many sizes for nodes of many prices: no search ends here by itself.
crowd() {
  {
    echo 'nemo = 1'
    for i in $(seq 60); do
      echo "workload w$i { exec = [\"/bin/true\"]; replicas = 2; resources { cpu = $((i * 37 % 11 + 1))00mcore; memory = $((i * 53 % 13 + 1))00MiB } }"
    done
  } >crowd.nemo
  {
    echo 'fleet: 1'
    echo 'at: 2026-11-24T08:00:00Z'
    echo 'sites:'
    echo '  athens: {country: GR, carbon: 350gCO2e/kWh, price: 0.21EUR/kWh}'
    echo 'nodes:'
    for i in $(seq 24); do
      echo "  - {name: n$i, site: athens, resources: {cpu: 4core, memory: 6GiB}, power: {idle: 3W, max: 12W},"
      echo "     price: 0.0$((i * 29 % 83 + 10))EUR/h}"
    done
  } >crowd.yaml
}

@test "a time limit is kept to, and said to be" {
  crowd
  run -0 --separate-stderr timeout 60 nemo plan crowd.nemo --fleet crowd.yaml --time-limit 1s --json
  jq -e '.reproducible == false and .objective.gap >= 0 and (.placements | length) == 120' <<<"$output"
  timeout 60 nemo plan crowd.nemo --fleet crowd.yaml --time-limit 1s --out a.nemoplan | grep 'not reproducible'
  nemo verify a.nemoplan
  run -1 nemo plan crowd.nemo --fleet crowd.yaml --time-limit soon
  [[ $output == *"write it like 90s"* ]]
}

@test "more effort costs no more, and the same effort gives the same plan" {
  crowd
  for effort in 0 200 20000; do
    nemo plan crowd.nemo --fleet crowd.yaml --effort $effort --json >$effort.json
    nemo plan crowd.nemo --fleet crowd.yaml --effort $effort --json >again.json
    cmp $effort.json again.json
    jq -e ".reproducible and .effort == $effort" $effort.json
  done
  jq -e -s '.[0].objective.value >= .[1].objective.value and .[1].objective.value >= .[2].objective.value
    and .[2].objective.value >= .[0].objective.bound and .[0].objective.bound > 0' 0.json 200.json 20000.json
}

@test "an interrupt takes the best placement so far" {
  crowd
  # A shell makes what it starts in the background ignore SIGINT, so SIGTERM stands in for both.
  nemo plan crowd.nemo --fleet crowd.yaml --time-limit 1min --out a.nemoplan >a.txt &
  plan=$!
  sleep 3
  kill -TERM $plan
  wait $plan
  grep 'not reproducible' a.txt
  nemo verify a.nemoplan
}
