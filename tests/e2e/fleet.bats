# A fleet on this machine: real authority, real broker, members that join by what `invite` prints.
load common

setup_file() {
  [ -z "$(lacks_broker)" ] || {
    [ -z "${CI:-}" ] || { lacks_broker; return 1; }
    return 0
  }
  own_world
  export PORT=$((20000 + RANDOM % 10000))
  export BROKER=127.0.0.1:$PORT
  nemo fleet init shop.example --listen "$BROKER" --json >"$WORLD/init.json" 2>"$WORLD/init.err"
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  nemo fleet stop >/dev/null 2>&1 || true
  end_world
}
setup() { [ -n "${WORLD:-}" ] || skip "nats-server is not installed"; }

# as MACHINE COMMAND...: with the state of another machine.
as() {
  local machine=$1
  shift
  XDG_STATE_HOME=$WORLD/machines/$machine "$@"
}
identity() { echo "$WORLD/machines/$1/nemo/fleet/${2:-node}"; }
# join NAME [ROLE]: by the printed command, run by a shell as it stands.
join() {
  nemo fleet invite "$1" --role "${2:-node}" --no-agent 2>/dev/null >"$WORLD/command"
  as "$1" sh "$WORLD/command"
}
# has_ended PID: also where nobody has reaped it yet.
has_ended() { [[ $(ps -o stat= -p "$1") =~ ^(Z.*)?$ ]]; }
# speak NAME [ROLE]: NATS as that member; what to say on stdin.
speak() { python3 "$BATS_TEST_DIRNAME/fleet/client.py" "$(identity "$1" "${2:-node}")" "$BROKER"; }

@test "a fleet is made, serves, and is whole" {
  [ "$(jq -r .fleet "$WORLD/init.json")" = shop.example ]
  run nemo fleet status --json
  [ "$status" -eq 0 ]
  [ "$(jq -r .broker_fault <<<"$output")" = null ]
  [ "$(jq -r .audit_fault <<<"$output")" = null ]
  kill -0 "$(jq -r .serving_pid <<<"$output")"
  kill -0 "$(jq -r .broker_pid <<<"$output")"
  # Nobody else may read the keys.
  [ "$(find "$XDG_STATE_HOME/nemo/fleet" -name '*.key' -not -perm 0600)" = "" ]
  [ "$(find "$XDG_STATE_HOME/nemo/fleet" -name '*.key' | wc -l)" -ge 4 ]
  run ! nemo fleet init again
  [[ $output == *"there already"* ]]
}

@test "a nats-server with known faults is warned of, and the check says so" {
  run nemo fleet upgrade-check --json
  version=$(jq -r .nats_server <<<"$output")
  if [ "$version" = 2.9.10 ]; then
    [ "$status" -eq 2 ]
    grep -q N0845 "$WORLD/init.err"
    [[ $output == *CVE-2025-30215*CVE-2026-33222* ]]
  fi
}

@test "two nodes join by the one command, and no process shows the token" {
  join gw1
  join gw2
  [ "$(jq -r .id "$(identity gw1)/member.json")" = spiffe://shop.example/node/gw1 ]
  [ "$(stat -c %a "$(identity gw1)/signing.key")" = 600 ]
  [ "$(stat -c %a "$(identity gw1)/sealing.key")" = 600 ]
  # The token is on the command's standard input.
  run head -1 "$WORLD/command"
  [[ $output != *nemo-join-1.* ]]
  run nemo fleet nodes --json
  [ "$(jq -r '[.members[] | select(.role == "node") | .name] | join(" ")' <<<"$output")" = "gw1 gw2" ]
}

@test "a token works once, and not where a member is already" {
  nemo fleet invite gw3 --json >"$WORLD/token.json"
  jq -r .token "$WORLD/token.json" >"$WORLD/token"
  authority=$(jq -r .authority "$WORLD/token.json")
  as gw3 nemo fleet join "$authority" --token-file "$WORLD/token"
  run as gw4 nemo fleet join "$authority" --token-file "$WORLD/token"
  [ "$status" -eq 1 ]
  [[ $output == *"used before"*N0843* ]]
  run as gw3 nemo fleet join "$authority" --token-file "$WORLD/token"
  [ "$status" -eq 1 ]
  [[ $output == *"there already"* ]]
  run as gw4 nemo fleet join "$authority" <<<"nemo-join-1.AAAA"
  [ "$status" -eq 1 ]
  [[ $output == *N0843* ]]
  [ ! -e "$(identity gw4)" ]
}

@test "a node says only what is its own" {
  run speak gw1 <<'SAY'
ask $KV.reported.gw1 mine
SAY
  [[ $output == *'"stream":"KV_reported"'* ]]
  for subject in '$KV.reported.gw2' '$KV.running.gw2' '$KV.desired.gw1' '$KV.trust.revocations' hb.gw2 ev.gw2 us.gw2 ask.gw2 \
    _INBOX.operator.admin.x '$SYS.REQ.SERVER.PING' '$JS.API.STREAM.LIST'; do
    run speak gw1 <<<"pub $subject forged"
    [[ ${output,,} == *"permissions violation for publish to \"${subject,,}\""* ]] || { echo "$subject: $output"; false; }
  done
  for subject in '>' '$KV.desired.gw2' '$KV.reported.gw2' ask.gw2 'hb.*' '_INBOX.>' '_INBOX.node.gw2.>'; do
    run speak gw1 <<<"sub $subject"
    [[ ${output,,} == *"permissions violation for subscription to \"${subject,,}\""* ]] || { echo "$subject: $output"; false; }
  done
}

@test "a node makes, reads and empties no stream" {
  for call in STREAM.CREATE.mine STREAM.INFO.KV_desired STREAM.PURGE.KV_reported STREAM.DELETE.events \
    STREAM.MSG.GET.KV_desired CONSUMER.CREATE.KV_desired CONSUMER.DURABLE.CREATE.events.x STREAM.RESTORE.events \
    'DIRECT.GET.KV_desired.$KV.desired.gw2'; do
    run speak gw1 <<<"pub \$JS.API.$call {}"
    [[ ${output,,} == *"permissions violation for publish to \"\$js.api.${call,,}\""* ]] || { echo "$call: $output"; false; }
  done
  # What everybody has to know it may look up.
  run speak gw1 <<<'ask $JS.API.DIRECT.GET.KV_trust.$KV.trust.revocations'
  [[ $output != *violation* && $output == *'$KV.trust.revocations'* ]]
}

@test "an operator writes what is wanted, and only that node hears it" {
  join anna operator
  run speak anna operator <<<'ask $KV.desired.gw1 state-of-gw1'
  [[ $output == *'"stream":"KV_desired"'* ]]
  run speak gw1 <<<'ask $JS.API.DIRECT.GET.KV_desired.$KV.desired.gw1'
  [[ $output == *state-of-gw1* ]]
  join vera viewer
  run speak vera viewer <<<'pub $KV.desired.gw1 x'
  [[ ${output,,} == *"permissions violation"* ]]
  run speak vera viewer <<<'ask $JS.API.DIRECT.GET.KV_reported.$KV.reported.gw1'
  [[ $output == *mine* ]]
}

@test "who is removed loses its session and does not come back" {
  join gw9
  python3 "$BATS_TEST_DIRNAME/fleet/client.py" "$(identity gw9)" "$BROKER" --hold >"$WORLD/held" 2>&1 &
  held=$!
  until_true 10 grep -q connected "$WORLD/held"
  run nemo fleet nodes --json
  [ "$(jq -r '.members[] | select(.name == "gw9") | .connected' <<<"$output")" = true ]
  run nemo fleet remove gw9 --why 'it was stolen' --json
  [ "$status" -eq 0 ]
  [ "$(jq -r .sessions_closed <<<"$output")" = 1 ]
  wait "$held"
  grep -q closed "$WORLD/held"
  run speak gw9 <<<"pub hb.gw9 x"
  [ "$status" -ne 0 ]
  [[ $output == *refused* ]]
  run as gw9 nemo fleet renew
  [ "$status" -eq 1 ]
  # The old key stays out when another machine has the name.
  mv "$WORLD/machines/gw9" "$WORLD/machines/stolen"
  join gw9
  speak gw9 <<<"pub hb.gw9 x"
  run speak stolen <<<"pub hb.gw9 x"
  [ "$status" -ne 0 ]
  run ! nemo fleet remove nobody
  [[ $output == *"no member"* ]]
}

@test "a name that joins again takes over from who had it, whose session ends" {
  join gw8
  python3 "$BATS_TEST_DIRNAME/fleet/client.py" "$(identity gw8)" "$BROKER" --hold >"$WORLD/held8" 2>&1 &
  held=$!
  until_true 10 grep -q connected "$WORLD/held8"
  mv "$WORLD/machines/gw8" "$WORLD/machines/old8"
  join gw8
  wait "$held"
  grep -q closed "$WORLD/held8"
  run speak old8 <<<"pub hb.gw8 x"
  [ "$status" -ne 0 ]
  speak gw8 <<<"pub hb.gw8 x"
}

@test "a member renews its certificate for the same key, and stays connected" {
  before=$(cat "$(identity gw1)/chain.pem")
  python3 "$BATS_TEST_DIRNAME/fleet/client.py" "$(identity gw1)" "$BROKER" --hold >"$WORLD/held1" 2>&1 &
  held=$!
  until_true 10 grep -q connected "$WORLD/held1"
  as gw1 nemo fleet renew
  [ "$(cat "$(identity gw1)/chain.pem")" != "$before" ]
  speak gw1 <<<"pub hb.gw1 x"
  run ! grep -q closed "$WORLD/held1"
  kill "$held"
}

@test "the broker comes back when it is killed, with what it held" {
  nemo fleet status --json >"$WORLD/before.json"
  kill -KILL "$(jq -r .broker_pid "$WORLD/before.json")"
  until_true 20 nemo fleet status
  [ "$(nemo fleet status --json | jq -r .broker_pid)" != "$(jq -r .broker_pid "$WORLD/before.json")" ]
  run speak gw1 <<<'ask $JS.API.DIRECT.GET.KV_reported.$KV.reported.gw1'
  # A node does not read reports, not even its own; a viewer does.
  [[ ${output,,} == *"permissions violation"* ]]
  run speak vera viewer <<<'ask $JS.API.DIRECT.GET.KV_reported.$KV.reported.gw1'
  [[ $output == *mine* ]]
}

@test "the service is killed and the broker goes on; the next one adopts it" {
  nemo fleet status --json >"$WORLD/before.json"
  kill -KILL "$(jq -r .serving_pid "$WORLD/before.json")"
  run nemo fleet status
  [ "$status" -eq 1 ]
  speak gw1 <<<"pub hb.gw1 x"
  nemo fleet start
  [ "$(nemo fleet status --json | jq -r .broker_pid)" = "$(jq -r .broker_pid "$WORLD/before.json")" ]
  run ! nemo fleet serve
  [[ $output == *"served already"* ]]
}

@test "garbage at the authority's door does not disturb it" {
  authority=127.0.0.1/$((PORT + 1))
  for i in 1 2 3; do (head -c 4096 /dev/urandom >"/dev/tcp/$authority") 2>/dev/null || true; done
  join gw7
}

@test "it stops cleanly and leaves no process" {
  nemo fleet status --json >"$WORLD/before.json"
  nemo fleet stop
  until_true 10 has_ended "$(jq -r .serving_pid "$WORLD/before.json")"
  until_true 10 has_ended "$(jq -r .broker_pid "$WORLD/before.json")"
  run nemo fleet status
  [ "$status" -eq 1 ]
  nemo fleet start
  nemo fleet status
}

@test "a fleet that cannot listen is not made, and leaves nothing" {
  run as other nemo fleet init other --listen "$BROKER"
  [ "$status" -eq 1 ]
  [[ $output == *"Address already in use"*N0843* ]]
  [ ! -e "$WORLD/machines/other/nemo/fleet/authority" ]
  for bad in 'A B' '' "$(printf 'x%.0s' {1..300})"; do
    run as other nemo fleet init "$bad" --listen "127.0.0.1:$((PORT + 10))"
    [ "$status" -eq 1 ]
  done
  run as other nemo fleet init other --listen 0.0.0.0
  [ "$status" -eq 1 ]
  run nemo fleet invite 'Not A Name'
  [ "$status" -eq 1 ]
  [[ $output == *N0843* ]]
  [ ! -e "$WORLD/machines/other/nemo/fleet/authority" ]
}

# Two machines with networks of their own, which reach only the one that holds the fleet.
@test "machines join from networks of their own" {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  local net=$((RANDOM % 200 + 20)) failed=0 n name
  for n in 1 2; do
    name=nemo-fb$n
    ip netns add $name
    ip link add fb$n type veth peer name eth0 netns $name
    ip addr add 10.$net.$n.1/24 dev fb$n
    ip link set fb$n up
    ip -n $name addr add 10.$net.$n.2/24 dev eth0
    ip -n $name link set eth0 up
    ip -n $name link set lo up
    ip -n $name route add default via 10.$net.$n.1
  done
  meet() {
    local hub=10.$net.1.1:$((PORT + 20)) n
    as hub nemo fleet init apart --listen "$hub" 2>/dev/null || return
    for n in 1 2; do
      as hub nemo fleet invite far$n 2>/dev/null >"$WORLD/command" || return
      as far$n ip netns exec nemo-fb$n sh "$WORLD/command" || return
      ip netns exec nemo-fb$n python3 "$BATS_TEST_DIRNAME/fleet/client.py" "$(identity far$n)" "$hub" \
        <<<"ask \$KV.reported.far$n here" | grep -q '"stream":"KV_reported"' || return
    done
  }
  meet || failed=1
  as hub nemo fleet stop || failed=1
  for n in 1 2; do
    ip link del fb$n
    ip netns del nemo-fb$n
  done
  [ "$failed" -eq 0 ]
}

@test "where there is no fleet the commands say so" {
  for command in status nodes start stop serve unit 'invite gw1' 'remove gw1'; do
    run as nowhere nemo fleet $command
    [ "$status" -eq 1 ]
    [[ $output == *N0844* ]]
  done
}
