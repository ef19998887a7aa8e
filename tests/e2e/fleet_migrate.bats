# A unikernel that counts moves between the nodes of a fleet while it is asked, and its counter never
# goes back. Nodes are network namespaces; their bridges for workloads are one segment, with whoever
# asks on it.
load common
load fleet/machines
load fleet/network

setup_file() {
  LACKS=$(lacks_network)
  LACKS=${LACKS:-$(lacks_broker)}
  command -v qemu-system-x86_64 >/dev/null || LACKS="qemu-system-x86_64 is not installed"
  export IMAGE=${NEMO_BINARY_DIR:-${NEMO_SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}/build/release}/unikernel/echo.elf
  [ -e "$IMAGE" ] || LACKS="$IMAGE is not built: the unikernel is for x86_64"
  export LACKS
  [ -z "$LACKS" ] || { [ -z "${CI:-}" ] || { echo "$LACKS"; return 1; }; return 0; }
  own_world
  make_network base gw1 gw2
  ip -n "$NET-wire" link add name lan type bridge
  ip -n "$NET-wire" addr add 10.213.250.1/16 dev lan
  ip -n "$NET-wire" link set lan up
  export BROKER=10.77.0.1:4222
  on base nemo fleet init shop.example --listen "$BROKER" >"$WORLD/init.out" 2>&1
  local machine
  for machine in gw1 gw2; do
    ip -n "$NET-$machine" link add name nemo0 type bridge
    ip -n "$NET-$machine" link set nemo0 up
    ip -n "$NET-wire" link add name "lan-$machine" type veth peer name lan0 netns "$NET-$machine"
    ip -n "$NET-wire" link set "lan-$machine" master lan up
    ip -n "$NET-$machine" link set lan0 master nemo0 up
    enters "$machine" --site "site-$machine" --class edge
  done
  mkdir -p "$WORLD/echo" "$WORLD/load"
  cp "$IMAGE" "$WORLD/echo/echo.elf"
  sed -e 's,"../../build/release/unikernel/echo.elf","echo.elf",' -e 's/"port=7"/"port=7", "write=4M", "rate=16M"/' \
    "$BATS_TEST_DIRNAME/../../examples/unikernel/echo.nemo" >"$WORLD/echo/echo.nemo"
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  touch "$WORLD/load/stop"
  # Machines have networks of their own, where end_network does not look.
  on base nemo destroy --stack echo --backend fleet --yes --timeout 30s >/dev/null 2>&1 || true
  end_network
  rm -rf "$WORLD"
}
setup() { [ -z "$LACKS" ] || skip "$LACKS"; }
teardown() {
  [ -z "$BATS_ERROR_STATUS" ] || [ "$BATS_ERROR_STATUS" -eq 0 ] || {
    for node in gw1 gw2; do
      echo "-- $node"
      on "$node" nemo status --json | jq -c '.workloads[] | [.name, .state, .reason]' || true
      on "$node" nemo events --json | tail -8 | jq -c '[.type, .message, .instance.state]' || true
    done
  }
}

of() { on "$1" nemo status --json 2>/dev/null | jq -r ".workloads[] | select(.name == \"echo\") | $2"; }
runs() { [ "$(of "$1" 'select(.state == "running") | .state')" = running ]; }
gone() { [ -z "$(of "$1" '.state')" ]; }
only_on() { local other=gw1; [ "$1" = gw1 ] && other=gw2; runs "$1" && gone "$other"; }
counter() { awk '{print $1}' "$WORLD/load/count"; }
counts_on() { [ "$(counter)" -gt "$1" ]; }
goes_on() { until_true 20 counts_on $(($(counter) + 20)); }
not_back() { [ "$(awk '{print $2}' "$WORLD/load/count")" = 0 ]; }
events_of() { on "$1" nemo events --json | jq -r 'select(.type == "moved") | .message'; }
migrates() { on base nemo migrate workload.echo "$WORLD/echo" --to "node.$1" --yes --timeout "${2:-60s}"; }
able() { on base nemo nodes --backend fleet --json 2>/dev/null |
  jq -e '[.nodes[] | select(any(.capabilities[]; .name == "migrate.live" and .available))] | length == 2' >/dev/null; }
here() { if runs gw1; then echo gw1; else echo gw2; fi; }
there() { if runs gw1; then echo gw2; else echo gw1; fi; }

is_on_its_way() { # TO: its memory is going over, slowly
  delay "$1" 150
  migrates "$1" 120s >"$WORLD/migrate.out" 2>&1 3>&- &
  arrives() { [[ $(of "$1" .reason) == "takes its memory over"* ]]; }
  until_true 30 arrives "$1" || { cat "$WORLD/migrate.out"; false; }
}
stays_well() {
  sleep 1
  goes_on
  not_back
}
gets_there() { # TO
  until_true 60 only_on "$1"
  delay "$1" 0
  goes_on
  not_back
  wait
}

@test "what is applied counts, and its nodes can move it" {
  until_true 60 able
  run on base nemo apply "$WORLD/echo" --backend fleet --yes --timeout 60s
  echo "$output"
  [ "$status" -eq 0 ]
  local address
  address=$(of "$(here)" '.addresses[0].address')
  echo "${address%:*}" >"$WORLD/load/address"
  nsenter --net="/run/netns/$NET-wire" python3 "$BATS_TEST_DIRNAME/fleet/load.py" 7 "$WORLD/load" >"$WORLD/load/out" 2>&1 3>&- &
  until_true 20 test -e "$WORLD/load/count"
  goes_on
}

@test "nemo migrate moves it there and back, and it notices nothing" {
  local from to uid
  for _ in 1 2; do
    from=$(here) to=$(there) uid=$(of "$(here)" .uid)
    run migrates "$to"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"live"* ]]
    only_on "$to"
    [ "$(of "$to" .uid)" = "$uid" ]
    goes_on
    not_back
    [[ $(events_of "$from") == *"moved live from $from to $to: stood still for "* ]]
    [[ $(events_of "$to") == *"moved live from $from to $to"* ]]
  done
}

@test "a drained node is left as it runs" {
  local from to
  from=$(here) to=$(there)
  run on base nemo fleet drain "$from" "$WORLD/echo" --reason "its disk fails" --yes
  echo "$output"
  [ "$status" -eq 0 ]
  until_true 20 only_on "$to"
  goes_on
  not_back
  on base nemo fleet uncordon "$from"
}

@test "a link that is cut in the middle loses nothing" {
  local to
  to=$(there)
  is_on_its_way "$to"
  cut "b-$to"
  stays_well
  mend "b-$to"
  gets_there "$to"
}

@test "a target whose agent is killed in the middle lets it go on, and gets it later" {
  local to
  to=$(there)
  is_on_its_way "$to"
  # shellcheck disable=SC2046
  kill -KILL $(agent_of "$to")
  stays_well
  on "$to" nemo agent start >/dev/null
  gets_there "$to"
}

@test "a target whose agent and link are gone in the middle costs nothing" {
  local to
  to=$(there)
  is_on_its_way "$to"
  ip -n "$NET-wire" link set "b-$to" down
  kill_all "$to"
  stays_well
  ip -n "$NET-wire" link set "b-$to" up
  on "$to" nemo agent start >/dev/null
  gets_there "$to"
}

@test "all along the counter has not gone back" {
  touch "$WORLD/load/stop"
  until_true 10 grep -qs answers "$WORLD/load/out"
  cat "$WORLD/load/out"
  grep -q " 0 back" "$WORLD/load/out"
}
