# Several machines of a fleet on this one.

# as MACHINE COMMAND...: with the state of another machine, whose socket lies in it.
as() {
  local machine=$1
  shift
  XDG_STATE_HOME=$WORLD/machines/$machine XDG_RUNTIME_DIR='' "$@"
}

# lacks_broker: why there can be none here; nothing when there can.
lacks_broker() {
  command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || echo "nats-server is not installed"
}

# enters MACHINE FLAG...: it comes into the fleet with the command that `nemo fleet invite` prints.
enters() {
  local machine=$1 through=as
  [ -z "${NET:-}" ] || through=on
  at_home fleet invite "$@" 2>/dev/null >"$WORLD/command"
  "$through" "$machine" sh "$WORLD/command" >"$WORLD/$machine.out" 2>&1 || { cat "$WORLD/$machine.out"; return 1; }
}

# at_home WORD...: nemo where the fleet's authority is: here, or on `base` where machines have networks.
at_home() {
  if [ -n "${NET:-}" ]; then on base nemo "$@"; else nemo "$@"; fi
}
