#!/usr/bin/env bats
# The README's promise, as its reader would keep it: plan, apply, look, change, break, remove; with nginx, Python and redis.

load common

setup_file() {
  own_world
  export INTENT=$WORLD/shop
  cp -r "$SOURCE/examples/shop" "$INTENT"
}

teardown_file() { end_world; }

page() { curl -fsS --max-time 5 http://127.0.0.1:8088/; }

@test "the intent is valid and laid out" {
  nemo validate "$INTENT"
  nemo fmt --check "$INTENT"
}

@test "the plan shows placements, figures and what is not enforced here" {
  run -0 nemo plan "$INTENT"
  [[ $output == *"create web/0"* || $output == *"web/0"* ]]
  [[ $output == *"EUR/h"* && $output == *"gCO2e/h"* ]]
  run -0 nemo plan "$INTENT" --json
  jq -e '.placements | length == 4' <<<"$output"
  jq -e '.totals.watts > 0 and .objective.gap >= 0' <<<"$output"
  run -2 nemo plan "$INTENT" --detailed-exitcode
}

@test "apply serves the page, and the second visitor is counted" {
  nemo apply "$INTENT" --yes
  page | grep -q 'visitor 1'
  page | grep -q 'visitor 2'
  run -0 nemo plan "$INTENT" --detailed-exitcode
}

@test "status shows what runs, for programs too" {
  run -0 nemo status --json
  jq -e '[.workloads[] | select(.state == "running" and .healthy)] | length == 4' <<<"$output"
  run -0 nemo status "$INTENT"
  [[ $output == *web* && $output == *store* ]]
  run -0 nemo logs app
  [[ $output == *"uses the store at"* ]]
  run -0 nemo drift "$INTENT"
}

@test "killing the agent touches no service, and the next one adopts them" {
  before=$(nemo status --json | jq -c '[.workloads[] | [.name, .replica, .pid]] | sort')
  agent=$(nemo agent status --json | jq -r .pid)
  kill -9 "$agent"
  page >/dev/null
  nemo agent start
  after=$(nemo status --json | jq -c '[.workloads[] | [.name, .replica, .pid]] | sort')
  [ "$before" = "$after" ]
  nemo status --json | jq -e 'all(.workloads[]; .restarts == 0)'
}

@test "a change replaces the application, and the visits survive" {
  sed -i 's/Welcome to the shop/Good evening/' "$INTENT/shop.nemo"
  run -2 nemo drift "$INTENT"
  run -0 nemo plan "$INTENT"
  [[ $output == *"GREETING"* ]]
  nemo apply "$INTENT" --yes
  page | grep -q 'Good evening'
  page | grep -qE 'visitor ([4-9]|[1-9][0-9])'
}

@test "personal data goes to no country that the policy forbids" {
  sed -i 's/country = "GR"/country = "US"/' "$INTENT/home.nemo"
  run -1 nemo plan "$INTENT"
  [[ $output == *"GDPR-1"* && $output == *"N0501"* && $output == *'"US"'* ]]
  sed -i 's/country = "US"/country = "GR"/' "$INTENT/home.nemo"
}

@test "destroy removes everything that runs" {
  nemo destroy "$INTENT" --yes
  run ! page
  nemo status --json | jq -e '.workloads | length == 0'
}
