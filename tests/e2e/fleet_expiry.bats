# Desired state that expires, over a real broker: what ran is kept running, nothing new is started, and a
# renewal lets it start. Nothing here is asserted by the clock: what has to come is waited for.
load common
load fleet/machines

setup_file() {
  [ -z "$(lacks_broker)" ] || {
    [ -z "${CI:-}" ] || { lacks_broker; return 1; }
    return 0
  }
  own_world
  nemo fleet init shop.example --listen "127.0.0.1:$((20000 + RANDOM % 10000))" 2>"$WORLD/init.err"
  enters gw1 --site here --class edge
  reports() { nemo nodes --backend fleet --json | jq -e '[.nodes[].name] == ["gw1"]' >/dev/null; }
  until_true 30 reports
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  [ ! -e "$WORLD/controller.pid" ] || kill -9 "$(cat "$WORLD/controller.pid")" 2>/dev/null || true
  as gw1 nemo agent start >/dev/null 2>&1 || true
  for stack in web late led; do
    as gw1 nemo destroy --stack "$stack" --yes --timeout 30s >/dev/null 2>&1 || true
  done
  as gw1 nemo agent stop >/dev/null 2>&1 || true
  nemo fleet stop >/dev/null 2>&1 || true
  end_world
}
setup() { [ -n "${WORLD:-}" ] || skip "nats-server is not installed"; }

# By the node's own word.
field() { as gw1 nemo status --json | jq -r "[.workloads[] | select(.name == \"$1\" and .replica == ${3:-0})][0].$2"; } # WORKLOAD FIELD [REPLICA]
state_is() { [ "$(field "$1" state "${3:-0}")" = "$2" ]; } # WORKLOAD STATE [REPLICA]
starts_new() { # STACK true|false, by the fleet's
  [ "$(nemo fleet status --json | jq -r ".desired[] | select(.stack == \"$1\") | .starts_new")" = "$2" ]
}

@test "what ran before its desired state expired runs on, and comes back when it is killed" {
  web "$WORLD/intent" 1
  nemo apply "$WORLD/intent" --backend fleet --yes --timeout 60s --lifetime 8s
  pid=$(field web pid)
  until_true 30 starts_new web false
  [ "$(field web pid)" = "$pid" ]
  run nemo nodes --backend fleet
  [[ $output == *"stack 'web' on 'gw1' has expired at"* ]]
  run nemo fleet status
  [[ $output == *"stack 'web' on 'gw1' has expired at"* ]]
  as gw1 nemo events --json | grep -q "nothing new is started: the desired state has expired at"

  kill -9 "$pid"
  restarted() { [ "$(field web restarts)" -ge 1 ] && state_is web running; }
  until_true 30 restarted
  # Also by an agent that is started anew, which has it from its disk.
  pid=$(field web pid)
  as gw1 nemo agent stop
  kill -9 "$pid"
  as gw1 nemo agent start
  again() { [ "$(field web pid)" != "$pid" ] && state_is web running; }
  until_true 30 again
  starts_new web false
}

@test "a new replica in a statement that has expired on its way is not started, and starts when it is applied anew" {
  # The last report stands for a minute: who applies does not know that the node is away.
  as gw1 nemo agent stop
  web "$WORLD/intent" 2
  run nemo apply "$WORLD/intent" --backend fleet --yes --timeout 20s --lifetime 2s
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"What they shall run is stored"* ]]
  as gw1 nemo agent start
  refused() { nemo nodes --backend fleet 2>&1 | grep -q "does not act on what the broker gives it.*expired at"; }
  until_true 30 refused
  state_is web running
  [ "$(field web state 1)" = null ]
  nemo apply "$WORLD/intent" --backend fleet --yes --timeout 60s
  state_is web running 1
  starts_new web true
}

@test "what was still waiting when it expired is held back, and a renewal starts it at once" {
  mkdir -p "$WORLD/late"
  cat >"$WORLD/late/late.nemo" <<'NEMO'
nemo = 1
stack = "late"
workload slow {
  exec      = ["/bin/sh", "-c", "sleep 12; cd /tmp; exec /usr/bin/python3 -m http.server $PORT --bind 127.0.0.1"]
  resources { cpu = 0.05core; memory = 64MiB }
  ports     { http = auto }
  health    { http = "/"; every = 200ms; timeout = 2s; grace = 60s }
}
workload next {
  exec      = ["/bin/sh", "-c", "exec sleep 100000"]
  resources { cpu = 0.05core; memory = 32MiB }
  after     = [slow]
}
NEMO
  run nemo apply "$WORLD/late" --backend fleet --yes --timeout 2s --lifetime 6s
  echo "$output"
  until_true 40 state_is slow running
  state_is next pending
  [[ $(field next reason) == "the desired state has expired at"*"controller renews it"* ]]
  pid=$(field slow pid)
  run nemo apply "$WORLD/late" --backend fleet --yes --timeout 60s
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"Renewed"*gw1* ]]
  state_is next running
  [ "$(field slow pid) $(field slow restarts)" = "$pid 0" ]
}

@test "a controller renews what it delivered, and nothing is started again" {
  web "$WORLD/repo" 1 controlled led
  git init -q -b main "$WORLD/repo"
  git -C "$WORLD/repo" add -A
  git -C "$WORLD/repo" -c user.name=t -c user.email=t@t commit -q -m one
  nemo destroy --stack web --backend fleet --yes --timeout 60s || true # of the tests before
  nemo controller --repo "$WORLD/repo" --branch main --backend fleet --policy auto --lifetime 9s --json \
    >"$WORLD/events" 2>"$WORLD/errors" 3>&- &
  echo $! >"$WORLD/controller.pid"
  until_true 60 state_is web running
  pid=$(field web pid)
  renewed() { [ "$(grep -c '"event":"renewed"' "$WORLD/events")" -ge "$1" ]; }
  until_true 30 renewed 2
  [ "$(field web pid) $(field web restarts)" = "$pid 0" ]
  [ "$(grep -c '"event":"delivered"' "$WORLD/events")" -eq 1 ]
  starts_new led true
  kill "$(cat "$WORLD/controller.pid")"
  # Nobody renews it any more.
  until_true 30 starts_new led false
  state_is web running
}
