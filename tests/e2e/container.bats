#!/usr/bin/env bats
# An image from a registry, run as a container by this machine's agent.

setup_file() {
  load common.bash
  load registry/start.bash
  own_world
  own_registry "$WORLD"
}

teardown_file() {
  load common.bash
  end_world
  kill "$REGISTRY_PID" 2>/dev/null || true
  rm -rf "$WORLD"
}

setup() {
  load common.bash
  load registry/start.bash
  why=$(nemo nodes --json | jq -r '.nodes[0].capabilities[] | select(.name == "sandbox.container" and (.available | not)) | .reason')
  [ -z "$why" ] || skip "$why"
}

# intent IMAGE [LINES]
intent() {
  mkdir -p "$WORLD/shop"
  cat >"$WORLD/shop/shop.nemo" <<NEMO
nemo = 1
stack = "boxes"
workload web {
  image     = "$1"
  resources { cpu = 0.1core; memory = 64MiB }
  restart   { policy = on-failure }
  ${2:-}
}
NEMO
}

served='ports { http = auto }; health { http = "/"; every = 500ms; timeout = 2s }'
state() { nemo status --json | jq -r '.workloads[] | select(.name == "web") | .state'; }
has_ended() { [ "$(state)" = exited ] || [ "$(state)" = succeeded ]; }
said() { nemo logs web | grep -q "$1"; }

@test "an image is pulled and run, answers, and logs" {
  digest=$(push t/web)
  intent "$REGISTRY/t/web@$digest" "$served"
  nemo apply "$WORLD/shop" --yes
  [ "$(fetch "$(address web/0)")" = "from an image" ]
  nemo logs web | grep -q serving
  # Its use is measured as everybody's is.
  [ "$(nemo status --json | jq '.workloads[0].memory_bytes > 0')" = true ]
}

@test "it ends when it is killed, and is started again" {
  before=$(nemo status --json | jq '.workloads[0].pid')
  kill -9 "$before"
  again() { [ "$(state)" = running ] && [ "$(nemo status --json | jq '.workloads[0].pid')" != "$before" ]; }
  until_true 30 again
  until_true 30 fetch "$(address web/0)"
}

@test "it is confined" {
  digest=$(push t/trial user='"server"' dir='"/www"' cmd="$(jq -n --arg script "
    echo begin; id; pwd; echo from \$FROM; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status
    try() { \"\$@\" 2>/dev/null && echo \"worked: \$*\" || true; }
    try touch /written; try touch /www/written; try cat $WORLD/shop/shop.nemo; try ls /usr/share; try ls /image
    try mount -t tmpfs none /tmp; try umount /proc; try unshare -U true; try chroot / true; try mknod /tmp/sda b 8 0
    try kill -0 $$; try ping -c 1 127.0.0.1; try touch /proc/sys/kernel/hostname
    echo processes: \$(ls /proc | grep -c '^[0-9]'); echo > /tmp/mine && echo tmp is there; echo end
  " '["/bin/sh", "-c", $script]')")
  intent "$REGISTRY/t/trial@$digest"
  nemo apply "$WORLD/shop" --yes
  until_true 30 said ' end$'
  run -0 nemo logs web
  [[ "$output" == *"uid=4242"*"gid=4343"* ]]
  [[ "$output" == *"/www"*"from image"* ]]
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do [[ "$output" == *"$set:"?"0000000000000000"* ]]; done
  [[ "$output" == *"NoNewPrivs:"?"1"* ]]
  [[ "$output" == *"Seccomp:"?"2"* ]]
  [[ "$output" == *"tmp is there"* ]]
  [[ "$output" != *"worked:"* ]]
  # The shell, and ls and grep behind it.
  [ "$(nemo logs web | grep -o 'processes: [0-9]*' | cut -d' ' -f2)" -le 4 ]
}

@test "volumes and mounts are in it, where the image has no such place" {
  digest=$(push t/volumes cmd='["/bin/sh", "-c", "echo kept >> /data/deep/file; cat /data/deep/file /conf; touch /conf 2>/dev/null || echo conf is read-only; echo volumes end"]')
  mkdir -p "$WORLD/shop"
  echo configured >"$WORLD/shop/conf"
  intent "$REGISTRY/t/volumes@$digest" 'mount { volume = "data"; target = "/data/deep" }; mount { source = "conf"; target = "/conf" }'
  nemo apply "$WORLD/shop" --yes
  # What ran before under this name has said its end, too.
  until_true 30 said ' volumes end$'
  run -0 nemo logs web
  [[ "$output" == *kept*configured*"conf is read-only"* ]]
}

@test "a unikernel comes from a registry, too, in one apply" {
  echo=${NEMO_BINARY_DIR:-$SOURCE/build/release}/unikernel/echo.elf
  why=$(nemo nodes --json | jq -r '.nodes[0].capabilities[] | select(.name == "sandbox.unikernel" and (.available | not)) | .reason')
  [ -z "$why" ] || skip "$why"
  [ -e "$echo" ] || skip "the unikernel is for x86_64"
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
}
NEMO
  nemo apply "$WORLD/echo" --yes
  listens() { nemo logs echo --stack echo | grep -q "UDP port 7"; }
  until_true 30 listens
  where=$(address echo/0)
  run -0 python3 "$BATS_TEST_DIRNAME/unikernel/ask.py" "${where%:*}" 7 20
  [ "$output" = 20 ]
  nemo destroy --stack echo --yes
}

@test "what cannot be pulled is said, and tried again" {
  intent "$REGISTRY/t/none@sha256:$(printf '%064d' 7)"
  run -1 nemo apply "$WORLD/shop" --yes --timeout 5s
  reason() { nemo status --json | jq -r '.workloads[].reason' | grep -q 'cannot be pulled: .* has no sha256:0*7 of t/none'; }
  until_true 20 reason
}

@test "words of a registry that are no UTF-8 leave the agent readable" {
  front odd
  intent "$FRONT/t/web@sha256:$(printf '%064d' 8)"
  run -1 nemo apply "$WORLD/shop" --yes --timeout 5s
  reason() { nemo status --json | jq -r '.workloads[].reason' | grep -q 'cannot be pulled: .* is not a URL'; }
  until_true 20 reason
  end_front
}

@test "a pull that nobody wants any more holds up nobody" {
  digest=$(push t/web)
  front hang
  intent "$FRONT/t/web@$(push t/web env='["HUNG=1"]')"
  run -1 nemo apply "$WORLD/shop" --yes --timeout 3s
  grep -q blobs "$WORLD/asked"
  intent "$REGISTRY/t/web@$digest" "$served"
  nemo apply "$WORLD/shop" --yes
  end_front
}

@test "an image that has no digest is refused" {
  intent "$REGISTRY/t/web:latest"
  run -1 nemo apply "$WORLD/shop" --yes
  [[ "$output" == *"may become another one unseen"* ]]
}

@test "an image that nobody wants any more is collected" {
  store=$XDG_STATE_HOME/nemo/artifacts
  kept() { find "$store" -mindepth 1 -maxdepth 1 \( -name '[0-9a-f]*' -o -name '.blob-*' \) | wc -l; }
  [ "$(kept)" -gt 3 ]
  nemo destroy --stack boxes --yes
  find "$store" -mindepth 1 -maxdepth 1 -exec touch -h -d '1 hour ago' {} +
  web "$WORLD/other" 1 hello other
  nemo apply "$WORLD/other" --yes
  [ "$(kept)" = 0 ]
  nemo destroy --stack other --yes
}
