#!/usr/bin/env bats
# What the agent keeps, does and tells, as its user sees it.
load common

setup_file() {
  own_world
  export APP=$WORLD/app
}
teardown_file() { end_world; }

# job NAME SCRIPT [MORE]: an intent with one workload that runs a shell script.
job() {
  mkdir -p "$APP"
  cat >"$APP/app.nemo" <<NEMO
nemo = 1
stack = "app"
workload $1 {
  exec = ["/bin/sh", "-c", "$2"]
  resources { cpu = 0.05core; memory = 32MiB }
  ${3:-}
}
NEMO
}

happened() { nemo events "$@" --json 2>/dev/null | jq -se "$HAPPENED" >/dev/null; }

@test "events say what happened to whom, and outlive the agent" {
  job flaps 'echo here; exit 7' 'restart { policy = always; backoff = 100ms }'
  run nemo apply "$APP" --yes --timeout 5s
  export HAPPENED='any(.[]; .type == "state" and .workload == "flaps" and .state == "backoff" and .exit_code == 7)'
  until_true 20 happened flaps
  run -0 nemo events
  [[ $output == *app/flaps/0*backoff*"exit code 7"* ]]
  before=$(nemo events --json | jq -s '.[0].sequence')
  kill -9 "$(agent_pid)"
  run -0 nemo events flaps/0 --json # starts it again
  [ "$(nemo events --json | jq -s '.[0].sequence')" = "$before" ]
  HAPPENED='any(.[]; .type == "note" and (.message | contains("has started")))' happened
  run -1 nemo events flap
  [[ $output == *N0815* && $output == *"nemo events flaps"* ]]
  run -1 nemo events a/b
  [[ $output == *N0815* ]]
  run -0 nemo events --since 0s
  [[ $output == *"Nothing of that kind"* ]]
}

@test "events -f goes on until it is interrupted" {
  env --default-signal=INT nemo events -f --json >"$WORLD/followed" 3>&- &
  local pid=$!
  job other 'exec sleep 1000'
  run -0 nemo apply "$APP" --yes
  until_true 20 grep -q '"workload":"other"' "$WORLD/followed"
  kill -INT "$pid"
  local code=0
  wait "$pid" || code=$?
  [ "$code" -eq 130 ]
}

@test "a limit that was hit is a refusal with the workload's name" {
  nemo nodes --json | jq -e 'any(.nodes[].capabilities[]; .name == "limit.memory" and .available)' ||
    skip "this node cannot enforce limit.memory"
  job hungry 'exec /usr/bin/python3 -c \"x = bytearray(200 << 20); print(len(x))\"'
  run nemo apply "$APP" --yes --timeout 20s
  export HAPPENED='any(.[]; .type == "refusal" and .workload == "hungry" and .subject == "limit.memory" and .count >= 1)'
  until_true 20 happened --refusals
  run -0 nemo events hungry --refusals
  [[ $output == *app/hungry/0*refused*memory* ]]
}

@test "a secret is a file in memory, and stands nowhere else" {
  local value="correct-horse-$RANDOM-battery-$RANDOM"
  printf %s "$value" >"$WORLD/password"
  chmod 600 "$WORLD/password"
  job keeper 'stat -f -c type=%T /run/secrets; stat -c mode=%a /run/secrets/db; wc -c </run/secrets/db; exec sleep 1000' \
    'secrets = [db]'
  echo "secret db { file = \"$WORLD/password\" }" >>"$APP/app.nemo"
  nemo plan "$APP" --out "$WORLD/app.nemoplan" >"$WORLD/plan.txt"
  nemo plan "$APP" --json >"$WORLD/plan.json"
  nemo plan "$APP" --dump=lower >"$WORLD/lower.json" 2>/dev/null || true
  run -0 nemo apply "$WORLD/app.nemoplan" --yes
  said() { nemo logs keeper/0 | grep -q "^$1\$"; }
  until_true 20 said ${#value}
  run -0 nemo logs keeper/0
  [[ $output == *type=tmpfs* && $output == *mode=400* ]]
  nemo status --json >"$WORLD/status.json"
  nemo nodes --json >"$WORLD/nodes.json"
  nemo events --json >"$WORLD/events.json"
  # As its user could find it: the programs' words and environments, and every file but the secret itself.
  cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' >"$WORLD/processes" || true
  grep -q sleep "$WORLD/processes"
  run -1 grep -rlaF "$value" "$WORLD" --exclude=password
  [ -z "$output" ]
  # It is there, and found by looking like this.
  run -0 grep -rlaF "$value" "$WORLD"
  run -0 nemo destroy "$APP" --yes
}

@test "what ends while no agent is there is reported with its exit code, and started again" {
  job brief 'echo begun; until [ -e /tmp/never ]; do [ -e /data/go ] && exit 23; sleep 0.1; done' \
    'mount { volume = "v"; target = "/data" }; restart { policy = always; backoff = 100ms }'
  run -0 nemo apply "$APP" --yes
  local pid
  pid=$(nemo status --json | jq '.workloads[0].pid')
  kill -9 "$(agent_pid)"
  touch "$XDG_STATE_HOME/nemo/volumes/app/brief/0/v/go"
  until_true 20 bash -c "! kill -0 $pid 2>/dev/null"
  rm "$XDG_STATE_HOME/nemo/volumes/app/brief/0/v/go"
  run -0 nemo agent start
  export HAPPENED='any(.[]; .workload == "brief" and .state == "backoff" and .exit_code == 23)'
  until_true 20 happened brief
  until_true 20 bash -c "nemo status --json | jq -e '.workloads[0] | .state == \"running\" and .restarts == 1' >/dev/null"
  # It runs a moment before its shell has printed anything.
  until_true 20 bash -c '[ "$(nemo logs brief/0 | grep -c begun)" -eq 2 ]'
  run -0 nemo destroy "$APP" --yes
}

@test "logs go on while no agent is there, and are rotated" {
  job chatty "seq -f 'line %.0f of a log that is longer than one file may be' 400000; echo finished; exec sleep 1000"
  run -0 nemo apply "$APP" --yes
  kill -9 "$(agent_pid)"
  local directory=$XDG_STATE_HOME/nemo/instances/app/chatty/0
  until_true 120 bash -c "tail -qn1 $directory/*/log | grep -q finished"
  [ -e "$(echo "$directory"/*/log.1)" ]
  [ "$(du -sk "$directory" | cut -f1)" -lt 25000 ]
  run -0 nemo logs chatty/0 --tail 2
  [ "${lines[0]}" = "line 400000 of a log that is longer than one file may be" ]
  [ "${lines[1]}" = "finished" ]
  run -0 nemo logs chatty --since 0s
  [ -z "$output" ]
  run -0 nemo destroy "$APP" --yes
}

@test "an ordinary user has an agent of his own, that does the same" {
  [ "$(id -u)" -eq 0 ] || skip "the other tests were this one"
  local home=$WORLD/user
  mkdir -p "$home"
  job mine 'id -u; exec sleep 1000'
  cp -r "$APP" "$home/app"
  chmod 755 "$WORLD"
  chown -R 65534:65534 "$home"
  user() {
    (cd "$home" && env -u XDG_RUNTIME_DIR -u XDG_STATE_HOME HOME="$home" \
      setpriv --reuid 65534 --regid 65534 --clear-groups "$@")
  }
  user nemo nodes --json | jq -e 'any(.nodes[].capabilities[]; .name == "sandbox.process" and .available)' ||
    skip "an ordinary user has no sandbox here"
  run -0 user nemo apply app --yes
  # What is not enforced for him is said, not skipped.
  for missing in $(user nemo nodes --json | jq -r '.nodes[].capabilities[] | select(.available | not) | .name' | grep -xE 'limit.(memory|cpu)'); do
    [[ $output == *$missing* ]]
  done
  local pid before
  pid=$(user nemo agent status --json | jq .pid)
  before=$(user nemo status --json | jq -c '[.workloads[] | [.pid, .restarts]]')
  kill -9 "$pid"
  [ "$(user nemo status --json | jq -c '[.workloads[] | [.pid, .restarts]]')" = "$before" ]
  run -0 user nemo logs mine/0
  [ "$output" = 1000 ] || [ "$output" = 65534 ]
  run -0 user nemo destroy --yes
  run -0 user nemo agent stop
}

@test "the unit for systemd is right" {
  local unit=$SOURCE/packaging/nemo-agent.service.in
  grep -q '^KillMode=process$' "$unit"
  grep -q '^Delegate=yes$' "$unit"
  command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
  mkdir -p "$WORLD/unit"
  # The program need not be installed to check the rest.
  sed "s,^ExecStart=[^ ]*,ExecStart=$(command -v nemo-agent)," "$unit" >"$WORLD/unit/nemo-agent.service"
  run -0 systemd-analyze verify --man=no "$WORLD/unit/nemo-agent.service"
  [[ $output != *nemo-agent.service* ]]
}
