# Several machines of a fleet on this one.

# as MACHINE COMMAND...: with the state of another machine, whose socket lies in it.
as() {
  local machine=$1
  shift
  XDG_STATE_HOME=$WORLD/machines/$machine XDG_RUNTIME_DIR='' "$@"
}
