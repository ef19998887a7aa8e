# A fleet that heals itself: the controller hears the nodes' heartbeats, and what a dead node ran
# runs elsewhere.
load common
load fleet/machines

setup_file() {
  command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || {
    [ -z "${CI:-}" ] || { echo "nats-server is not installed"; return 1; }
    return 0
  }
  own_world
  nemo fleet init shop.example --listen "127.0.0.1:$((20000 + RANDOM % 10000))" 2>"$WORLD/init.err"
  local machine
  for machine in gw1 gw2 gw3; do
    nemo fleet invite "$machine" --site here --class edge 2>/dev/null >"$WORLD/command"
    as "$machine" sh "$WORLD/command" >"$WORLD/$machine.out" 2>&1
  done
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  [ ! -s "$WORLD/controller" ] || kill "$(cat "$WORLD/controller")" 2>/dev/null || true
  for machine in gw1 gw2 gw3; do
    as "$machine" nemo agent start >/dev/null 2>&1 || true
    as "$machine" nemo destroy --stack web --yes --timeout 30s >/dev/null 2>&1 || true
    as "$machine" nemo agent stop >/dev/null 2>&1 || true
  done
  nemo fleet stop >/dev/null 2>&1 || true
  end_world
}
setup() { [ -n "${WORLD:-}" ] || skip "nats-server is not installed"; }

events() { jq -c "select(.event == \"$1\")" "$WORLD/events"; }
has_event() { [ -n "$(events "$1")" ]; }
node_is() { [ -n "$(jq -c "select(.event == \"node\" and .node == \"$1\" and .state == \"$2\")" "$WORLD/events")" ]; }
serves_on() { # NODE: by that node's own word
  as "$1" nemo status --json | jq -r '.workloads[] | select(.name == "web" and .state == "running") | .addresses[0].address'
}
somewhere_else() { # NODE: another one serves and answers
  local node
  for node in gw1 gw2 gw3; do
    [ "$node" != "$1" ] || continue
    [ -z "$(serves_on "$node")" ] || [ "$(fetch "$(serves_on "$node")")" != hello ] || return 0
  done
  return 1
}

@test "a node's agent is killed: what it ran answers elsewhere, and is ended there when it is back" {
  git init -q -b main "$WORLD/repo"
  web "$WORLD/repo" 1
  git -C "$WORLD/repo" add -A
  git -C "$WORLD/repo" -c user.name=t -c user.email=t@t commit -q -m "one web"
  nemo controller --repo "$WORLD/repo" --branch main --policy auto --backend fleet --json >"$WORLD/events" 2>"$WORLD/errors" 3>&- &
  echo $! >"$WORLD/controller"
  until_true 40 has_event settled
  first=$(events delivered | jq -r .node | head -1)
  serves() { [ -n "$(serves_on "$1")" ]; }
  until_true 20 serves "$first"
  for machine in gw1 gw2 gw3; do until_true 10 node_is "$machine" alive; done

  pid=$(as "$first" nemo agent status --json | jq -r .pid)
  kill -9 "$pid"
  until_true 20 node_is "$first" dead
  until_true 30 somewhere_else "$first"
  [ "$(events node | jq -r 'select(.state == "dead") | .node' | sort -u)" = "$first" ]

  # Back again: what it went on running without its agent ends, as it runs elsewhere.
  as "$first" nemo agent start >/dev/null
  until_true 20 node_is "$first" returning
  until_true 30 has_event cleared
  ended() { ! serves "$first"; }
  until_true 20 ended
  somewhere_else "$first"
}
