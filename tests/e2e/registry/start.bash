# A registry of the test's own on this machine, and servers in front of it.

# own_registry DIRECTORY: starts docker-registry; sets REGISTRY to its host and port.
own_registry() {
  export REGISTRY REGISTRY_PID
  REGISTRY=127.0.0.1:$(free_port)
  cat >"$1/registry.yml" <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $1/registry}}
http: {addr: $REGISTRY}
YAML
  docker-registry serve "$1/registry.yml" >"$1/registry.log" 2>&1 3>&- &
  REGISTRY_PID=$!
  until_true 20 curl -fsS -o "$1/answer" "http://$REGISTRY/v2/"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

push() { python3 "$BATS_TEST_DIRNAME/registry/push.py" "$REGISTRY" "$@"; }

# front MODE: sets FRONT to its host and port; what it is asked is in $WORLD/asked.
front() {
  python3 "$BATS_TEST_DIRNAME/registry/front.py" "$1" "$REGISTRY" >"$WORLD/port" 2>"$WORLD/asked" 3>&- &
  FRONT_PID=$!
  until_true 20 test -s "$WORLD/port"
  FRONT=127.0.0.1:$(cat "$WORLD/port")
}

end_front() {
  [ -z "${FRONT_PID:-}" ] || kill "$FRONT_PID" 2>/dev/null || true
  rm -f "$WORLD/port"
}
