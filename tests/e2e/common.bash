# What every file here begins with: the programs that were built, and a home, a socket and a state of its
# own, so that nothing of this machine is touched.
bats_require_minimum_version 1.5.0

own_world() {
  export SOURCE=${NEMO_SOURCE_DIR:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
  export PATH=${NEMO_BINARY_DIR:-$SOURCE/build/release}/bin:$PATH
  # Short: the kernel allows a socket's path 107 bytes.
  export WORLD
  WORLD=$(mktemp -d /tmp/nemo-e2e-XXXXXX)
  export HOME=$WORLD/home XDG_RUNTIME_DIR=$WORLD/run XDG_STATE_HOME=$WORLD/state NO_COLOR=1
  unset NEMO_SOCKET NEMO_AGENT NEMO_NODE NEMO_DIRECTORY
  mkdir -p -m 700 "$HOME" "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME"
}

# Ends what the tests started, whatever became of them.
end_world() {
  local stack
  for stack in $(nemo status --json 2>/dev/null | jq -r '[.workloads[].stack] | unique[]'); do
    nemo unprotect '*' --stack "$stack" --yes >/dev/null 2>&1 || true
    nemo destroy --stack "$stack" --yes --timeout 60s >/dev/null 2>&1 || true
  done
  nemo agent stop >/dev/null 2>&1 || true
  rm -rf "$WORLD"
}

agent_pid() { nemo agent status --json | jq -r '.pid // empty'; }

# until_true SECONDS COMMAND...: waits for what will come, and fails when it does not.
until_true() {
  local left=$(($1 * 10))
  shift
  until "$@"; do
    ((left-- > 0)) || return 1
    sleep 0.1
  done
}

# web DIRECTORY [REPLICAS] [GREETING]: an intent with one small web server.
web() {
  mkdir -p "$1"
  cat >"$1/web.nemo" <<NEMO
nemo = 1
stack = "${4:-web}"
workload web {
  exec      = ["/bin/sh", "-c", "echo serving \$GREETING; cd /tmp; echo \$GREETING > index.html; exec /usr/bin/python3 -u -m http.server \$PORT --bind 127.0.0.1"]
  replicas  = ${2:-1}
  resources { cpu = 0.05core; memory = 64MiB }
  ports     { http = auto }
  env       { GREETING = "${3:-hello}" }
  health    { http = "/"; every = 500ms; timeout = 2s }
}
NEMO
}

# address WORKLOAD/REPLICA: where it serves; the new one rather than one that is leaving.
address() {
  nemo status --json | jq -r --arg w "${1%/*}" --argjson r "${1#*/}" \
    '[.workloads[] | select(.name == $w and .replica == $r and .state == "running")] | sort_by(.retiring)[0] | .addresses[0].address'
}

fetch() { curl -fsS --max-time 5 "http://$1/"; }
