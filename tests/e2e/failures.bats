#!/usr/bin/env bats
# What goes wrong between a plan and its target, and what is said about it.
load common

setup_file() {
  own_world
  export APP=$WORLD/app
}
teardown_file() { end_world; }

@test "a replica that does not come up is reported with its last words; the old one serves on" {
  web "$APP" 1 good
  nemo apply "$APP" --yes
  where=$(address web/0)
  sed -i 's/echo serving/echo the database is gone >\&2; exit 7; echo serving/' "$APP/web.nemo"
  run -1 nemo apply "$APP" --yes --timeout 2min
  [[ $output == *N0811* && $output == *"the database is gone"* && $output == *"keeps serving"* ]]
  fetch "$where" | grep -q good
  run -2 nemo drift "$APP"
}

@test "mended and applied again it goes on" {
  web "$APP" 1 mended
  run -0 nemo apply "$APP" --yes
  fetch "$(address web/0)" | grep -q mended
}

@test "what is not up in time is named, and nothing is taken back" {
  sed -i 's/echo serving/sleep 1000; echo serving/' "$APP/web.nemo"
  run -1 nemo apply "$APP" --yes --timeout 3s
  [[ $output == *N0812* && $output == *web/0* ]]
  fetch "$(address web/0)" | grep -q mended
  web "$APP" 1 mended
  run -0 nemo apply "$APP" --yes
}

@test "a stale plan is refused and names what moved" {
  web "$APP" 1 one
  nemo plan "$APP" --out "$WORLD/one.nemoplan"
  web "$APP" 1 two
  run -1 nemo apply "$WORLD/one.nemoplan" --yes
  [[ $output == *N0809* && $output == *"web.nemo has changed"* ]]
  nemo plan "$APP" --out "$WORLD/two.nemoplan"
  run -0 nemo apply "$WORLD/two.nemoplan" --yes
  run -0 nemo apply "$WORLD/two.nemoplan" --yes # its own actions are no reason to refuse it
  fetch "$(address web/0)" | grep -q two
  nemo plan "$APP" --out "$WORLD/three.nemoplan"
  web "$APP" 2 two
  nemo apply "$APP" --yes
  web "$APP" 1 two
  run -1 nemo apply "$WORLD/three.nemoplan" --yes
  [[ $output == *N0809* && $output == *web/1* ]]
}

@test "of two applies that race one wins, and the other is told" {
  # One repository, so that the race is about when and not about whose.
  git init -q "$WORLD/repo"
  web "$WORLD/repo/a" 1 a race
  web "$WORLD/repo/b" 1 b race
  nemo plan "$WORLD/repo/a" --out "$WORLD/a.nemoplan"
  nemo plan "$WORLD/repo/b" --out "$WORLD/b.nemoplan"
  nemo apply "$WORLD/a.nemoplan" --yes >"$WORLD/a.out" 2>&1 3>&- &
  a=$!
  nemo apply "$WORLD/b.nemoplan" --yes >"$WORLD/b.out" 2>&1 3>&- &
  b=$!
  a_code=0 b_code=0
  wait $a || a_code=$?
  wait $b || b_code=$?
  [ $((a_code + b_code)) -eq 1 ]
  [ $a_code -eq 0 ] && winner=a loser=b || winner=b loser=a
  grep -qE 'N0807|N0809' "$WORLD/$loser.out"
  fetch "$(nemo status --stack race --json | jq -r '.workloads[0].addresses[0].address')" | grep -qx $winner
  nemo destroy --stack race --yes
}

@test "another repository's stack is not touched without --take-over" {
  web "$WORLD/mine" 1 mine shared
  web "$WORLD/theirs" 1 theirs shared
  nemo apply "$WORLD/mine" --yes
  run -1 nemo apply "$WORLD/theirs" --yes
  [[ $output == *take-over* ]]
  fetch "$(nemo status --stack shared --json | jq -r '.workloads[0].addresses[0].address')" | grep -q mine
  run -1 nemo destroy "$WORLD/theirs" --yes
  run -0 nemo apply "$WORLD/theirs" --yes --take-over
  nemo destroy --stack shared --yes
}

@test "an agent that is not there is said to be missing" {
  NEMO_SOCKET=$WORLD/none.sock NEMO_AGENT=$WORLD/no-such-agent run -1 nemo nodes
  [[ $output == *N0802* && $output == *no-such-agent* ]]
  printf '#!/bin/sh\necho out of luck >&2\nexit 1\n' >"$WORLD/agent"
  chmod +x "$WORLD/agent"
  NEMO_SOCKET=$WORLD/none.sock NEMO_AGENT=$WORLD/agent run -1 nemo nodes
  [[ $output == *N0801* && $output == *"out of luck"* ]]
}
