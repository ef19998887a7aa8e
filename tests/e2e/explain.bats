#!/usr/bin/env bats
# Why a workload is placed where it is, what would move it, and what would make a conflict fit. Each answer is
# checked by planning what it claims.
load common

setup_file() { own_world; }
teardown_file() { rm -rf "$WORLD"; }

setup() {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  cat >shop.nemo <<'NEMO'
nemo = 1
stack = "shop"
workload web {
  exec = ["/usr/sbin/nginx"]
  replicas = 2
  resources { cpu = 1core; memory = 64MiB }
}
policy home {
  deny node.site.country == "GR" else "not at home"
}
objective frugal {
  minimize cost + carbon * 80EUR/tCO2e
}
NEMO
  cp "$BATS_TEST_DIRNAME/fleet.yaml" .
}

explain() { nemo explain workload.web --fleet fleet.yaml "$@"; }
# node_of REPLICA: where the plan puts it.
node_of() { nemo plan --fleet fleet.yaml --json | jq -r ".placements[] | select(.replica == $1) | .node"; }

@test "an id and any other object are explained as before, also as JSON" {
  run -0 nemo explain N0501
  [[ $output == "N0501 (error): rules that cannot hold together"* ]]
  run -0 nemo explain N0501 --json
  jq -e '.version == 1 and .id == "N0501" and .severity == "error"' <<<"$output"
  run -0 nemo explain policy.home --json
  jq -e '.version == 1 and .object.name == "policy.home" and .object.place == "shop.nemo:8"' <<<"$output"
}

@test "a cluster is described, and who keeps away from its nodes is told why" {
  cat >lab.nemo <<'NEMO'
nemo = 1
select any { require node.cpu >= 1core }
cluster lab { on = any; nodes = 1..2; quorum-latency = 5ms; capacity { cpu = 2core } }
workload guest { exec = ["/usr/bin/guest"] }
workload member { exec = ["/usr/bin/member"]; on = lab; priority = 3; gang = true }
NEMO
  run -0 nemo explain cluster.lab lab.nemo
  [[ $output == *"nodes"*"1..2"*"controllers"*"1, within 5ms"*"cpu"*"2core"* ]]
  run -0 nemo explain workload.guest lab.nemo --fleet fleet.yaml
  [[ $output == *"lab.nemo:3"*"cluster lab has its nodes to itself"*"removes 1 node"* ]]
  run -0 nemo explain workload.member lab.nemo --fleet fleet.yaml
  [[ $output == *"priority"*"3, all or none"* ]]
}

@test "without a fleet a workload is described, and the rest is said to be missing" {
  run -0 --separate-stderr nemo explain workload.web
  [[ $output == *"workload.web"*"shop.nemo:3"*"/usr/sbin/nginx"* ]]
  [[ $stderr == *"warning:"*"[N0839]"*"--fleet FILE"* ]]
  run -0 --separate-stderr nemo explain workload.web --json
  jq -e '.object.name == "workload.web" and .replicas == null and .diagnostics[0].id == "N0839"' <<<"$output"
  [ ! -e "$XDG_STATE_HOME/nemo" ] # and no agent was started for it
}

@test "why here, why not elsewhere, what would move it" {
  run -0 explain
  [[ $output == *"web/0, web/1 on cloud1"*"each"* ]]
  [[ $output == *"Why here"*"carbon"*"EUR/h ("*"gCO2e/h)"* ]]
  [[ $output == *"Why not elsewhere"*"shop.nemo:9"*'policy home: deny node.site.country == "GR"'*"removes 1 node"* ]]
  [[ $output == *"0 of 1 other nodes could take it"* ]]
  [[ $(tr -s ' \n' ' ' <<<"$output") == *"What would move it without policy home: "*"(shop.nemo:9): to gw1, saves "*", the whole plan "* ]]
}

@test "a rule that is said to move it does, and saves what is said" {
  run -0 explain --json
  json=$output
  jq -e '.version == 1 and .stack == "shop" and .nodes == 2 and (.replicas | length) == 2' <<<"$json"
  jq -e '.replicas[0] | .node == "cloud1" and .removed[0].nodes == 1 and .removed[0].line == 9' <<<"$json"
  jq -e '.replicas[0].would_move.rules[0] | .node == "gw1" and .confirmed and .line == 9' <<<"$json"
  before=$(nemo plan --fleet fleet.yaml --json | jq .objective.value)
  saves=$(jq '.replicas[0].would_move.rules[0].plan_saves.value' <<<"$json")
  sed -i '/deny/d' shop.nemo
  [ "$(node_of 0)" = gw1 ]
  after=$(nemo plan --fleet fleet.yaml --json | jq .objective.value)
  jq -en "($before - $after - $saves) | fabs < 0.00001"
}

@test "a price that is said to move it does, and one short of it does not" {
  sed -i '/deny/d' shop.nemo
  [ "$(node_of 0)" = gw1 ]
  run -0 explain
  [[ $output == *"Why here"*"gw1"*"cloud1, the next"*"in all"*"+"* ]]
  run -0 explain --json
  json=$output
  jq -e '.replicas[0] | .runner_up.node == "cloud1" and (.here.terms | map(.name)) == ["carbon", "cost"]' <<<"$json"
  # What the terms add up to is the total, and the runner-up has the larger one.
  jq -e '.replicas[0] | ([.here.terms[].value.value] | add) - .here.total.value | fabs < 1e-9' <<<"$json"
  jq -e '.replicas[0] | .runner_up.total.value > .here.total.value' <<<"$json"
  jq -e '.replicas[0].would_move.prices[] | select(.figure == "carbon") | .factor > 1 and .node == "cloud1" and .confirmed and
    .now == {"value": 80, "unit": "EUR/tCO2e"}' <<<"$json"
  then=$(jq '.replicas[0].would_move.prices[] | select(.figure == "carbon") | .then.value' <<<"$json")
  cp shop.nemo was.nemo
  sed "s|80EUR|${then}EUR|" was.nemo >shop.nemo && rm was.nemo
  [ "$(node_of 0)" = cloud1 ]
  short=$(jq -n "$then * 0.998")
  sed -i "s|${then}EUR|${short}EUR|" shop.nemo
  [ "$(node_of 0)" = gw1 ]
}

@test "what runs has a price for leaving, and it is told" {
  sed -i '/deny/d' shop.nemo
  cat >>fleet.yaml <<'YAML'
running:
  - {stack: shop, workload: web, replica: 0, node: gw1}
YAML
  run -0 explain --replica 0
  [[ $output == *"web/0 on gw1 · runs there"*"moving"* && $output != *"web/1"* ]]
  run -0 explain --json
  jq -e '.replicas[0] | .runs_on == "gw1" and (.runner_up.terms[] | select(.name == "moving") | .value.value) > 0' <<<"$output"
  jq -e '.replicas[1] | .runs_on == null and (.here.terms | map(.name) | index("moving")) == null' <<<"$output"
}

@test "a cheaper node without room is named with what it lacks" {
  sed -i '/deny/d; s/cpu = 1core/cpu = 3core/' shop.nemo
  run -0 nemo explain workload.web/1 --fleet fleet.yaml
  [[ $output == *"web/1 on cloud1"*"1 node lacks cpu"*"gw1 has 1core left of 3core needed"*"gw1 would save"* ]]
  run -0 explain --json
  jq -e '.replicas[1].cheaper_without_room.node == "gw1" and .replicas[1].lacking[0].what == "cpu"' <<<"$output"
}

@test "nodes that cost the same are told apart by nothing else" {
  sed -i '/deny/d; s/replicas = 2/replicas = 1/' shop.nemo
  sed -i 's/^  - {name: gw1.*/&\n     power: {idle: 3W, max: 12W}, price: 0.010EUR\/h}\n&/; 0,/name: gw1/s//name: gw0/' fleet.yaml
  run -0 explain
  [[ $output == *"web/0 on gw0"*"gw1 costs the same"* ]]
}

@test "an objective that is not money, and a fact that is unknown" {
  sed -i '/deny/d; s/minimize .*/minimize carbon/' shop.nemo
  run -0 explain
  [[ $output == *"minimize carbon"*"gCO2e/h"* && $output != *"EUR/h"* ]]
  run -0 explain --json
  jq -e '.replicas[0].here | .total.unit == "gCO2e/h" and (.terms | map(.name)) == ["carbon"]' <<<"$output"
  sed -i 's/carbon: [0-9]*gCO2e\/kWh, //' fleet.yaml
  run -0 explain
  [[ $output == *"unknown (carbon of "* ]]
  run -0 explain --json
  jq -e '.replicas[0].here | .total == null and (.missing | startswith("carbon of "))' <<<"$output"
}

@test "unknown names, replicas and files are errors with what was meant" {
  run -1 nemo explain workload.wbe --fleet fleet.yaml
  [[ $output == *"[N0817]"*"did you mean nemo explain workload.web?"* ]]
  run -1 explain --replica 7
  [[ $output == *"workload.web/7"*"[N0817]"* ]]
  run -1 --separate-stderr explain --replica 7 --json
  jq -e '.diagnostics[0].id == "N0817"' <<<"$output"
  run -1 nemo explain workload.web/x --fleet fleet.yaml
  [[ $output == *"N0817"* ]]
  run -1 explain --replica nine
  [[ $output == *"N0829"* ]]
  run -1 nemo explain workload.web --fleet missing.yaml
  [[ $output == *"missing.yaml"* ]]
  echo 'workload {' >>shop.nemo
  run -1 --separate-stderr explain --json
  jq -e '.valid == false' <<<"$output"
}

@test "a conflict is told with the changes that make it fit, and each of them does" {
  cat >>shop.nemo <<'NEMO'
workload big {
  exec = ["/usr/bin/big"]
  resources { cpu = 1core; memory = 16GiB }
}
policy near { require node.site.country == "GR" where workload.name == "big" }
NEMO
  sed -i '/deny/d' shop.nemo
  run -1 nemo plan --fleet fleet.yaml
  [[ $output == *"[N0501]"* ]]
  [[ $output == *"would fit with at most 4GiB instead of 16GiB of memory for workload big; everything then costs "*"EUR/h"* ]]
  [[ $output == *'would fit without policy near: require node.site.country == "GR"'* ]]
  run -1 --separate-stderr nemo plan --fleet fleet.yaml --json
  most=$(jq -r '.diagnostics[0].notes[].message | capture("at most (?<m>[0-9A-Za-z]+) instead").m' <<<"$output")
  jq -e '[.diagnostics[0].notes[] | select(.message | startswith("would fit")) | .line] | length == 2 and all(. > 0)' <<<"$output"
  cp shop.nemo "$BATS_TEST_TMPDIR/was"
  sed -i "s/16GiB/$most/" shop.nemo
  run -0 nemo plan --fleet fleet.yaml
  cp "$BATS_TEST_TMPDIR/was" shop.nemo
  sed -i '/policy near/d' shop.nemo
  run -0 nemo plan --fleet fleet.yaml
  # What is asked for is explained, too, as far as it goes.
  cp "$BATS_TEST_TMPDIR/was" shop.nemo
  run -1 --separate-stderr nemo explain workload.big --fleet fleet.yaml
  [[ $output == *"workload.big"* && $stderr == *"would fit"* ]]
}

@test "replicas that spread cannot part: how many more, or how many fewer" {
  sed -i '/deny/d; s/replicas = 2/replicas = 3/; s/memory = 64MiB }/&\n  place { spread = zone }/' shop.nemo
  run -1 nemo plan --fleet fleet.yaml
  [[ $output == *"would fit if workload web may have 1 more replica in zone "* ]]
  [[ $output == *"would fit with 2 replicas of workload web instead of 3"* ]]
  [[ $output == *"would fit without workload web: spread = zone"* ]]
}

@test "a workload's volumes, budget and dwell are told, and a plan keeps to them" {
  cat >store.nemo <<'NEMO'
nemo = 1
workload store {
  exec     = ["/usr/bin/store"]
  replicas = 3
  rollout  { quorum = majority }
  migrate  { dwell = 30min }
  mount    { volume = "log"; size = 1GiB; restore = 100Mbit/s; target = "/log" }
  mount    { volume = "old"; kind = external; source = "nfs://filer/old"; target = "/old" }
}
NEMO
  run -0 --separate-stderr nemo explain workload.store store.nemo
  [[ $output == *"mount     volume log on /log, at most 1GiB, back at 100Mbit/s"* ]]
  [[ $output == *"mount     external volume old from nfs://filer/old on /old"* ]]
  [[ $output == *"budget    quorum = majority: 2 of 3 stay up"* ]]
  [[ $output == *"dwell     30min"* ]]
  run -1 nemo plan store.nemo --fleet fleet.yaml
  [[ $output == *"workload store needs volume.external, and no node offers it"*N0602* ]]
}
