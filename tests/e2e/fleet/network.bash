# Machines with networks of their own: each is a network namespace whose one link leads to a bridge in a
# namespace of the test. Nothing outside is touched, and one machine's link can be cut like a cable: no
# FIN, no RST. Needs root, and fleet/machines.

# lacks_network: why there can be none here; nothing when there can.
lacks_network() {
  [ "$(id -u)" -eq 0 ] || { echo "network namespaces need root"; return; }
  command -v ip >/dev/null || { echo "ip (iproute2) is not installed"; return; }
  local probe=nemo-$$-probe why
  why=$(ip netns add "$probe" 2>&1 && ip -n "$probe" link add name br0 type bridge 2>&1 &&
    ip -n "$probe" link add name a type veth peer name b 2>&1) || echo "no network namespaces: $why"
  ip netns del "$probe" 2>/dev/null || true
}

# make_network MACHINE...: the first is 10.77.0.1, and so on.
make_network() {
  export NET=nemo-$$ MACHINES="$*"
  local machine number=0
  ip netns add "$NET-wire"
  ip -n "$NET-wire" link add name br0 type bridge
  ip -n "$NET-wire" link set br0 up
  for machine in "$@"; do
    ((number += 1))
    ip netns add "$NET-$machine"
    ip -n "$NET-wire" link add name "$machine" type veth peer name eth0 netns "$NET-$machine"
    ip -n "$NET-wire" link set "$machine" master br0 up
    ip -n "$NET-$machine" link set lo up
    ip -n "$NET-$machine" addr add "10.77.0.$number/24" dev eth0
    ip -n "$NET-$machine" link set eth0 up
  done
}

# Ends all that still runs there.
end_network() {
  local machine
  for machine in $MACHINES wire; do
    kill_all "$machine"
    ip netns del "$NET-$machine"
  done
}

# on MACHINE COMMAND...: there, with its state and its network.
on() {
  local machine=$1
  shift
  as "$machine" nsenter --net="/run/netns/$NET-$machine" "$@"
}

# cut MACHINE... and mend MACHINE...: all at once.
cut() { links down "$@"; }
mend() { links up "$@"; }
links() {
  local state=$1
  shift
  printf "link set %s $state\n" "$@" | ip -n "$NET-wire" -batch -
}

# kill_all MACHINE: every process in its network, until there is none.
kill_all() {
  local pids
  while pids=$(ip netns pids "$NET-$1") && [ -n "$pids" ]; do
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    sleep 0.05
  done
}

# crash MACHINE: as a machine goes whose power is cut. Nobody hears a word of it.
crash() {
  cut "$1"
  kill_all "$1"
}

# delay MACHINE MILLISECONDS: on the way to it and from it, by a relay; 0: none any more.
delay() {
  if [ "$2" -eq 0 ]; then
    kill "$(cat "$WORLD/relay-$1")"
    ip -n "$NET-wire" link del "r-$1"
    ip -n "$NET-wire" link set "$1" master br0
    return
  fi
  ip -n "$NET-wire" link set "$1" nomaster
  ip -n "$NET-wire" link add name "r-$1" type veth peer name "b-$1"
  ip -n "$NET-wire" link set "b-$1" master br0 up
  ip -n "$NET-wire" link set "r-$1" up
  nsenter --net="/run/netns/$NET-wire" python3 "$BATS_TEST_DIRNAME/fleet/relay.py" "$1" "r-$1" "$2" 3>&- >"$WORLD/relay-$1.out" 2>&1 &
  echo $! >"$WORLD/relay-$1"
  until_true 20 grep -q relaying "$WORLD/relay-$1.out"
}

# agent_of MACHINE: pids of its agent and of what speaks to the broker for it.
agent_of() {
  local agent
  agent=$(on "$1" nemo agent status --json | jq .pid)
  echo "$agent $(cat "/proc/$agent/task/$agent/children")"
}
