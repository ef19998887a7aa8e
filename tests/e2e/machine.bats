#!/usr/bin/env bats
# `sandbox = unikernel`: the example, applied in one go, run by QEMU in a process sandbox.

setup_file() {
  load common.bash
  own_world
  export IMAGE=${NEMO_BINARY_DIR:-$SOURCE/build/release}/unikernel/echo.elf
  export WHY=
  if [ "$(id -u)" -ne 0 ]; then
    WHY="a machine's network needs root"
  elif [ ! -e "$IMAGE" ]; then
    WHY="$IMAGE is not built: the unikernel is for x86_64"
  else
    WHY=$(nemo nodes --json | jq -r '.nodes[0].capabilities[] | select(.name == "sandbox.unikernel" and (.available | not)) | "this node has no sandbox.unikernel: \(.reason)"')
  fi
}

teardown_file() {
  load common.bash
  end_world
}

setup() {
  load common.bash
  [ -z "$WHY" ] || skip "$WHY"
}

# echo_intent DIRECTORY [WORD...]: the example's intent beside a copy of its image.
echo_intent() {
  local directory=$1
  shift
  mkdir -p "$directory"
  cp "$IMAGE" "$directory/echo.elf"
  sed -e 's,"../../build/release/unikernel/echo.elf","echo.elf",' -e "s/\"port=7\"/$(printf '"%s", ' "$@" | sed 's/, $//')/" \
    "$SOURCE/examples/unikernel/echo.nemo" >"$directory/echo.nemo"
}

ask() {
  local where
  where=$(address echo/0)
  python3 "$SOURCE/tests/e2e/unikernel/ask.py" "${where%:*}" "${where#*:}" "$1"
}
says() { nemo logs echo 2>/dev/null | grep -q "$1"; }
monitor() { pgrep -P "$(nemo status --json | jq '.workloads[] | select(.name == "echo" and .pid > 0) | .pid')"; }

@test "one apply runs it, and it answers and counts" {
  echo_intent "$WORLD/echo" port=7
  nemo apply "$WORLD/echo" --yes
  until_true 20 says "UDP port 7"
  run -0 ask 100
  [ "$output" = 100 ]
  nemo status --json | jq -e '.workloads[] | select(.name == "echo") | .state == "running" and .pid > 0 and .memory_bytes > 0'
}

@test "its monitor has no rights, no way out, and not even a shell" {
  local pid
  pid=$(monitor)
  [ "$(readlink "/proc/$pid/exe")" = /usr/bin/qemu-system-x86_64 ]
  grep -q '^NoNewPrivs:.1' "/proc/$pid/status"
  grep -q '^Seccomp:.2' "/proc/$pid/status"
  grep -q '^CapEff:.0000000000000000' "/proc/$pid/status"
  grep -q '^CapBnd:.0000000000000000' "/proc/$pid/status"
  [ "$(awk '/^Uid/ {print $2}' "/proc/$pid/status")" -ge 720000 ]
  local kind
  for kind in mnt net pid user ipc uts; do
    [ "$(readlink "/proc/$pid/ns/$kind")" != "$(readlink "/proc/self/ns/$kind")" ]
  done
  [ ! -e "/proc/$pid/root/root" ]
  [ ! -e "/proc/$pid/root$XDG_STATE_HOME" ]
  tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
  # What it talks to its agent through is in nobody else's reach.
  local socket
  socket=$(find "$XDG_STATE_HOME" -name '*.qmp')
  [ -S "$socket" ]
  [ "$(stat -c %a "$(dirname "$socket")")" = 700 ]
}

@test "it survives its agent, and its memory with it" {
  local before after
  before=$(ask 1)
  kill -9 "$(agent_pid)"
  until_true 20 nemo apply "$WORLD/echo" --yes
  after=$(ask 1)
  [ "$after" -eq $((before + 1)) ]
}

@test "one that gives up has its exit code and its reason recorded" {
  echo_intent "$WORLD/echo" port=7 write=4G
  nemo apply "$WORLD/echo" --yes --timeout 10s || true
  until_true 20 says "gives up: write= is more than the machine's memory"
  until_true 20 eval "nemo status --json | jq -e '.workloads[] | select(.name == \"echo\") | .restarts > 0'"
  nemo events --json echo | jq -se 'any(.[]; .message | tostring | contains("exit code 1"))'
}

@test "a change starts another, and destroying it leaves nothing" {
  echo_intent "$WORLD/echo" port=4000
  sed -i 's/echo = 7/echo = 4000/' "$WORLD/echo/echo.nemo"
  nemo apply "$WORLD/echo" --yes
  until_true 20 says "UDP port 4000"
  run -0 ask 1
  [ "$output" = 1 ]
  local pid
  pid=$(monitor)
  nemo destroy --stack echo --yes
  [ ! -e "/proc/$pid" ]
  [ -z "$(find "$XDG_STATE_HOME" -name '*.qmp')" ]
}

@test "what was left by an agent that was killed is swept by the next" {
  echo_intent "$WORLD/echo" port=7
  nemo apply "$WORLD/echo" --yes
  until_true 20 says "UDP port 7"
  kill -9 "$(agent_pid)"
  (cd "$XDG_STATE_HOME/nemo/machines" && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("stray.qmp")')
  nemo nodes >/dev/null
  [ ! -e "$XDG_STATE_HOME/nemo/machines/stray.qmp" ]
  nemo destroy --stack echo --yes
  [ -z "$(find "$XDG_STATE_HOME" -name '*.qmp')" ]
}
