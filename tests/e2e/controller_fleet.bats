# A fleet that heals itself: the controller hears the nodes' heartbeats, and what a dead node ran
# runs elsewhere; of several controllers one leads, and what it leaves undone another completes.
load common
load fleet/machines

setup_file() {
  [ -z "$(lacks_broker)" ] || {
    [ -z "${CI:-}" ] || { lacks_broker; return 1; }
    return 0
  }
  own_world
  nemo fleet init shop.example --listen "127.0.0.1:$((20000 + RANDOM % 10000))" 2>"$WORLD/init.err"
  local machine
  for machine in gw1 gw2 gw3; do
    enters "$machine" --site here --class edge
  done
  enters cyd --role controller
  # Machines of two operators, where controllers run.
  for machine in ann bob; do
    enters "$machine" --role operator
  done
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  for machine in ann bob cyd; do
    kill -9 "$(cat "$WORLD/$machine.pid")" 2>/dev/null || true
  done
  for machine in gw1 gw2 gw3; do
    as "$machine" nemo agent start >/dev/null 2>&1 || true
    as "$machine" nemo destroy --stack web --yes --timeout 30s >/dev/null 2>&1 || true
    as "$machine" nemo agent stop >/dev/null 2>&1 || true
  done
  nemo fleet stop >/dev/null 2>&1 || true
  end_world
}
setup() { [ -n "${WORLD:-}" ] || skip "nats-server is not installed"; }

# controller MACHINE [OPTIONS]: its events are in MACHINE.events, from now on.
controller() {
  local machine=$1
  shift
  : >"$WORLD/$machine.events"
  XDG_STATE_HOME=$WORLD/machines/$machine XDG_RUNTIME_DIR='' nemo controller --repo "$WORLD/repo" --branch main \
    --backend fleet --json "$@" >>"$WORLD/$machine.events" 2>"$WORLD/$machine.errors" 3>&- &
  echo $! >"$WORLD/$machine.pid"
}
# The same, with events in a pipe that is not read while $WORLD/hang is there: who tells them hangs.
controller_in_pipe() {
  : >"$WORLD/$1.events"
  mkfifo "$WORLD/$1.pipe"
  python3 - "$WORLD/$1.pipe" "$WORLD/$1.events" "$WORLD/hang" 3>&- <<'PYTHON' &
import fcntl, os, sys, time
F_SETPIPE_SZ = 1031
pipe = os.open(sys.argv[1], os.O_RDONLY)
fcntl.fcntl(pipe, F_SETPIPE_SZ, 4096)
with open(sys.argv[2], "ab", buffering=0) as events:
    while True:
        if os.path.exists(sys.argv[3]):
            time.sleep(0.1)
            continue
        read = os.read(pipe, 4096)
        if not read:
            break
        events.write(read)
PYTHON
  XDG_STATE_HOME=$WORLD/machines/$1 XDG_RUNTIME_DIR='' nemo controller --repo "$WORLD/repo" --branch main \
    --backend fleet --json --policy auto >"$WORLD/$1.pipe" 2>"$WORLD/$1.errors" 3>&- &
  echo $! >"$WORLD/$1.pid"
}
signal() { kill "-$1" "$(cat "$WORLD/$2.pid")"; } # SIGNAL MACHINE
ended() { ! kill -0 "$(cat "$WORLD/$1.pid")" 2>/dev/null; }
events() { jq -c "select(.event == \"$2\")" "$WORLD/$1.events" 2>/dev/null; } # MACHINE EVENT
has_event() { [ -n "$(events "$1" "$2")" ]; }
leads() { [ "$(events "$1" lead | tail -1 | jq .leading)" = true ]; }
follows() { [ "$(events "$1" lead | tail -1 | jq -r '"\(.leading) \(.leader)"')" = "false $2" ]; }
term() { events "$1" lead | tail -1 | jq .term; }
node_is() { [ -n "$(jq -c "select(.event == \"node\" and .node == \"$1\" and .state == \"$2\")" "$WORLD/ann.events")" ]; }
commit() { # REPLICAS
  web "$WORLD/repo" "$1"
  git -C "$WORLD/repo" add -A
  git -C "$WORLD/repo" -c user.name=t -c user.email=t@t commit -q --allow-empty -m "$1 of them"
}
running() { # COUNT, by the nodes' own words
  local node
  [ "$(for node in gw1 gw2 gw3; do as "$node" nemo status --json; done |
    jq -s '[.[].workloads[] | select(.name == "web" and .state == "running")] | length')" = "$1" ]
}
# Each start of a web server is a line of its log: REPLICA COUNT, of those that ever were.
starts() {
  local node
  for node in gw1 gw2 gw3; do as "$node" nemo logs web --json 2>/dev/null || true; done |
    jq -s -r '[.[] | select(.text | test("^serving "))] | group_by(.replica)[] | "\(.[0].replica) \(length)"'
}
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
  commit 1
  controller ann --policy auto
  until_true 40 has_event ann settled
  leads ann
  first=$(events ann delivered | jq -r .node | head -1)
  serves() { [ -n "$(serves_on "$1")" ]; }
  until_true 20 serves "$first"
  for machine in gw1 gw2 gw3; do until_true 10 node_is "$machine" alive; done

  pid=$(as "$first" nemo agent status --json | jq -r .pid)
  kill -9 "$pid"
  until_true 20 node_is "$first" dead
  until_true 30 somewhere_else "$first"
  [ "$(events ann node | jq -r 'select(.state == "dead") | .node' | sort -u)" = "$first" ]

  # Back again: what it went on running without its agent ends, as it runs elsewhere.
  as "$first" nemo agent start >/dev/null
  until_true 20 node_is "$first" returning
  until_true 30 has_event ann cleared
  gone() { ! serves "$first"; }
  until_true 20 gone
  somewhere_else "$first"
}

@test "of two controllers one leads; when it ends the other does at once, and nothing is delivered again" {
  controller bob --policy auto
  until_true 20 follows bob ann
  before=$(term ann)
  signal TERM ann
  until_true 20 leads bob
  [ "$(term bob)" -gt "$before" ]
  until_true 20 has_event bob settled
  ! has_event bob delivered
  until_true 10 ended ann
  run nemo fleet status --json
  [ "$(jq -c '.leads | map([.lead, .leader])' <<<"$output")" = '[["main","bob"]]' ]
}

@test "a leader is killed as it delivers: the other completes it, and nothing is started twice" {
  local leader=bob other=ann count
  starts >"$WORLD/before"
  for count in 2 4 6; do
    controller "$other" --policy auto
    until_true 20 follows "$other" "$leader"
    : >"$WORLD/$leader.events"
    commit "$count"
    until has_event "$leader" plan; do sleep 0.01; done
    signal KILL "$leader"
    until_true 30 leads "$other"
    until_true 40 running "$count"
    until_true 20 has_event "$other" settled
    leader=$other
    other=$([ "$leader" = ann ] && echo bob || echo ann)
  done
  starts >"$WORLD/after"
  awk 'NR == FNR { had[$1] = $2; next }
    $2 != ($1 in had ? had[$1] : 1) { print "replica " $1 " was started " $2 " times"; bad = 1 }
    END { exit bad || FNR != 6 }' "$WORLD/before" "$WORLD/after"
}

@test "a leader that was stopped and goes on delivers nothing old, and follows" {
  controller bob --policy auto
  until_true 20 follows bob ann
  signal STOP ann
  until_true 20 leads bob
  commit 2
  until_true 40 running 2
  until_true 20 has_event bob settled
  : >"$WORLD/ann.events"
  signal CONT ann
  until_true 20 follows ann bob
  [[ $(events ann lead | jq -r .text) == *"the lead of before is lost"* ]]
  # It leads again, in a later term, and finds that there is nothing to do.
  signal TERM bob
  until_true 20 leads ann
  until_true 20 has_event ann settled
  ! has_event ann delivered
  running 2
}

@test "operators apply beside a controller, and what the commit says comes back" {
  leads ann
  web "$WORLD/other" 1 hello other
  as bob nemo apply "$WORLD/other" --backend fleet --yes
  as bob nemo destroy --stack other --backend fleet --yes
  : >"$WORLD/ann.events"
  web "$WORLD/repo" 3 # not committed
  # It is delivered, and may be taken away before all of it has started.
  run as bob nemo apply "$WORLD/repo" --backend fleet --yes --timeout 5s
  [[ $output == *"Delivered to"* ]]
  until_true 30 has_event ann delivered
  until_true 30 running 2
  git -C "$WORLD/repo" checkout -q -- .
}

@test "what a leader asks for is approved by an operator elsewhere, and whoever leads next carries it out" {
  signal TERM ann
  until_true 10 ended ann
  commit 1
  controller ann --policy 'auto within { moves = 0 }' --lead shop
  until_true 30 has_event ann ask
  controller bob --policy 'auto within { moves = 0 }' --lead shop
  until_true 20 follows bob ann
  [[ $(events ann ask | jq -r .text) == *"--backend fleet --lead shop" ]]
  run nemo approve 0000 --backend fleet --lead shop --yes
  [ "$status" -eq 1 ]
  [[ $output == *"things have moved since"*N0809* ]]
  run nemo approve --backend fleet --lead shop </dev/null
  [ "$status" -eq 1 ]
  [[ $output == *"nemo approve --backend fleet --lead shop --yes"* ]]
  digest=$(events ann ask | tail -1 | jq -r .digest)
  signal KILL ann
  until_true 20 leads bob
  # It goes on with the very plan.
  until_true 20 has_event bob ask
  [ "$(events bob ask | tail -1 | jq -r .digest)" = "$digest" ]
  [[ $(events bob note | jq -r .text) == *"which ann asked for, is gone on with"* ]]
  running 2
  run nemo approve "${digest:0:10}" --backend fleet --lead shop --yes
  [ "$status" -eq 0 ]
  [[ $output == *"takes away 1 replicas"* ]]
  until_true 30 running 1
  until_true 20 has_event bob settled
  run nemo approve --backend fleet --lead shop --yes
  [ "$status" -eq 1 ]
  [[ $output == *"no plan waits"* ]]
}

@test "what was approved under a former leader counts for the same plan, and for no other" {
  local digest
  controller ann --policy manual --lead shop
  until_true 20 follows ann bob
  signal TERM bob
  until_true 10 ended bob
  until_true 20 leads ann
  controller bob --policy manual --lead shop
  until_true 20 follows bob ann
  commit 2
  until_true 30 has_event ann ask
  digest=$(events ann ask | tail -1 | jq -r .digest)
  signal STOP ann
  nemo approve "$digest" --backend fleet --lead shop --yes
  until_true 20 leads bob
  until_true 30 running 2
  [ "$(events bob delivered | jq -r .digest | sort -u)" = "$digest" ]
  until_true 20 has_event bob settled
  signal CONT ann
  until_true 20 follows ann bob
  # Meanwhile what is wanted moves on.
  : >"$WORLD/bob.events"
  commit 3
  until_true 30 has_event bob ask
  digest=$(events bob ask | tail -1 | jq -r .digest)
  signal STOP bob
  commit 1
  nemo approve "$digest" --backend fleet --lead shop --yes
  : >"$WORLD/ann.events"
  until_true 30 has_event ann ask
  [ "$(events ann ask | tail -1 | jq -r .digest)" != "$digest" ]
  [[ $(events ann note | jq -r .text) == *"an approval of it does not count"* ]]
  running 2
  signal KILL bob
}

@test "a leader whose deliveries all fail gives the lead to one that can, and follows" {
  signal KILL ann
  commit 1
  controller cyd --policy auto # to which nothing is delegated
  until_true 30 leads cyd
  controller ann --policy auto
  until_true 20 follows ann cyd
  until_true 60 leads ann
  until_true 30 running 1
  until_true 20 has_event ann settled
  until_true 20 follows cyd ann
  [[ $(events cyd fault | jq -r .text) == *"the lead is given back: nothing that this controller tried has succeeded for 30 s"* ]]
  signal TERM cyd
  until_true 10 ended cyd
}

@test "a leader that hangs gives the lead to another, and follows when it goes on" {
  local count=2 i
  signal TERM ann
  until_true 10 ended ann
  controller_in_pipe bob
  until_true 20 has_event bob settled
  leads bob
  controller ann --policy auto
  until_true 20 follows ann bob
  touch "$WORLD/hang"
  for ((i = 0; i < 60; i++)); do
    leads ann && break
    count=$((3 - count))
    commit $count
    sleep 2
  done
  leads ann
  until_true 40 running $count
  until_true 20 has_event ann settled
  commit 1 # how often it changed is chance, and the next test begins with one
  until_true 40 running 1
  rm "$WORLD/hang"
  until_true 20 follows bob ann
  [[ $(events bob fault | jq -r .text) == *"the lead is given back: this controller's loop has not come round for 30 s"* ]]
  signal TERM bob
  until_true 10 ended bob
}

@test "a controller that is no operator decides when an operator has delegated that to it, and from then on" {
  signal TERM ann
  until_true 10 ended ann
  commit 2
  controller cyd --policy auto
  until_true 30 leads cyd
  denied() { events cyd fault | grep -q "nemo fleet delegate cyd"; }
  until_true 20 denied
  running 1
  run nemo fleet delegate nobody
  [ "$status" -eq 1 ]
  [[ $output == *"is no member of the fleet"* ]]
  run nemo fleet delegate cyd --lifetime 1h
  [ "$status" -eq 0 ]
  [[ $output == *"spiffe://shop.example/controller/cyd decides for everybody until"* ]]
  signal TERM cyd # it looks once a minute; a new one at once
  until_true 10 ended cyd
  controller cyd --policy auto
  until_true 30 running 2
  until_true 20 has_event cyd settled
}
