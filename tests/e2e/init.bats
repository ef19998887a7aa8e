#!/usr/bin/env bats
# A first intent that is good as it is written.
load common

setup_file() { own_world; }
teardown_file() { end_world; }

@test "what init writes is valid, laid out, planned and applied as it is" {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  run -0 nemo init "My Shop"
  [[ $output == *"my-shop.nemo"* && $output == *"nemo plan"* ]]
  run -0 nemo validate "My Shop"
  [[ $output == *"stack 'my-shop'"* ]]
  nemo fmt --check "My Shop"
  run -0 nemo plan "My Shop"
  [[ $output == *"create hello/0"* ]]
  nemo apply "My Shop" --yes
  nemo status --json | jq -e '[.workloads[] | select(.name == "hello" and .state == "running")] | length == 1'
  if grep -q http.server "My Shop/my-shop.nemo"; then
    until_true 20 fetch "$(address hello/0)"
    [ "$(fetch "$(address hello/0)")" = "Hello from nemo" ]
  fi
  run -0 nemo plan "My Shop"
  [[ $output == *"No changes."* ]]
  nemo destroy --stack my-shop --yes
}

@test "the commented parts are valid too, once they are wanted" {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  nemo init
  file=$(ls ./*.nemo)
  # Comments that are code: from a line that opens a block to the one that closes it.
  sed -i -E '/^# (site|objective) /,/^# \}/ s/^# ?//' "$file"
  grep -q '^site home' "$file"
  grep -q '^objective frugal' "$file"
  nemo validate
  nemo fmt --check
}

@test "an intent that is there is not touched" {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  echo '# mine' >a.nemo
  run -1 nemo init
  [[ $output == *"N0838"*"a.nemo"* || $output == *"a.nemo"*"N0838"* ]]
  [ "$(cat a.nemo)" = "# mine" ]
  [ "$(ls)" = "a.nemo" ]
  run -1 nemo init a.nemo
  [[ $output == *"N0816"* ]]
  run -1 nemo init /proc/nowhere
  [[ $output == *"N0816"* ]]
}

@test "a directory's name becomes a stack's name, whatever it is" {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  for name in 'Ünïcode & Söhne' '---' "$(printf 'x%.0s' {1..100})" '9lives' 'a"b\c'; do
    nemo init "$name"
    nemo validate "$name"
    nemo fmt --check "$name"
  done
}
