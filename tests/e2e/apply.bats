#!/usr/bin/env bats
# The main job on this machine: real processes under a real agent.
load common

setup_file() {
  own_world
  export APP=$WORLD/app
  web "$APP" 2
}
teardown_file() { end_world; }

@test "without a terminal and without --yes it refuses and does nothing" {
  run -1 nemo apply "$APP" </dev/null
  [[ $output == *N0810* && $output == *"--yes"* ]]
  run -0 nemo status --json
  jq -e '(.workloads | length) == 0' <<<"$output"
}

@test "apply starts the agent and ends when everything is up" {
  run -0 nemo apply "$APP" --yes
  [[ $output == *"Applied stack 'web'"* ]]
  [ -n "$(agent_pid)" ]
  fetch "$(address web/0)" | grep -q hello
  fetch "$(address web/1)" | grep -q hello
}

@test "applying again has nothing to do" {
  run -0 nemo apply "$APP" --yes
  [[ $output == *"Nothing to do"* ]]
  run -0 nemo plan "$APP" --detailed-exitcode
  run -0 nemo drift "$APP"
  [[ $output == *"No drift"* ]]
}

@test "status shows asked for, predicted and observed" {
  run -0 nemo status "$APP"
  [[ $output == *web/0*running* && $output == *predicted* && $output == *"observed "*" of 128MiB memory"* ]]
  run -0 nemo status --json
  jq -e '.version == 1 and .generation >= 1 and (.nodes | length) == 1' <<<"$output"
  jq -e 'all(.workloads[]; .state == "running" and .healthy and .pid > 0 and .reserved.memory_bytes == 67108864)' <<<"$output"
  run -0 nemo nodes
  [[ $output == *sandbox.process* ]]
}

@test "logs of one replica, of all, since and as JSON" {
  run -0 nemo logs web/0
  [[ $output == *"serving hello"* && $output != *"web/0  serving"* ]]
  run -0 nemo logs web --since 1h --tail 50
  [[ $output == *"web/0  serving hello"* && $output == *"web/1  serving hello"* ]]
  run -0 --separate-stderr nemo logs web/1 --json
  jq -se 'any(.[]; .text == "serving hello" and .stream == "stdout")' <<<"$output"
  run -1 nemo logs wbe
  [[ $output == *N0815* && $output == *"nemo logs web"* ]]
}

@test "logs -f goes on until it is interrupted" {
  nemo logs web/0 -f >"$WORLD/followed" 3>&- &
  local pid=$!
  fetch "$(address web/0)" >/dev/null
  until_true 10 grep -q "GET /" "$WORLD/followed"
  kill "$pid"
}

@test "a killed agent is started again and takes over what runs" {
  before=$(nemo status --json | jq -c '[.workloads[] | [.name, .replica, .pid]]')
  where=$(address web/0)
  kill -9 "$(agent_pid)"
  fetch "$where" | grep -q hello
  run -0 nemo agent start
  after=$(nemo status --json | jq -c '[.workloads[] | [.name, .replica, .pid]]')
  [ "$before" = "$after" ]
  nemo status --json | jq -e 'all(.workloads[]; .restarts == 0)'
  kill -9 "$(agent_pid)"
  run -0 nemo status --json # starts it, without being asked
  [ "$(jq -c '[.workloads[] | [.name, .replica, .pid]]' <<<"$output")" = "$before" ]
}

@test "a change is rolled out while requests are answered" {
  web "$APP" 2 changed
  run -2 nemo drift "$APP"
  [[ $output == *changed* ]]
  # A client that asks like a load balancer: any replica that is up must answer.
  (
    while [ ! -e "$WORLD/stop" ]; do
      served=
      for at in $(nemo status --json | jq -r '.workloads[] | select(.state == "running") | .addresses[0].address'); do
        fetch "$at" >/dev/null 2>&1 && served=1 && break
      done
      [ -n "$served" ] && echo served || echo failed
    done >"$WORLD/requests"
  ) 3>&- &
  client=$!
  run -0 nemo apply "$APP" --yes
  touch "$WORLD/stop"
  wait "$client"
  [ "$(grep -c served "$WORLD/requests")" -gt 0 ]
  ! grep -q failed "$WORLD/requests"
  fetch "$(address web/0)" | grep -q changed
  fetch "$(address web/1)" | grep -q changed
}

@test "apply --json is one event per line" {
  web "$APP" 1 third
  run -0 --separate-stderr nemo apply "$APP" --yes --json
  jq -se '.[0].event == "plan" and .[0].plan.stack == "web"' <<<"$output"
  jq -se 'any(.[]; .event == "delivered" and .node == "local")' <<<"$output"
  jq -se 'any(.[]; .event == "action" and .state == "done")' <<<"$output"
  jq -se '.[-1].event == "end" and .[-1].exit_code == 0' <<<"$output"
}

@test "an interrupted apply says what was delivered, and running it again goes on" {
  web "$APP" 2 fourth
  sed -i 's/echo serving/sleep 4; echo serving/' "$APP/web.nemo"
  # Background jobs of a shell ignore SIGINT; this one must not.
  env --default-signal=INT nemo apply "$APP" --yes >"$WORLD/out" 2>"$WORLD/err" 3>&- &
  pid=$!
  until_true 20 grep -q Delivered "$WORLD/out"
  kill -INT "$pid"
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 130 ]
  grep -q "Delivered: local" "$WORLD/err"
  grep -q "To go on: nemo apply" "$WORLD/err"
  run -0 nemo apply "$APP" --yes
  fetch "$(address web/1)" | grep -q fourth
}

@test "kill -9 of an apply harms nothing" {
  web "$APP" 2 fifth
  sed -i 's/echo serving/sleep 3; echo serving/' "$APP/web.nemo"
  nemo apply "$APP" --yes >"$WORLD/out" 2>&1 3>&- &
  pid=$!
  until_true 20 grep -q Delivered "$WORLD/out"
  kill -9 "$pid"
  wait "$pid" || true
  run -0 nemo apply "$APP" --yes
  fetch "$(address web/0)" | grep -q fifth
}

@test "an agent that is killed during an apply is started again, and the apply goes on" {
  web "$APP" 1 sixth
  sed -i 's/echo serving/sleep 3; echo serving/' "$APP/web.nemo"
  nemo apply "$APP" --yes >"$WORLD/out" 2>&1 3>&- &
  pid=$!
  until_true 20 grep -q Delivered "$WORLD/out"
  kill -9 "$(agent_pid)"
  wait "$pid"
  fetch "$(address web/0)" | grep -q sixth
}

@test "status --watch goes on until it is interrupted" {
  env --default-signal=INT nemo status --watch --json >"$WORLD/watched" 3>&- &
  pid=$!
  until_true 20 grep -q workloads "$WORLD/watched"
  kill -INT "$pid"
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 130 ]
  jq -se '.[0].version == 1' "$WORLD/watched"
}

@test "several stacks: destroy without a name lists them" {
  web "$WORLD/other" 1 two other
  nemo apply "$WORLD/other" --yes
  run -1 nemo destroy --yes
  [[ $output == *N0813* && $output == *other* && $output == *web* ]]
  run -1 nemo destroy --stack wob --yes
  [[ $output == *N0814* && $output == *"--stack web"* ]]
  run -1 nemo destroy --stack other </dev/null
  [[ $output == *N0810* ]]
  run -0 nemo destroy --stack other --yes
  nemo status --json | jq -e 'all(.workloads[]; .stack == "web")'
}

@test "destroy removes what runs" {
  where=$(address web/0)
  run -0 nemo destroy "$APP" --yes
  run ! fetch "$where"
  nemo status --json | jq -e '(.workloads | length) == 0'
  run -0 nemo destroy --yes
  [[ $output == *"Nothing to remove"* ]]
}

@test "the agent can be stopped, found and started" {
  run -0 nemo agent status
  [[ $output == *pid* ]]
  run -0 nemo agent stop
  run -1 nemo agent status
  [[ $output == *"does not run"* ]]
  run -0 nemo agent stop
  run -0 nemo agent start
}
