#!/usr/bin/env bats
# The plan under a supposed change, against the plan without it; nothing may be touched.
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
  replicas = 3
  resources { cpu = 1core; memory = 64MiB }
  place { spread = node }
}
workload store {
  exec = ["/usr/bin/redis-server"]
  replicas = 4
  resources { cpu = 0.5core; memory = 256MiB }
}
policy home { deny node.site.country == "FR" and workload.name == "store" }
objective frugal {
  minimize cost + carbon * 80EUR/tCO2e
  prefer carbon <= 5gCO2e/h
}
NEMO
  cat >fleet.yaml <<'YAML'
fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  athens: {country: GR, zone: GR, region: south, carbon: 350gCO2e/kWh, price: 0.21EUR/kWh}
  paris:  {country: FR, zone: FR, region: west, carbon: 50gCO2e/kWh, price: 0.20EUR/kWh}
nodes:
YAML
  for n in 1 2 3 4 5; do
    echo "  - {name: gw$n, site: athens, resources: {cpu: 4core, memory: 4GiB}, power: {idle: 3W, max: 12W}, price: 0.01${n}EUR/h}" >>fleet.yaml
  done
  echo '  - {name: cloud1, site: paris, resources: {cpu: 64core, memory: 256GiB}, power: {idle: 90W, max: 400W}, price: 1.10EUR/h}' >>fleet.yaml
}

what_if() { nemo what-if --fleet fleet.yaml "$@"; }
# Everything below this directory, with its content.
fingerprint() { find . -printf '%p %y %s %T@\n' | sort; find . -type f -exec sha256sum {} + | sort; }

@test "a node that is lost: its replicas are placed again, and nothing else moves" {
  nemo plan --fleet fleet.yaml --json >now.json
  for node in gw1 gw2 gw3 cloud1; do
    run -0 what_if --lose node.$node --json
    lost=$(jq -r --arg n $node '[.placements[] | select(.node == $n) | "workload.\(.workload)/\(.replica)"] | sort | join(" ")' now.json)
    jq -e --arg lost "$lost" '([.actions[].object] | sort | join(" ")) == $lost' <<<"$output"
    jq -e --arg n $node '.actions | all(.from_node == $n and .node != $n)' <<<"$output"
    jq -e --slurpfile now now.json '.kept + (.actions | length) == ($now[0].placements | length)' <<<"$output"
  done
  run -0 what_if --lose node.gw1
  [[ $output == "What if node gw1 is lost · stack shop"*"gw1 → gw"*"gw1 is not in the fleet"*"What it costs"*"moved, "*"kept."* ]]
}

@test "nothing is touched, and no agent is started" {
  before=$(fingerprint)
  what_if --lose gw1 --carbon GR=+30% >/dev/null
  [ "$before" = "$(fingerprint)" ]
  run -1 nemo what-if --lose node.gw1
  [[ $output == *"N0801"* ]]
  [ ! -e "$XDG_STATE_HOME/nemo" ]
}

@test "a site that is lost" {
  sed -i '/policy home/d; s/replicas = 3/replicas = 1/' shop.nemo
  run -0 what_if --lose site.athens
  [[ $output == "What if site athens is lost (gw1, gw2, gw3, gw4, gw5)"*"→ cloud1"* ]]
  run -0 what_if --lose site.athens --json
  jq -e '.version == 1 and .changes and (.actions | length) == 5 and all(.actions[]; .node == "cloud1")' <<<"$output"
}

@test "where no plan is left, it says why and what would make it fit" {
  run -1 --separate-stderr what_if --lose site.athens
  [[ -z $output && $stderr == *"[N0501]"*"policy home"*"would fit without"* ]]
  run -1 --separate-stderr what_if --lose site.athens --json
  jq -e '.valid == false and .diagnostics[0].id == "N0501"' <<<"$output"
  run -1 --separate-stderr what_if --lose site.athens --format markdown
  [[ $output == *"### nemo: what if"* || $output == *"### nemo: What if"* ]]
  [[ $output == *"There is no plan."* ]]
}

@test "carbon and prices of a zone or a site change totals, expectations and, where it pays, places" {
  run -0 what_if --carbon GR=+30% --json
  jq -e '.supposed[0] == "carbon of GR is +30% (athens: 455gCO2e/kWh instead of 350gCO2e/kWh)"' <<<"$output"
  jq -e '.totals | (.after.gco2e_per_hour / .before.gco2e_per_hour - 1.3 | fabs) < 0.001 and .difference.watts == 0' <<<"$output"
  run -0 what_if --carbon site.athens=455gCO2e/kWh --json
  jq -e '.totals | (.after.gco2e_per_hour / .before.gco2e_per_hour - 1.3 | fabs) < 0.001' <<<"$output"
  run -0 what_if --carbon GR=-90%
  [[ $output == *"prefer carbon <= 5gCO2e/h"* ]]
  run -0 what_if --price athens=+100% --json
  jq -e '.totals.difference | .eur_per_hour > 0 and .gco2e_per_hour == 0' <<<"$output"
  run -0 what_if --price node.gw1=0.50EUR/h
  [[ $output == *"price of node gw1 is 0.50EUR/h (0.5EUR/h instead of 0.011EUR/h)"*"moved"* ]]
}

@test "what the intent declares of a site changes like what is reported of it" {
  sed -i 's/, carbon: 350gCO2e\/kWh//' fleet.yaml
  run -1 what_if --carbon GR=+30%
  [[ $output == *"is not known"*"[N0840]"*"GR=90gCO2e/kWh"* ]]
  echo 'site athens { carbon = 200gCO2e/kWh }' >>shop.nemo
  run -0 what_if --carbon GR=+50% --json
  jq -e '.supposed[0] | endswith("athens: 300gCO2e/kWh instead of 200gCO2e/kWh)")' <<<"$output"
  jq -e '.totals | (.after.gco2e_per_hour / .before.gco2e_per_hour - 1.5 | fabs) < 0.001' <<<"$output"
}

@test "nodes and workloads that are added" {
  cat >more.yaml <<'YAML'
fleet: 1
sites:
  athens: {}
nodes:
  - {name: cheap1, site: athens, resources: {cpu: 16core, memory: 16GiB}, power: {idle: 1W, max: 2W}, price: 0.001EUR/h}
YAML
  run -0 what_if --add more.yaml
  [[ $output == "What if node cheap1 of more.yaml is added"*"→ cheap1"*"better placed than on"* ]]
  mkdir elsewhere
  cat >elsewhere/campaign.nemo <<'NEMO'
workload campaign { exec = ["/usr/bin/campaign"]; resources { cpu = 1core; memory = 64MiB } }
NEMO
  run -0 what_if --add elsewhere/campaign.nemo
  [[ $output == *"added campaign/0"*"1 added, 7 kept."* ]]
  run -0 nemo what-if shop.nemo --fleet fleet.yaml --add elsewhere/campaign.nemo --add more.yaml --json
  jq -e '.supposed | length == 2' <<<"$output"
  # A fault in it is shown where it stands.
  echo 'workload broken {' >elsewhere/campaign.nemo
  run -1 what_if --add elsewhere/campaign.nemo
  [[ $output == *"elsewhere/campaign.nemo:1:"* ]]
  # With nodes that are bought there may be a plan where there is none today.
  sed -i 's/cpu = 0.5core/cpu = 8core/; s/replicas = 4/replicas = 2/; /^workload web/,/^}/d' shop.nemo
  run -0 what_if --add more.yaml
  [[ $output == *"[N0834]"*"added store/0"*"cheap1"* ]]
}

@test "no change is said, and a change is exit code 2 when asked for" {
  run -0 what_if --lose node.gw5 --detailed-exitcode
  [[ $output == *"No change in the plan"* ]]
  run -2 what_if --lose node.gw1 --detailed-exitcode
  run -0 what_if --lose node.gw1 --format markdown
  [[ $output == "<!-- nemo what-if -->"*"| replica |"* ]]
  what_if --lose node.gw1 --json >one
  what_if --lose node.gw1 --json | diff one -
}

@test "what cannot be supposed is an error with what was meant" {
  run -1 what_if
  [[ $output == *"[N0840]"*"--lose node.NAME"* ]]
  run -1 what_if --lose node.gw9
  [[ $output == *"there is no node 'gw9'"*"[N0841]"*"did you mean gw"* ]]
  run -1 what_if --lose site.atens
  [[ $output == *"[N0841]"*"did you mean athens?"* ]]
  run -1 what_if --lose nowhere
  [[ $output == *"node or site 'nowhere'"*"[N0841]"* ]]
  run -1 what_if --carbon GT=+30%
  [[ $output == *"zone or site 'GT'"*"[N0841]"* ]]
  run -1 what_if --lose node.gw1 --lose node.gw1
  [[ $output == *"N0841"* ]]
  for change in GR 'GR=' '=+3%' GR=30% GR=++3% GR=+-3% GR=+x% GR=-101% GR=5 GR=5W GR=-5gCO2e/kWh GR=+1e40% GR=1e25gCO2e/kWh node.gw1=+3%; do
    run -1 what_if --carbon "$change"
    [[ $output == *"N0840"* ]] || { echo "$change: $output"; false; }
  done
  run -1 what_if --price athens=+1e18%
  [[ $output == *"N0840"* ]]
  run -1 what_if --price athens=0.3USD/kWh
  [[ $output == *"N0840"* ]]
  run -1 what_if --price node.gw9=+3%
  [[ $output == *"N0841"* ]]
  run -1 what_if --add notes.txt
  [[ $output == *"N0840"* ]]
  run -1 what_if --add missing.yaml
  [[ $output == *"missing.yaml"* ]]
  run -1 what_if --add fleet.yaml
  [[ $output == *"node gw1 of fleet.yaml"*"[N0842]"* ]]
  run -1 what_if --add shop.nemo
  [[ $output == *"N0842"* ]]
  run -1 what_if --loose node.gw1
  [[ $output == *"[N0829]"*"did you mean --lose?"* ]]
}

@test "names are completed from the fleet" {
  run -0 nemo __complete what-if --fleet fleet.yaml --lose node.g
  [[ $output == *"node.gw1"*"node.gw5"* ]]
  run -0 nemo __complete what-if --fleet fleet.yaml --carbon zone.
  [[ $output == *"zone.GR="*"zone.FR="* ]]
  run -0 nemo __complete what-if --fleet fleet.yaml --price node.c
  [[ $output == "node.cloud1="* ]]
  run -0 nemo __complete explain workload.s
  [[ $output == *"workload.store"* ]]
}
