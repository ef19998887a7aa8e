#!/usr/bin/env bats
# The example unikernel, booted as it is by QEMU in a network of its own.

setup_file() {
  export SOURCE=${NEMO_SOURCE_DIR:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
  export IMAGE=${NEMO_BINARY_DIR:-$SOURCE/build/release}/unikernel/echo.elf
  export PLACE WIRE=nemo-uk-$$
  PLACE=$(mktemp -d /tmp/nemo-e2e-XXXXXX)
  load common.bash
  load unikernel/machine.bash
  [ -n "$(no_machine)" ] || own_wire "$WIRE"
}

teardown_file() {
  load unikernel/machine.bash
  remove_wire "$WIRE"
  rm -rf "$PLACE"
}

setup() {
  load common.bash
  load unikernel/machine.bash
  local why
  why=$(no_machine)
  [ -z "$why" ] || skip "$why"
}

teardown() {
  if [ -n "${machine:-}" ]; then
    kill "$machine" 2>/dev/null || true
    wait "$machine" 2>/dev/null || true
  fi
}

boots() {
  rm -f "$PLACE/serial" # of the one before
  run_machine "$WIRE" "$PLACE/serial" "$@"
}
inside() { ip netns exec "$WIRE" "$@"; }
says() { grep -qs "$1" "$PLACE/serial"; }

@test "it is at most 100 KB" {
  [ "$(stat -c %s "$IMAGE")" -le 100000 ]
}

@test "it says where it is, answers ping, and counts datagrams" {
  boots ip=10.0.0.2/24 gw=10.0.0.1
  until_true 20 says "at 10.0.0.2/24, 52:54:00:00:00:02, UDP port 7"
  inside ping -c 3 -i 0.2 -W 5 10.0.0.2
  inside ping -c 2 -i 0.2 -W 5 -s 1472 -M do 10.0.0.2
  run -0 inside python3 "$BATS_TEST_DIRNAME/unikernel/ask.py" 10.0.0.2 7 500
  [ "$output" = 500 ]
  run -0 inside python3 "$BATS_TEST_DIRNAME/unikernel/ask.py" 10.0.0.2 7 1
  [ "$output" = 501 ]
}

@test "it sleeps while nobody asks" {
  boots ip=10.0.0.2/24
  until_true 20 says "UDP port 7"
  inside ping -c 1 -W 5 10.0.0.2
  local before after
  before=$(awk '{print $14 + $15}' "/proc/$machine/stat")
  sleep 2
  after=$(awk '{print $14 + $15}' "/proc/$machine/stat")
  [ $((after - before)) -le 20 ] # hundredths of a second, of 200: it would be all of them
}

@test "what is cut short, broken, a fragment or for somebody else is not answered" {
  boots ip=10.0.0.2/24
  until_true 20 says "UDP port 7"
  run -0 inside python3 "$BATS_TEST_DIRNAME/unikernel/forge.py" tap0
  [ "$output" = "answered 1" ]
}

@test "it writes memory at the rate that it is told, and answers all the same" {
  local words
  for words in "write=16M rate=64M" "write=16M"; do
    # shellcheck disable=SC2086
    boots ip=10.0.0.2/24 port=4000 $words
    until_true 20 says "UDP port 4000"
    run -0 inside python3 "$BATS_TEST_DIRNAME/unikernel/ask.py" 10.0.0.2 4000 100
    [ "$output" = 100 ]
    # What it wrote is there: 16 MiB more than the machine without.
    [ "$(awk '/^VmRSS/ {print $2}' "/proc/$machine/status")" -gt $((40 * 1024)) ]
    kill "$machine"
    wait "$machine" || true
  done
}

@test "what it cannot understand it names, and ends with exit code 1" {
  local words code
  while read -r words; do
    # shellcheck disable=SC2086
    boots $words
    code=0
    wait "$machine" || code=$?
    [ "$code" -eq 1 ]
    says "gives up: "
  done <<'LIST'
quiet
ip=10.0.0.2/24 port=x
ip=10.0.0.2/24 write=1G
ip=10.0.0.300
LIST
  says "it does not understand ip=10.0.0.300"
}
