# A fleet of machines with networks of their own, whose links are cut, delayed and restored: the broker and
# its authority on `base`, two nodes at the site north, one at south and one at west.
load common
load fleet/machines
load fleet/network

setup_file() {
  LACKS=$(lacks_network)
  LACKS=${LACKS:-$(lacks_broker)}
  export LACKS
  [ -z "$LACKS" ] || { [ -z "${CI:-}" ] || { echo "$LACKS"; return 1; }; return 0; }
  own_world
  make_network base gw1 gw2 gw3 gw4
  export BROKER=10.77.0.1:4222
  on base nemo fleet init shop.example --listen "$BROKER" >"$WORLD/init.out" 2>&1
  enters gw1 --site north --class edge
  enters gw2 --site north --class edge
  enters gw3 --site south --class edge
  enters gw4 --site west --class edge
}
teardown_file() {
  [ -z "${WORLD:-}" ] && return
  end_network
  rm -rf "$WORLD"
}
setup() { [ -z "$LACKS" ] || skip "$LACKS"; }

member() { echo "$WORLD/machines/$1/nemo/fleet/node"; }
# service DIRECTORY GREETING [MORE]: one web server that machines reach.
service() {
  web "$1" 1 "$2" "${1##*/}"
  sed -i "s/--bind 127.0.0.1/--bind 0.0.0.0/; s/^  replicas .*/  replicas = 1\n  ${3:-}/" "$1/web.nemo"
}
applies() { on base nemo apply "$1" --backend fleet --yes --timeout 60s; }
plan_is_empty() { on base nemo plan "$1" --backend fleet --detailed-exitcode >/dev/null 2>&1; }
sees() { [ "$(on base nemo nodes --backend fleet --json 2>/dev/null | jq -r '[.nodes[].name] | sort | join(" ")')" = "$1" ]; }
# where STACK NODE: where its web answers, by the node's own word.
where() {
  on "$2" nemo status --json 2>/dev/null | jq -r --arg s "$1" \
    '.workloads[] | select(.stack == $s and .state == "running" and (.retiring | not)) | .addresses[0].address'
}
greets() { # FROM STACK NODE GREETING: what answers there is what is wanted
  local address
  address=$(where "$2" "$3")
  [ -n "$address" ] && [ "$(on "$1" curl -fsS --max-time 5 "http://$address/")" = "$4" ]
}
# serving STACK: the nodes that run it, by their own word; of those that are there.
serving() {
  local node found=
  for node in gw1 gw2 gw3 gw4; do [ -z "$(where "$1" "$node")" ] || found+="$node "; done
  echo "${found% }"
}
told() { on base python3 "$BATS_TEST_DIRNAME/fleet/events.py" "$WORLD/machines/base/nemo/fleet/operator" "$BROKER" "$1"; }

@test "what is applied runs on a machine elsewhere and answers over the network" {
  until_true 60 sees "gw1 gw2 gw3 gw4"
  service "$WORLD/site" hello 'place { require node.site.name == "south" }'
  run applies "$WORLD/site"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $(where site gw3) == 10.77.0.4:* ]]
  greets base site gw3 hello
  greets gw1 site gw3 hello
}

@test "a site whose uplink is cut goes on, and what it did there is told when it returns" {
  cut gw3
  run ! on base curl -fsS --max-time 2 "http://$(where site gw3)/"
  # What is wanted changes meanwhile.
  service "$WORLD/site" changed 'place { require node.site.name == "south" }'
  run on base nemo apply "$WORLD/site" --backend fleet --yes --timeout 30s
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"stored: it takes effect when they are there"* ]]
  greets gw3 site gw3 hello
  # It mends its own.
  restarts() { on gw3 nemo status --json | jq '[.workloads[] | select(.stack == "site" and .state == "running") | .restarts] | add'; }
  restarted() { [ "$(restarts)" = 1 ]; }
  kill -KILL "$(on gw3 nemo status --json | jq '.workloads[] | select(.stack == "site") | .pid')"
  until_true 60 restarted
  until_true 60 greets gw3 site gw3 hello
  # A cold start, with nobody to ask.
  kill_all gw3
  on gw3 nemo agent start >/dev/null
  until_true 60 greets gw3 site gw3 hello
  mend gw3
  until_true 60 greets base site gw3 changed
  # The stream has the last that happened, so all that came before: every number once.
  last=$(on gw3 nemo events --json | jq -s 'last.sequence')
  told_all() { told gw3 >"$WORLD/told" 2>&1 && grep -q "^[0-9]* $last " "$WORLD/told"; }
  until_true 60 told_all || { cat "$WORLD/told"; false; }
  [ "$(grep -c "state web backoff" "$WORLD/told")" -ge 1 ]
}

@test "a broker that lost all it held is told again by the nodes, and what they run goes on" {
  on base nemo fleet status --json >"$WORLD/before.json"
  kill -KILL "$(jq -r .serving_pid "$WORLD/before.json")" "$(jq -r .broker_pid "$WORLD/before.json")"
  rm -r "$WORLD/machines/base/nemo/fleet/broker/store"
  greets gw1 site gw3 changed
  on base nemo fleet start
  until_true 60 sees "gw1 gw2 gw3 gw4"
  # Nothing is to be done, since the nodes are the state.
  plan_is_empty "$WORLD/site"
  service "$WORLD/site" rebuilt 'place { require node.site.name == "south" }'
  run applies "$WORLD/site"
  echo "$output"
  [ "$status" -eq 0 ]
  until_true 60 greets gw1 site gw3 rebuilt
  # Also what was numbered before is taken again: the numbers of a stack only grow.
  on base nemo destroy --stack site --backend fleet --yes --timeout 60s
  [ "$(serving site)" = "" ]
}

events() { jq -c "select(.event == \"$1\")" "$WORLD/events"; }
has_event() { [ -n "$(events "$1")" ]; }
node_is() { [ -n "$(jq -c "select(.event == \"node\" and .node == \"$1\" and .state == \"$2\")" "$WORLD/events")" ]; }
mark() { wc -l <"$WORLD/events"; }
# since LINE STATE: nodes that came into that state after it.
since() { tail -n "+$(($1 + 1))" "$WORLD/events" | jq -r "select(.event == \"node\" and .state == \"$2\") | .node" | sort -u | xargs; }
came() { [ "$(since "$1" "$2")" = "$3" ]; } # LINE STATE NODES
one_answers() { # besides NODE
  local nodes
  nodes=$(serving repo)
  [ "$nodes" != "" ] && [[ $nodes != *" "* ]] && [ "$nodes" != "${1:-}" ] && greets base repo "$nodes" hello
}

@test "the controller places a service, and knows that all are alive" {
  service "$WORLD/repo" hello 'place { require node.site.name == "north" or node.site.name == "west" }'
  git init -q -b main "$WORLD/repo"
  git -C "$WORLD/repo" add -A
  git -C "$WORLD/repo" -c user.name=t -c user.email=t@t commit -q -m "one web"
  on base nemo controller --repo "$WORLD/repo" --branch main --policy auto --backend fleet --json >"$WORLD/events" 2>"$WORLD/errors" 3>&- &
  until_true 60 has_event settled
  until_true 60 one_answers
  for machine in gw1 gw2 gw3 gw4; do until_true 60 node_is "$machine" alive; done
}

@test "stalls of an agent of under half a second move nothing, nor does a slow link" {
  home=$(serving repo)
  before=$(mark)
  for _ in 1 2 3; do
    # shellcheck disable=SC2046
    took=$(python3 "$BATS_TEST_DIRNAME/fleet/stall.py" 400 $(agent_of "$home"))
    [ "$took" -lt 500 ] || skip "this machine is busy: a pause of 400 ms took $took"
    sleep 1
  done
  delay "$home" 150
  slow() { [ "$(on base ping -c 1 -W 2 "10.77.0.$((${home#gw} + 1))" | grep -c 'time=[3-9][0-9][0-9]')" = 1 ]; }
  until_true 20 slow
  until_true 20 one_answers
  # Ten heartbeats on the slow way.
  sleep 3
  delay "$home" 0
  sleep 1
  [ "$(since "$before" dead)" = "" ]
  [ "$(serving repo)" = "$home" ]
}

@test "half of the nodes, a whole site, cut at once is a partition: nobody is dead, and nothing moves" {
  home=$(serving repo)
  before=$(mark)
  cut gw1 gw2
  until_true 60 came "$before" "cut off" "gw1 gw2"
  # Past what any silence of one node is allowed.
  sleep 5
  [ "$(since "$before" dead)" = "" ]
  mend gw1 gw2
  until_true 60 came "$before" alive "gw1 gw2"
  [ "$(since "$before" dead)" = "" ]
  [ "$(serving repo)" = "$home" ]
}

@test "a machine is lost without a word: what it ran answers elsewhere" {
  home=$(serving repo)
  echo "$home" >"$WORLD/lost"
  before=$(mark)
  crash "$home"
  until_true 60 came "$before" dead "$home"
  until_true 60 one_answers "$home"
}

@test "the machine is back, and the fleet is as it is wanted with one of it" {
  lost=$(cat "$WORLD/lost")
  before=$(mark)
  mend "$lost"
  on "$lost" nemo agent start >/dev/null
  until_true 60 came "$before" returning "$lost"
  until_true 60 one_answers
  until_true 60 came "$before" alive "$lost"
  until_true 60 one_answers
  until_true 60 plan_is_empty "$WORLD/repo"
}
