# Who comes first where there is not room for everybody. Real processes that give way and come back.
load common

setup_file() {
  own_world
  export APP=$WORLD/app
  mkdir -p "$APP"
}
teardown_file() { end_world; }

# Three that fill the node, and what is added to them.
stack() {
  cat >"$APP/app.nemo" <<NEMO
nemo = 1
stack = "prio"
node local { resources { cpu = 1core; memory = 512MiB } }
workload fill {
  exec      = ["/bin/sleep", "100000"]
  replicas  = 3
  priority  = 1
  resources { cpu = 0.3core; memory = 32MiB }
  stop      { grace = 1s }
}
$1
NEMO
}

running() { nemo status --json | jq -r '[.workloads[] | select(.state == "running") | "\(.name)/\(.replica)"] | sort | join(" ")'; }
runs() { [ "$(running)" = "$1" ]; }

@test "what has a higher priority gets room, and what gave it comes back" {
  stack ''
  run -0 nemo apply "$APP" --yes
  runs "fill/0 fill/1 fill/2"
  first=$(nemo status --json | jq -r '.workloads[] | select(.name == "fill" and .replica == 0) | .pid')

  stack 'workload urgent { exec = ["/bin/sleep", "100000"]; priority = 5; resources { cpu = 0.5core; memory = 32MiB } }'
  run -0 nemo plan "$APP" --out "$WORLD/urgent.nemoplan"
  [[ $output == *"Waiting for room"*"fill/1..2"*"no room beside what comes before priority 1"* ]]
  [[ $output == *"2 replicas wait for room."* ]]
  run -0 nemo verify "$WORLD/urgent.nemoplan"
  run -0 nemo explain workload.fill "$APP"
  [[ $output == *"fill/1 waits"* ]]
  run -0 nemo apply "$WORLD/urgent.nemoplan" --yes
  runs "fill/0 urgent/0"
  run -0 nemo drift "$APP"

  stack ''
  run -0 nemo apply "$APP" --yes
  runs "fill/0 fill/1 fill/2"
  [ "$(nemo status --json | jq -r '.workloads[] | select(.name == "fill" and .replica == 0) | .pid')" = "$first" ]
}

@test "a gang gets room as a whole or not at all; without a priority there is no plan" {
  stack 'workload team { exec = ["/bin/sleep", "100000"]; priority = 5; gang = true; replicas = 4; resources { cpu = 0.3core; memory = 32MiB } }'
  run -0 nemo plan "$APP" --json
  [ "$(jq -r '[.waiting[] | "\(.workload)/\(.replica)"] | join(" ")' <<<"$output")" = "team/0 team/1 team/2 team/3" ]
  stack 'workload must { exec = ["/bin/sleep", "100000"]; replicas = 4; resources { cpu = 0.3core; memory = 32MiB } }'
  run -1 nemo plan "$APP" --json
  [ "$(jq -r '[.diagnostics[] | select(.severity == "error") | .id] | join(" ")' <<<"$output")" = N0501 ]
}
