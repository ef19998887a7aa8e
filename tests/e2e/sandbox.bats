#!/usr/bin/env bats
# A workload that attacks whatever it can, beside one that serves: the one gets nowhere and is named,
# the other does not notice.

setup_file() {
  load common.bash
  own_world
}

teardown_file() {
  load common.bash
  end_world
}

setup() {
  load common.bash
}

attacker() {
  mkdir -p "$WORLD/attacker"
  cp "$SOURCE/tests/e2e/sandbox/attacker.py" "$WORLD/attacker/"
  cat >"$WORLD/attacker/attacker.nemo" <<NEMO
nemo = 1
stack = "attacker"
workload villain {
  exec      = ["/usr/bin/python3", "-u", "/bin.d/attacker.py", "$1", "$XDG_RUNTIME_DIR/nemo/agent.sock", "$WORLD/secret"]
  resources { cpu = 0.2core; memory = 96MiB; pids = 24 }
  mount     { source = "attacker.py"; target = "/bin.d/attacker.py" }
  restart   { policy = never }
}
NEMO
}

# Fetches without a pause until $WORLD/enough is there; counts what it got.
load_web() {
  local good=0 bad=0
  while [ ! -e "$WORLD/enough" ]; do
    if curl -fsS --max-time 5 "http://$1/" >/dev/null 2>&1; then good=$((good + 1)); else bad=$((bad + 1)); fi
  done
  echo "$good $bad" >"$WORLD/counted"
}

through() { nemo logs villain 2>/dev/null | grep -q through; }

@test "an attacker gets nowhere, and its neighbour serves every request" {
  echo outside >"$WORLD/secret"
  web "$WORLD/web"
  nemo apply "$WORLD/web" --yes
  until_true 20 fetch "$(address web/0)"
  local where
  where=$(address web/0)
  load_web "$where" &
  local load=$!
  attacker "${where##*:}"
  nemo apply "$WORLD/attacker" --yes
  until_true 120 through
  touch "$WORLD/enough"
  wait "$load"
  run nemo logs villain
  echo "$output"
  [[ "$output" != *ESCAPED* ]]
  [ "$(grep -c held <<<"$output")" -eq 15 ]
  local good bad
  read -r good bad <"$WORLD/counted"
  echo "served $good, failed $bad"
  [ "$bad" -eq 0 ]
  [ "$good" -gt 10 ]
}

@test "status counts what was refused, and says where to read of it" {
  if lacks refusals; then skip "this host has no refusals"; fi
  counted() { nemo status --json | jq -e '.workloads[] | select(.name == "villain") | .refusals > 20000'; }
  until_true 15 counted # the last of them may be on their way to the agent
  nemo status --json | jq -e '.workloads[] | select(.name == "web") | .refusals == 0'
  run -0 nemo status
  [[ $output == *"villain/0: its sandbox refused "*" attempts, see nemo events villain/0 --refusals"* ]]
}

refusals() { nemo events --refusals --json villain; }

told() { refusals | jq -es --arg s "$1" --arg m "$2" 'any(.[]; .workload == "villain" and .subject == $s and (.message | contains($m)) and .count > 0)' >/dev/null; }

lacks() { nemo nodes --json | jq -e --arg a "$1" '[.. | objects | select(.name? == $a and .available? == false)] | length > 0' >/dev/null; }

@test "each refusal is an event with the workload's name" {
  until_true 15 told seccomp "system call mount"
  local subject message
  while read -r subject message; do
    if lacks "$subject"; then
      echo "# skipped: this host has no $subject" >&3
      continue
    fi
    told "$subject" "$message" || { echo "not told: $subject $message"; refusals; return 1; }
  done <<'LIST'
seccomp system call ptrace
seccomp system call unshare
seccomp system call setuid
seccomp system call socket family 2 type 3
seccomp system call socket family 2 type 1 protocol 262
seccomp system call sendto
landlock.tcp connect to TCP 127.0.0.1:
landlock.tcp bind TCP port
limit.pids more processes
limit.memory more memory
limit.tmp /tmp
limit.tmp /dev/shm
LIST
}
