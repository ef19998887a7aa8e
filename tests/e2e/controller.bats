# The controller: a commit in git becomes what runs, within the policy, and nothing else does.
load common

setup() {
  own_world
  REPO=$WORLD/repo
  git init -q -b main "$REPO"
  git -C "$REPO" config user.name t
  git -C "$REPO" config user.email t@t
  CONTROLLER=
}
teardown() {
  [ -z "$CONTROLLER" ] || kill "$CONTROLLER" 2>/dev/null || true
  [ -z "$CONTROLLER" ] || wait "$CONTROLLER" || true
  end_world
}

commit() { # REPLICAS MESSAGE
  web "$REPO/deploy" "$1"
  git -C "$REPO" add -A
  git -C "$REPO" commit -q -m "$2"
}
controller() {
  nemo controller --repo "$REPO" --branch main --path deploy --json "$@" >"$WORLD/events" 2>"$WORLD/errors" &
  CONTROLLER=$!
}
events() { jq -c "select(.event == \"$1\")" "$WORLD/events"; }
has_event() { [ -n "$(events "$1")" ]; }
event_count() { [ "$(events "$1" | wc -l)" -ge "$2" ]; }
running() { [ "$(nemo status --json | jq '[.workloads[] | select(.state == "running")] | length')" = "$1" ]; }

@test "a commit is applied, the next one too, and one with errors changes nothing" {
  commit 1 "one web"
  controller --policy auto
  until_true 30 running 1
  until_true 10 has_event settled
  [ "$(events commit | jq -r .subject)" = "one web" ]
  until_true 20 has_event action
  [ "$(events action | jq -r '.id + " " + .phase' | head -1)" = "create web/0 done" ]

  commit 2 "two of them"
  until_true 30 running 2

  echo "nemo = 1 workload web {" >"$REPO/deploy/web.nemo"
  git -C "$REPO" commit -q -am "broken"
  until_true 10 event_count commit 3
  [ "$(events commit | tail -1 | jq .valid)" = false ]
  [ -n "$(events commit | tail -1 | jq -r '.diagnostics[0].id')" ]
  running 2

  # Whoever starts it again goes on from what runs: nothing is delivered twice.
  kill "$CONTROLLER"
  wait "$CONTROLLER" || [ $? -eq 130 ]
  commit 2 "two of them, mended"
  controller --policy auto
  until_true 20 has_event settled
  ! has_event delivered
  running 2
}

@test "under manual nothing happens until somebody approves, and that is approved which was shown" {
  commit 1 "one web"
  controller
  until_true 20 has_event ask
  [ "$(nemo status --json | jq '.workloads | length')" = 0 ]
  digest=$(events ask | jq -r .digest)
  run nemo approve 0000 --yes
  [ "$status" -eq 1 ]
  [[ $output == *"things have moved since"*N0809* ]]
  run nemo approve </dev/null
  [ "$status" -eq 1 ]
  [[ $output == *"web/0"* ]]
  nemo approve "${digest:0:10}" --yes
  until_true 30 running 1
  until_true 10 has_event settled
  run nemo approve --yes
  [ "$status" -eq 1 ]
  [[ $output == *"no plan waits"* ]]

  # What takes more away than it may waits; what does not, does not.
  kill "$CONTROLLER"
  wait "$CONTROLLER" || true
  controller --policy 'auto within { moves = 0 }'
  commit 2 "one more"
  until_true 30 running 2
  commit 1 "one less"
  until_true 20 has_event ask
  [[ $(events ask | jq -r '.objections[0]') == "it moves, replaces or takes away 1 replicas, and 0 may be" ]]
  running 2
}

@test "where signatures are required, a commit without one is not applied" {
  ssh-keygen -q -t ed25519 -N '' -f "$WORLD/key"
  echo "t@t $(cat "$WORLD/key.pub")" >"$WORLD/signers"
  commit 1 "not signed"
  controller --policy auto --require-signature --signers "$WORLD/signers"
  until_true 20 has_event fault
  [[ $(events fault | jq -r .text) == *"has no signature"* ]]
  [ "$(nemo status --json | jq '.workloads | length')" = 0 ]
  git -C "$REPO" -c gpg.format=ssh -c user.signingkey="$WORLD/key" commit -q --amend -S -m signed
  until_true 30 running 1
}

@test "what cannot be followed is refused with a reason" {
  run nemo controller --repo "$WORLD/nowhere" --branch main
  [ "$status" -eq 1 ]
  [[ $output == *"is no git repository"*N0830* ]]
  run nemo controller --repo "$REPO" --branch main --policy sometimes
  [ "$status" -eq 1 ]
  [[ $output == *"auto within { moves = 5"* ]]
  run nemo controller --repo "$REPO"
  [ "$status" -eq 1 ]
  [[ $output == *"what to follow is missing"* ]]
}
