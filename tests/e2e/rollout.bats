#!/usr/bin/env bats
# How a new version takes over under a real agent: as many stay up as the budget says, at every moment that is looked at.
load common

setup_file() {
  own_world
  export APP=$WORLD/app
  mkdir -p "$APP"
}
teardown_file() { end_world; }

# store VERSION BUDGET: three replicas that stop first, as each has a volume with one writer.
store() {
  cat >"$APP/store.nemo" <<NEMO
nemo = 1
stack = "roll"
workload store {
  exec      = ["/bin/sh", "-c", "echo $1; cd /tmp; exec /usr/bin/python3 -u -m http.server \$PORT --bind 127.0.0.1"]
  replicas  = 3
  resources { cpu = 0.05core; memory = 64MiB }
  ports     { http = auto }
  mount     { volume = "log"; target = "/log" }
  health    { http = "/"; every = 200ms; timeout = 2s }
  rollout   { $2 }
}
NEMO
}

stores() { nemo status --json | jq -r "[.workloads[] | select(.name == \"store\")] | $1"; }

@test "two of three stay up while the version changes, and each replica is there since it came" {
  store one "quorum = majority"
  run -0 nemo apply "$APP" --yes
  before=$(stores 'sort_by(.replica) | map(.since)')
  jq -e 'length == 3 and all(.[]; . != null)' <<<"$before"
  old=$(stores '[.[].revision] | unique | .[0]')
  store two "quorum = majority"
  nemo apply "$APP" --yes >"$WORLD/applied" 2>&1 3>&- &
  pid=$!
  looks=0
  while kill -0 "$pid" 2>/dev/null; do
    up=$(stores '[.[] | select(.state == "running" and .healthy) | .replica] | unique | length')
    [ "$up" -ge 2 ]
    looks=$((looks + 1))
  done
  wait "$pid"
  [ "$looks" -gt 0 ]
  [ "$(stores "[.[] | select(.revision == \"$old\")] | length")" -eq 0 ]
  [ "$(stores 'sort_by(.replica) | map(.since)')" = "$before" ]
}

@test "a budget that cannot be kept is refused, and nothing is touched" {
  before=$(stores 'map(.pid)')
  store three "max-unavailable = 0"
  run -1 nemo apply "$APP" --yes
  [[ $output == *N0757* && $output == *"max-unavailable = 0: 3 of 3 stay up"* && $output == *"one writer"* ]]
  [ "$(stores 'map(.pid)')" = "$before" ]
}

@test "what does not fit twice stops first" {
  cpu=$(nemo status --json | jq '.nodes[0].cpu_millicores * 6 / 10 | floor')
  for version in 1 2; do
    cat >"$APP/store.nemo" <<NEMO
nemo = 1
stack = "roll"
workload large {
  exec      = ["/bin/sh", "-c", "echo $version; exec sleep 1000"]
  resources { cpu = ${cpu}mcore; memory = 64MiB }
}
NEMO
    run -0 nemo plan "$APP"
    [ "$version" -eq 1 ] || [[ $output == *"replace large/0"*"stop-first: makes room on"* ]]
    run -0 nemo apply "$APP" --yes
  done
  nemo status --json | jq -e '[.workloads[] | select(.name == "large" and .state == "running")] | length == 1'
  run -0 nemo logs large
  [[ $output == *2* ]]
  run -0 nemo destroy --stack roll --yes
}
