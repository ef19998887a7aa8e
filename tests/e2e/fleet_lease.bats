# What must not run twice runs by a lease, which three nodes grant each other without the broker: cut off, it
# ends by itself, and only then it starts elsewhere. One controller on `base` plans again where a node dies.
load common
load fleet/machines
load fleet/network

nodes="gw1 gw2 gw3 gw4"

setup_file() {
  LACKS=$(lacks_network)
  LACKS=${LACKS:-$(lacks_broker)}
  export LACKS
  [ -z "$LACKS" ] || { [ -z "${CI:-}" ] || { echo "$LACKS"; return 1; }; return 0; }
  own_world
  # shellcheck disable=SC2086
  make_network base $nodes
  on base nemo fleet init shop.example --listen 10.77.0.1:4222 >"$WORLD/init.out" 2>&1
  local machine
  for machine in $nodes; do
    enters "$machine" --site here --class edge
  done
  mkdir -p "$WORLD/repo/app" "$WORLD/log"
  chmod 1777 "$WORLD/log" # of a user of its own on each node
  cat >"$WORLD/repo/app/run.py" <<'PYTHON'
import os, time
def now(): return time.clock_gettime(time.CLOCK_BOOTTIME)
with open(f"/log/{os.environ['NEMO_NODE']}-{now()}", "w") as log:
    while True:
        print(now(), file=log, flush=True)
        time.sleep(0.02)
PYTHON
  cat >"$WORLD/repo/db.nemo" <<NEMO
nemo = 1
stack = "shop"
workload db {
  exec      = ["/usr/bin/python3", "/app/run.py"]
  partition = stop
  resources { cpu = 0.05core; memory = 64MiB }
  mount     { source = "app"; target = "/app" }
  mount     { source = "$WORLD/log"; target = "/log"; read-only = false }
}
NEMO
  git init -q -b main "$WORLD/repo"
  git -C "$WORLD/repo" add -A
  git -C "$WORLD/repo" -c user.name=t -c user.email=t@t commit -q -m db
  # A plan for fewer than three nodes has no lease.
  all_there() { [ "$(on base nemo nodes --backend fleet --json 2>/dev/null | jq '.nodes | length')" = 4 ]; }
  until_true 60 all_there
  on base nemo controller --repo "$WORLD/repo" --branch main --backend fleet --json --policy auto \
    >"$WORLD/events" 2>"$WORLD/errors" 3>&- &
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  end_network
  rm -rf "$WORLD"
}
setup() { [ -z "$LACKS" ] || skip "$LACKS"; }

state_on() { # NODE: of its db
  on "$1" nemo status --json 2>/dev/null | jq -r '.workloads[] | select(.name == "db" and (.retiring | not)) | .state'
}
runs_on() { [ "$(state_on "$1")" = running ]; }
where() { # the nodes where it runs, by their own word
  local node found=
  for node in $nodes; do ! runs_on "$node" || found+="$node "; done
  echo "${found% }"
}
runs_elsewhere() { # NODE
  local now
  now=$(where)
  [ -n "$now" ] && [[ " $now " != *" $1 "* ]]
}
runs_somewhere() { runs_elsewhere nowhere; }
reason_on() { on "$1" nemo status --json | jq -r '.workloads[] | select(.name == "db") | .reason'; }
# executions AT-LEAST: they never overlap.
executions() { python3 "$BATS_TEST_DIRNAME/fleet/overlaps.py" "$WORLD/log" "$1"; }
holder_is_alone() { [ "$(where | wc -w)" -eq 1 ]; }

@test "it is planned with three granters, and runs when they grant it" {
  until_true 90 runs_somewhere || { cat "$WORLD/errors" "$WORLD/events"; for n in $nodes; do on "$n" nemo status; done; false; }
  holder_is_alone
  executions 1
}

@test "its node is cut off: it ends there by itself, and starts elsewhere only then" {
  first=$(where)
  cut "$first"
  until_true 60 runs_elsewhere "$first" || { tail "$WORLD/events"; for n in $nodes; do on "$n" nemo status; done; false; }
  echo "$(reason_on "$first")"
  [[ "$(reason_on "$first")" == *lease* ]]
  mend "$first"
  sleep 5
  until_true 30 holder_is_alone
  executions 2
}

@test "its agent is killed: its supervisor ends it in time, and it starts elsewhere only then" {
  first=$(where)
  kill -KILL "$(on "$first" nemo agent status --json | jq .pid)"
  other() { # by those that answer
    local node
    for node in $nodes; do [ "$node" = "$first" ] || ! runs_on "$node" || return 0; done
    return 1
  }
  until_true 60 other
  on "$first" nemo agent start >/dev/null
  sleep 3
  until_true 30 holder_is_alone
  executions 3
}

@test "the broker is gone: it goes on, as its granters do not need one" {
  first=$(where)
  on base nemo fleet status --json >"$WORLD/before.json"
  kill -KILL "$(jq -r .serving_pid "$WORLD/before.json")" "$(jq -r .broker_pid "$WORLD/before.json")"
  pid=$(on "$first" nemo status --json | jq '.workloads[] | select(.name == "db") | .pid')
  sleep 12
  [ "$(on "$first" nemo status --json | jq '.workloads[] | select(.name == "db" and .state == "running") | .pid')" = "$pid" ]
  # And by the very same rule it ends where its granters are gone, too.
  cut "$first"
  stopped() { [ "$(state_on "$first")" = pending ]; }
  until_true 20 stopped
  [[ "$(reason_on "$first")" == *lease* ]]
  mend "$first"
  until_true 30 runs_on "$first"
  on base nemo fleet start
  executions 4
}
