#!/usr/bin/env bats
# Bad luck and bad input around the agent: each has its cause and next step said, exit code 1, and what runs goes on.
load common

setup_file() {
  own_world
  export PATH=$WORLD/bin:$PATH
  mkdir -p "$WORLD/bin" "$WORLD/nobody"
  cat >"$WORLD/bin/as_nobody" <<'SH'
#!/bin/sh
cd "$WORLD/nobody" && HOME=$WORLD/nobody exec env -u XDG_RUNTIME_DIR -u XDG_STATE_HOME \
  setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
SH
  chmod 755 "$WORLD" "$WORLD/bin" "$WORLD/bin/as_nobody"
  if [ "$(id -u)" -eq 0 ]; then chown 65534:65534 "$WORLD/nobody"; fi
}
teardown_file() { end_world; }

# one NAME LINE...: an intent of stack NAME with one workload of that name; LINEs are its attributes.
one() {
  local name=$1
  shift
  mkdir -p "$WORLD/$name"
  {
    printf 'nemo = 1\nstack = "%s"\nworkload %s {\n  resources { cpu = 0.05core; memory = 32MiB }\n' "$name" "$name"
    printf '  %s\n' "$@"
    echo '}'
  } >"$WORLD/$name/$name.nemo"
}

refused() { # TEXT COMMAND...: it exits 1, says TEXT, and does so in a minute
  local text=$1
  shift
  run -1 timeout 60 "$@"
  [[ $output == *"$text"* ]] || { echo "$output"; return 1; }
}

need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }

@test "the agent of another user is not spoken to, in either direction" {
  need_root
  run -0 nemo agent start
  refused N0803 as_nobody env NEMO_SOCKET="$XDG_RUNTIME_DIR/nemo/agent.sock" nemo status
  [[ $output == *"closed to you"* && $output == *"NEMO_SOCKET"* ]]
  chmod 711 "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/nemo"
  chmod 666 "$XDG_RUNTIME_DIR/nemo/agent.sock"
  refused N0803 as_nobody env NEMO_SOCKET="$XDG_RUNTIME_DIR/nemo/agent.sock" nemo status
  [[ $output == *"belongs to user 0"* ]]
  run -0 as_nobody nemo agent start
  refused N0803 env NEMO_SOCKET="$WORLD/nobody/.local/state/nemo/agent.sock" nemo status
  [[ $output == *"belongs to user 65534"* ]]
  run -0 as_nobody nemo agent stop
}

@test "two agents do not share a state directory or a socket" {
  run -0 nemo agent start
  refused "Another agent uses the state directory" nemo-agent --state "$XDG_STATE_HOME/nemo" --socket "$WORLD/2.sock"
  [[ $output == *"pid $(agent_pid)"* && $output == *"nemo agent stop"* ]]
  refused "Another program answers" nemo-agent --state "$WORLD/2" --socket "$XDG_RUNTIME_DIR/nemo/agent.sock"
}

@test "an agent that was started with another environment is found by its state directory" {
  run -0 nemo agent start
  local pid
  pid=$(agent_pid)
  mkdir -p -m 700 "$WORLD/login"
  run -0 env XDG_RUNTIME_DIR="$WORLD/login" nemo agent status --json
  [ "$(jq .pid <<<"$output")" = "$pid" ]
  kill -9 "$pid"
  run -0 env XDG_RUNTIME_DIR="$WORLD/login" nemo agent start
  [[ $output == *"$WORLD/login/nemo/agent.sock"* ]]
  run -0 nemo agent stop
}

@test "a socket's path that is too long for the kernel" {
  local long
  long=$WORLD/$(printf 'x%.0s' {1..120})/agent.sock
  refused "longer than the 107 bytes" env NEMO_SOCKET="$long" nemo status
  refused "1 to 107" nemo-agent --state "$WORLD/2" --socket "$long"
}

@test "a port that another program uses" {
  local port=28479
  /usr/bin/python3 -m http.server $port --bind 127.0.0.1 >/dev/null 2>&1 3>&- &
  local other=$!
  until_true 20 fetch "127.0.0.1:$port" >/dev/null
  one taken 'exec = ["/bin/sh", "-c", "exec sleep 1000"]' "ports { http = $port }"
  refused N0811 nemo apply "$WORLD/taken" --yes --timeout 40s
  [[ $output == *"port $port is in use by another program"* ]]
  kill $other
  wait $other || true
  run -0 nemo apply "$WORLD/taken" --yes # at once, however long the next try was away
  run -0 nemo destroy --stack taken --yes
}

@test "a program that is not there, or may not be run" {
  one missing 'exec = ["/usr/bin/no-such-program"]'
  refused N0811 nemo apply "$WORLD/missing" --yes --timeout 40s
  [[ $output == *"/usr/bin/no-such-program"* && $output == *"No such file"* ]]
  one missing 'exec = ["no-such-program"]'
  refused N0316 nemo apply "$WORLD/missing" --yes
  one missing 'exec = ["/etc/passwd"]'
  refused N0811 nemo apply "$WORLD/missing" --yes --timeout 40s
  [[ $output == *"/etc/passwd"* ]]
  run -0 nemo events missing --json
  jq -se 'any(.[]; .state == "failed" and (.message | contains("/etc/passwd")))' <<<"$output"
  run -0 nemo destroy --stack missing --yes
}

@test "an image that does not say which one exactly" {
  mkdir -p "$WORLD/image"
  printf 'nemo = 1\nstack = "image"\nworkload image {\n  image = "docker.io/library/nginx:1.25"\n  sandbox = container\n  resources { cpu = 0.05core; memory = 32MiB }\n}\n' \
    >"$WORLD/image/image.nemo"
  run -1 nemo apply "$WORLD/image" --yes
  echo "$output"
  # On a node that starts no containers it is that which is said.
  why=$(nemo nodes --json | jq -r '.nodes[0].capabilities[] | select(.name == "sandbox.container" and (.available | not)) | .reason')
  [[ $output == *error* && $output == *"${why:+container}"* ]]
  [ -n "$why" ] || [[ $output == *"say which is meant: docker.io/library/nginx@sha256:"* ]]
}

@test "a health check that never passes" {
  one sick 'exec = ["/bin/sh", "-c", "echo I am here; exec sleep 1000"]' 'ports { http = auto }' \
    'health { tcp = http; every = 200ms; timeout = 200ms; grace = 1s; failures = 2 }'
  refused "health check" nemo apply "$WORLD/sick" --yes --timeout 40s
  [[ $output == *N081[12]* && $output == *"cannot connect"* ]]
  run -2 nemo drift "$WORLD/sick"
  [[ $output == *"not-healthy"* ]]
  run -0 nemo status --json
  jq -e '.workloads[] | select(.name == "sick") | .healthy == false' <<<"$output"
  run -0 nemo destroy --stack sick --yes
}

@test "a secret that is not there" {
  one locked 'exec = ["/bin/sh", "-c", "exec sleep 1000"]' 'secrets = [key]'
  echo "secret key { file = \"$WORLD/no-such-key\" }" >>"$WORLD/locked/locked.nemo"
  refused N0811 nemo apply "$WORLD/locked" --yes --timeout 40s
  [[ $output == *"no-such-key"* ]]
  run -0 nemo destroy --stack locked --yes
}

@test "a full disk refuses the apply, not the services, and ends when there is room" {
  need_root
  unshare -m true 2>/dev/null || skip "cannot make a mount namespace here"
  cat >"$WORLD/full.sh" <<'SH'
set -e
mkdir "$WORLD/small"
mount -t tmpfs -o size=1500k,mode=0700 none "$WORLD/small"
export XDG_STATE_HOME=$WORLD/small XDG_RUNTIME_DIR=$WORLD/small/run
mkdir -m 700 "$WORLD/small/run"
status() { nemo status --json | jq -c '[.workloads[] | [.name, .pid, .restarts, .state]]'; }
trap 'rm -f "$WORLD/small/fill"; nemo destroy --stack full --yes >/dev/null; nemo agent stop' EXIT
nemo apply "$WORLD/full" --yes
before=$(status)
# Again and again: what was removed while a sandbox that ends still had it is given back a moment later.
for _ in 1 2 3 4 5; do
  cat /dev/zero >>"$WORLD/small/fill" 2>/dev/null || true
  sleep 0.2
done
sed -i s/first/second/ "$WORLD/full/full.nemo"
code=0
nemo apply "$WORLD/full" --yes || code=$?
[ $code -eq 1 ]
[ "$(status)" = "$before" ]
kill -9 "$(nemo agent status --json | jq .pid)"
code=0
nemo status >"$WORLD/said" 2>&1 || code=$?
cat "$WORLD/said"
[ $code -eq 1 ]
kill -0 "$(jq '.[0][1]' <<<"$before")"
rm "$WORLD/small/fill"
[ "$(status)" = "$before" ]
nemo apply "$WORLD/full" --yes
soon() { for _ in $(seq 100); do "$@" && return; sleep 0.1; done; false; }
logged() { nemo logs full --json | jq -se 'any(.[]; .text == "second")'; }
told() { nemo events --json | jq -se 'any(.[]; .workload == "full" and .state == "running")'; }
soon logged
soon told
SH
  one full 'exec = ["/bin/sh", "-c", "while :; do echo first; sleep 0.2; done"]'
  run -0 timeout 120 unshare -m bash "$WORLD/full.sh"
  [[ $output == *"Nothing was changed"*"the disk is full"* ]]
  grep -q "disk.* is full" "$WORLD/said"
}

@test "a damaged journal, one of a newer agent, and a file of something else" {
  one kept 'exec = ["/bin/sh", "-c", "exec sleep 1000"]'
  run -0 nemo apply "$WORLD/kept" --yes
  local pid
  pid=$(nemo status --json | jq '.workloads[] | select(.name == "kept") | .pid')
  run -0 nemo agent stop
  local journal=$XDG_STATE_HOME/nemo/journal.db
  cp "$journal" "$WORLD/good.db"
  printf 'no database at all' >"$journal"
  refused "is damaged" nemo status
  [[ $output == *N0801* && $output == *"move it"* ]]
  # Pages in the middle, as a failing card leaves them.
  cp "$WORLD/good.db" "$journal"
  dd if=/dev/urandom of="$journal" bs=4096 seek=1 count=2 conv=notrunc status=none
  refused "is damaged" nemo status
  # Cut short.
  head -c 5000 "$WORLD/good.db" >"$journal"
  refused "damaged" nemo status
  # user_version is a big-endian number at offset 60.
  cp "$WORLD/good.db" "$journal"
  printf '\0\0\0\143' | dd of="$journal" bs=1 seek=60 conv=notrunc status=none
  refused "newer agent (version 99" nemo status
  # application_id is at offset 68.
  cp "$WORLD/good.db" "$journal"
  printf 'abcd' | dd of="$journal" bs=1 seek=68 conv=notrunc status=none
  refused "another program" nemo status
  kill -0 "$pid"
  cp "$WORLD/good.db" "$journal"
  run -0 nemo status --json
  [ "$(jq '.workloads[] | select(.name == "kept") | .pid' <<<"$output")" = "$pid" ]
  run -0 nemo destroy --stack kept --yes
}

@test "a state directory that cannot be used" {
  run -0 nemo agent stop
  printf x >"$WORLD/file"
  refused "Not a directory" env XDG_STATE_HOME="$WORLD/file" XDG_RUNTIME_DIR="$WORLD" nemo status
  need_root
  mkdir -p "$WORLD/theirs/nemo"
  chown 65534 "$WORLD/theirs/nemo"
  refused "belongs to user 65534" env XDG_STATE_HOME="$WORLD/theirs" XDG_RUNTIME_DIR="$WORLD" nemo status
}
