# Two nodes of a fleet on this machine, each with its own agent, and a real broker: what is applied
# here runs there.
load common
load fleet/machines
load registry/start

setup_file() {
  [ -z "$(lacks_broker)" ] || {
    [ -z "${CI:-}" ] || { lacks_broker; return 1; }
    return 0
  }
  own_world
  nemo fleet init shop.example --listen "127.0.0.1:$((20000 + RANDOM % 10000))" 2>"$WORLD/init.err"
  local machine
  for machine in gw1 gw2; do
    enters "$machine" --site "site-$machine" --class edge
    # What the node says, also when nothing is new, twice a second: tests cannot wait for its 20 s.
    edit "$machine" '.report_ms = 500'
  done
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  nemo fleet start >/dev/null 2>&1 || true
  for stack in web two echo move; do
    nemo destroy --stack "$stack" --backend fleet --yes --timeout 30s >/dev/null 2>&1 || true
  done
  for machine in gw1 gw2; do
    as "$machine" nemo agent start >/dev/null 2>&1 || true
    for stack in web two echo move; do
      as "$machine" nemo destroy --stack "$stack" --yes --timeout 30s >/dev/null 2>&1 || true
    done
    as "$machine" nemo agent stop >/dev/null 2>&1 || true
  done
  nemo fleet stop >/dev/null 2>&1 || true
  end_world
}
setup() { [ -n "${WORLD:-}" ] || skip "nats-server is not installed"; }

member() { echo "$WORLD/machines/$1/nemo/fleet/node"; }
# edit MACHINE FILTER: changes its settings, and starts its agent with them.
edit() {
  as "$1" nemo agent stop >/dev/null
  jq "$2" "$(member "$1")/member.json" >"$WORLD/edited"
  cat "$WORLD/edited" >"$(member "$1")/member.json"
  as "$1" nemo agent start >/dev/null
}
sees() { [ "$(nemo nodes --backend fleet --json 2>/dev/null | jq -r '[.nodes[].name] | sort | join(" ")')" = "$1" ]; }
running() { nemo status --backend fleet --json 2>/dev/null | jq -r '[.workloads[] | select(.state == "running") | .node] | sort | join(" ")'; }
runs_on() { [ "$(running)" = "$1" ]; }
addresses() { nemo status --backend fleet --json | jq -r '.workloads[] | select(.state == "running") | .addresses[0].address'; }
intent() {
  web "$WORLD/intent" 2 "${1:-hello}"
  sed -i 's/^  replicas  = 2/  replicas  = 2\n  place { spread = node }/' "$WORLD/intent/web.nemo"
}

@test "joining starts the node's agent under its name in the fleet" {
  grep -q "takes part" "$WORLD/gw1.out"
  until_true 20 sees "gw1 gw2"
  run nemo nodes --backend fleet --json
  [ "$(jq -r '.nodes[] | select(.name == "gw2") | .site + " " + .class' <<<"$output")" = "site-gw2 edge" ]
}

@test "what is applied runs on both nodes and answers" {
  intent
  run nemo apply "$WORLD/intent" --backend fleet --yes --timeout 60s
  echo "$output"
  [ "$status" -eq 0 ]
  until_true 20 runs_on "gw1 gw2"
  for address in $(addresses); do [ "$(fetch "$address")" = hello ]; done
  run nemo plan "$WORLD/intent" --backend fleet
  [[ $output == *"No changes"* || $output == *"no changes"* || $output == *"Nothing"* ]]
}

@test "logs and events come from all nodes" {
  run nemo logs web --backend fleet
  [ "$(grep -c 'serving hello' <<<"$output")" -ge 2 ]
  run nemo events --backend fleet --json
  [ "$status" -eq 0 ]
  [[ $output == *web* ]]
}

@test "the broker stops, and services run on; it is back, and a change goes through" {
  local before
  before=$(addresses)
  nemo fleet stop
  for address in $before; do [ "$(fetch "$address")" = hello ]; done
  run nemo status --backend fleet
  [ "$status" -eq 1 ]
  [[ $output == *broker* ]]
  nemo fleet start
  until_true 20 sees "gw1 gw2"
  intent changed
  nemo apply "$WORLD/intent" --backend fleet --yes --timeout 60s
  until_true 20 runs_on "gw1 gw2"
  for address in $(addresses); do [ "$(fetch "$address")" = changed ]; done
}

@test "an agent is killed and started again: its node is back and nothing ran twice" {
  local before
  before=$(addresses)
  kill -9 "$(as gw1 nemo agent status --json | jq .pid)"
  for address in $before; do [ "$(fetch "$address")" = changed ]; done
  as gw1 nemo agent start
  until_true 20 sees "gw1 gw2"
  until_true 20 runs_on "gw1 gw2"
  [ "$(addresses | sort)" = "$(sort <<<"$before")" ]
}

@test "a certificate is renewed while the agent runs, and the node stays" {
  local before
  before=$(sha256sum <"$(member gw2)/chain.pem")
  edit gw2 '.report_ms = 500 | .renew_s = 1'
  renewed() { [ "$(sha256sum <"$(member gw2)/chain.pem")" != "$before" ]; }
  until_true 20 renewed
  grep -q "new certificate" <(until_true 10 grep "new certificate" "$(as gw2 nemo agent status --json | jq -r .log)")
  sleep 1
  sees "gw1 gw2"
  intent again
  nemo apply "$WORLD/intent" --backend fleet --yes --timeout 60s
  for address in $(addresses); do [ "$(fetch "$address")" = again ]; done
}

@test "a service reaches one on another node, which it waits for" {
  mkdir -p "$WORLD/two"
  cat >"$WORLD/two/two.nemo" <<'NEMO'
nemo = 1
stack = "two"
workload store {
  exec      = ["/bin/sh", "-c", "sleep 2; cd /tmp; echo kept > index.html; exec /usr/bin/python3 -m http.server $PORT --bind 127.0.0.1"]
  resources { cpu = 0.05core; memory = 64MiB }
  ports     { http = auto }
  health    { http = "/"; every = 200ms; timeout = 2s }
  place     { require node.site.name == "site-gw1" }
}
workload user {
  exec      = ["/bin/sh", "-c", "/usr/bin/curl -fsS http://$NEMO_ADDR_STORE/; exec sleep 100000"]
  resources { cpu = 0.05core; memory = 32MiB }
  after     = [store]
  place     { require node.site.name == "site-gw2" }
}
NEMO
  run nemo apply "$WORLD/two" --backend fleet --yes --timeout 60s
  echo "$output"
  [ "$status" -eq 0 ]
  said() { nemo logs user --stack two --backend fleet 2>/dev/null | grep -q kept; }
  until_true 20 said
  nemo destroy --stack two --backend fleet --yes --timeout 60s
}

@test "a unikernel from a registry runs on a node elsewhere, in one apply" {
  echo=${NEMO_BINARY_DIR:-$SOURCE/build/release}/unikernel/echo.elf
  why=$(nemo nodes --backend fleet --json | jq -r '.nodes[] | select(.name == "gw1") | .capabilities[] | select(.name == "sandbox.unikernel" and (.available | not)) | .reason')
  [ -z "$why" ] || skip "$why"
  [ -e "$echo" ] || skip "the unikernel is for x86_64"
  own_registry "$WORLD"
  digest=$(push t/echo kernel="\"$echo\"" cmd='["/kernel", "port=7"]')
  mkdir "$WORLD/echo"
  cat >"$WORLD/echo/echo.nemo" <<NEMO
nemo = 1
stack = "echo"
workload echo {
  sandbox   = unikernel
  image     = "$REGISTRY/t/echo@$digest"
  resources { cpu = 0.2core; memory = 96MiB }
  ports     { echo = 7 }
  place     { require node.site.name == "site-gw1" }
}
NEMO
  run nemo apply "$WORLD/echo" --backend fleet --yes --timeout 90s
  echo "$output"
  [ "$status" -eq 0 ]
  listens() { nemo logs echo --stack echo --backend fleet | grep -q "UDP port 7"; }
  until_true 30 listens
  where=$(nemo status --backend fleet --json | jq -r '.workloads[] | select(.stack == "echo" and .state == "running") | .addresses[0].address')
  run -0 python3 "$BATS_TEST_DIRNAME/unikernel/ask.py" "${where%:*}" 7 20
  [ "$output" = 20 ]
  nemo destroy --stack echo --backend fleet --yes --timeout 60s
  kill "$REGISTRY_PID"
}

stays_in() { # NODE NODE: where it runs by the fleet's own word
  nemo status --backend fleet --json 2>/dev/null |
    jq -r '[.workloads[] | select(.stack == "move" and .state == "running") | .name + "@" + .node] | sort | join(" ")'
}
is_at() { [ "$(stays_in)" = "$1" ]; }
one_service() {
  mkdir -p "$WORLD/move"
  cat >"$WORLD/move/move.nemo" <<'NEMO'
nemo = 1
stack = "move"
workload one {
  exec      = ["/bin/sh", "-c", "exec sleep 100000"]
  resources { cpu = 0.05core; memory = 32MiB }
}
NEMO
}

@test "a cordoned node takes nothing new and keeps what it has; drained, it is left" {
  one_service
  nemo apply "$WORLD/move" --backend fleet --yes --timeout 60s
  local here other
  here=$(stays_in) here=${here#one@}
  [ "$here" = gw1 ] && other=gw2 || other=gw1
  run nemo fleet cordon "$here" --reason "its disk fails"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"takes nothing new"*"stack move: one/0"* ]]
  run nemo nodes --backend fleet --json
  [ "$(jq -r ".nodes[] | select(.name == \"$here\") | \"\(.cordoned) \(.drained) \(.cordon_reason)\"" <<<"$output")" = "true false its disk fails" ]
  run nemo fleet nodes
  [[ $output == *cordoned* ]]
  run nemo plan "$WORLD/move" --backend fleet
  [[ $output == *"No changes"* ]]
  sed 's/workload one/workload two/; /^nemo/d; /^stack/d' "$WORLD/move/move.nemo" >"$WORLD/two.part"
  cat "$WORLD/two.part" >>"$WORLD/move/move.nemo"
  nemo apply "$WORLD/move" --backend fleet --yes --timeout 60s
  at() { is_at "one@$here two@$other"; }
  until_true 20 at

  run nemo fleet drain "$here" "$WORLD/move" --reason "its disk fails" --dry-run
  [ "$status" -eq 0 ]
  [[ $output == *"$here is drained: its disk fails"* ]]
  is_at "one@$here two@$other"
  run nemo fleet drain "$here" "$WORLD/move" --reason "its disk fails" --yes
  echo "$output"
  [ "$status" -eq 0 ]
  both() { is_at "one@$other two@$other"; }
  until_true 20 both
  run nemo explain workload.one "$WORLD/move" --backend fleet
  [[ $output == *"its disk fails"* ]]
}

@test "one replica is moved where somebody asks for it, as far as the rules let it" {
  local closed other
  closed=$(nemo nodes --backend fleet --json | jq -r '.nodes[] | select(.drained) | .name')
  [ "$closed" = gw1 ] && other=gw2 || other=gw1
  run nemo migrate workload.one --to "node.$closed" "$WORLD/move" --yes
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"is drained: its disk fails"* ]]
  nemo fleet uncordon "$closed"
  run nemo migrate workload.one --to "node.$closed" "$WORLD/move" --yes --timeout 60s
  echo "$output"
  [ "$status" -eq 0 ]
  moved() { is_at "one@$closed two@$other"; }
  until_true 20 moved
  run nemo migrate one --to gw9 "$WORLD/move" --yes
  [ "$status" -eq 1 ]
  [[ $output == *N0759* ]]
  run nemo fleet cordon gw9
  [ "$status" -eq 1 ]
  [[ $output == *N0841* ]]
  nemo destroy --stack move --backend fleet --yes --timeout 60s
}

@test "what runs protected stays on a drained node, which is said with the way out" {
  one_service
  sed -i 's/^  exec/  protect   = true\n  exec/' "$WORLD/move/move.nemo"
  cat "$WORLD/two.part" >>"$WORLD/move/move.nemo"
  nemo fleet cordon gw2
  nemo apply "$WORLD/move" --backend fleet --yes --timeout 60s
  here() { is_at "one@gw1 two@gw1"; }
  until_true 20 here
  nemo fleet uncordon gw2

  run nemo fleet drain gw1 "$WORLD/move" --dry-run
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"move two/0"*"Protected, so it stays: one/0 of stack move."* ]]
  run nemo fleet drain gw1 "$WORLD/move" --yes --timeout 60s
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"nemo unprotect one --stack move --backend fleet && nemo fleet drain gw1 $WORLD/move"* ]]
  apart() { is_at "one@gw1 two@gw2"; }
  until_true 20 apart
  nemo unprotect one --stack move --backend fleet --yes
  nemo fleet drain gw1 "$WORLD/move" --yes --timeout 60s
  away() { is_at "one@gw2 two@gw2"; }
  until_true 20 away
  nemo fleet uncordon gw1
}

@test "a move takes no change of the intent along" {
  run nemo migrate one --to gw1 "$WORLD/move" --yes
  [ "$status" -eq 1 ]
  [[ $output == *N0751* ]] # its block protected it again
  sed -i 's/sleep 100000/sleep 100001/' "$WORLD/move/move.nemo"
  run nemo migrate two --to gw1 "$WORLD/move" --yes
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *N0759*"changed: exec"* ]]
  sed -i 's/sleep 100001/sleep 100000/' "$WORLD/move/move.nemo"
  nemo migrate two --to gw1 "$WORLD/move" --yes --timeout 60s
  moved() { is_at "one@gw2 two@gw1"; }
  until_true 20 moved
  nemo unprotect one --stack move --backend fleet --yes
  nemo destroy --stack move --backend fleet --yes --timeout 60s
}

@test "of a silent node it is said since when; one that nobody knows is refused" {
  run nemo fleet drain gw3 --dry-run
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *N0841*"did you mean gw"* ]]
  run nemo fleet drain gw3 "$WORLD/intent" --dry-run
  [ "$status" -eq 1 ]
  [[ $output == *N0841* ]]
  as gw2 nemo agent stop >/dev/null
  until_true 20 sees gw1
  run nemo fleet cordon gw2 --reason "its disk fails"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"silent since 20"*"what runs there is not known"* ]]
  [[ $output != *"Nothing runs there"* ]]
  run nemo fleet drain gw2 --yes --json
  echo "$output"
  [ "$(jq -r 'select(.event == "drained") | "\(.stacks) \(.silent) \(.last_report != null)"' <<<"$output")" = "null true true" ]
  as gw2 nemo agent start >/dev/null
  until_true 20 sees "gw1 gw2"
  run nemo nodes --backend fleet --json
  [ "$(jq -r '.nodes[] | select(.name == "gw2") | .drained' <<<"$output")" = true ]
  nemo fleet uncordon gw2
}

@test "a node that is removed is left out, and said" {
  nemo fleet remove gw2
  gone() { [[ $(nemo nodes --backend fleet 2>&1) == *N0846* ]]; }
  until_true 20 gone
  sees gw1
}

@test "destroying takes down what the fleet still reaches" {
  run nemo destroy --stack web --backend fleet --yes --timeout 60s
  echo "$output"
  [ "$status" -eq 0 ]
  [ "$(running)" = "" ]
}
