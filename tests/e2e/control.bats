# Control over what a change may touch: new names without a restart, protection, and selections. Real processes.
load common

setup_file() {
  own_world
  export APP=$WORLD/app
  mkdir -p "$APP"
}
teardown_file() { end_world; }

# An echo server with a volume, and a user of its address; NAME STORE_EXTRA
stack() {
  cat >"$APP/app.nemo" <<NEMO
nemo = 1
stack = "ctl"
workload $1 {
  exec      = ["/bin/sh", "-c", "echo start >> /data/starts; wc -l < /data/starts; exec /usr/bin/python3 -uc \"\$ECHO\""]
  resources { cpu = 0.05core; memory = 64MiB }
  ports     { tcp = auto }
  mount     { volume = "data"; target = "/data" }
  env       { ECHO = "import os,socketserver as s;H=type('H',(s.StreamRequestHandler,),{'handle':lambda h:[h.wfile.write(l) for l in h.rfile]});s.ThreadingTCPServer(('127.0.0.1',int(os.environ['PORT'])),H).serve_forever()" }
  health    { every = 500ms; timeout = 2s; tcp = tcp }
  restart   { backoff = 100ms }
  ${2:-}
}
workload user {
  exec      = ["/bin/sh", "-c", "env | grep ^NEMO_ADDR | sort; exec sleep 100000"]
  resources { cpu = 0.05core; memory = 32MiB }
  after     = [$1]
  restart   { backoff = 100ms }
}
NEMO
}

field() { nemo status --json | jq -r --arg n "$1" ".workloads[] | select(.name == \$n) | .$2"; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
said() { nemo logs "$1" --stack ctl 2>/dev/null | grep -q "$2"; }

@test "moved renames what runs: same process, same connections, volume and logs under the new name" {
  stack store
  run -0 nemo apply "$APP" --yes
  pid=$(field store pid) started=$(field store started_at) uid=$(field store uid) user=$(field user pid)
  exec 7<>"/dev/tcp/127.0.0.1/$(field store 'addresses[0].address' | cut -d: -f2)"
  echo one >&7
  read -r -t 20 answer <&7
  [ "$answer" = one ]

  stack db
  echo 'moved { from = workload.store; to = workload.db }' >>"$APP/app.nemo"
  run -0 nemo plan "$APP"
  [[ $output == *"rename db/0"*"was store; goes on running"* ]]
  [[ $output != *"replace user"* ]]
  run -2 nemo drift "$APP"
  run -0 nemo plan "$APP" --out "$WORLD/rename.nemoplan"
  run -0 nemo verify "$WORLD/rename.nemoplan"
  run -0 nemo apply "$WORLD/rename.nemoplan" --yes
  [[ $output == *"rename db/0"* ]]

  [ "$(field db pid)" = "$pid" ]
  [ "$(field db started_at)" = "$started" ]
  [ "$(field db uid)" = "$uid" ]
  [ "$(field user pid)" = "$user" ]
  [ -z "$(field store pid)" ]
  echo two >&7
  read -r -t 20 answer <&7
  [ "$answer" = two ]
  exec 7>&-
  said db '^.*1$'
  run -1 nemo logs store --stack ctl
  [[ $output == *N0815* || $output == *N0806* ]]
}

@test "the block may stay for ever, and may go" {
  run -0 nemo plan "$APP" --detailed-exitcode
  run -0 nemo apply "$APP" --yes
  [[ $output == *"Nothing to do"* ]]
  pid=$(field db pid)
  stack db
  run -0 nemo plan "$APP" --detailed-exitcode
  [ "$(field db pid)" = "$pid" ]
}

@test "a renamed replica restarts with its volume, and its user is given the address by both names" {
  stack db
  echo 'moved { from = workload.store; to = workload.db }' >>"$APP/app.nemo"
  nemo apply "$APP" --yes
  kill -9 "$(field db pid)" "$(field user pid)"
  until_true 30 said db '^.*2$'
  until_true 30 said user NEMO_ADDR_DB=
  said user NEMO_ADDR_STORE=
  kill -9 "$(agent_pid)"
  nemo agent start
  until_true 30 is db state running
}

@test "a new name with a new program is a replacement that keeps who it is" {
  uid=$(field db uid) pid=$(field db pid)
  stack base 'working-directory = "/"'
  echo 'moved { from = workload.db; to = workload.base }' >>"$APP/app.nemo"
  run -0 nemo apply "$APP" --yes
  [[ $output == *"replace base/0"* ]]
  [ "$(field base uid)" = "$uid" ]
  [ "$(field base pid)" != "$pid" ]
  until_true 30 said base '^.*3$'
}

@test "nothing is renamed onto what runs" {
  sed 's/^workload user/workload other/' "$APP/app.nemo" >"$APP/app.tmp"
  mv "$APP/app.tmp" "$APP/app.nemo"
  echo 'moved { from = workload.user; to = workload.other }' >>"$APP/app.nemo"
  cp "$APP/app.nemo" "$WORLD/moving.nemo"
  sed -i '/workload.user/d' "$APP/app.nemo"
  cat >>"$APP/app.nemo" <<'NEMO'
workload user { exec = ["/bin/sleep", "100000"]; resources { cpu = 0.05core; memory = 32MiB } }
NEMO
  run -0 nemo apply "$APP" --yes
  cp "$WORLD/moving.nemo" "$APP/app.nemo"
  run -1 nemo plan "$APP"
  [[ $output == *N0752* ]]
}

@test "what runs protected is neither replaced, deleted nor destroyed" {
  nemo destroy --stack ctl --yes
  stack db 'protect = true'
  run -0 nemo apply "$APP" --yes
  [ "$(field db protected)" = true ]
  [ "$(field user protected)" = false ]
  nemo status | grep -q "running, protected"
  pid=$(field db pid)

  stack db 'working-directory = "/"'
  run -1 nemo apply "$APP" --yes
  [[ $output == *"replace db/0"* && $output == *N0751* && $output == *"nemo unprotect workload.db --stack ctl"* ]]
  printf 'nemo = 1\nstack = "ctl"\n' >"$APP/app.nemo"
  echo 'workload user { exec = ["/bin/sleep", "1"] }' >>"$APP/app.nemo"
  run -1 nemo plan "$APP"
  [[ $output == *"delete db/0"* && $output == *N0751* ]]
  run -1 nemo destroy --stack ctl --yes
  [[ $output == *N0751* ]]
  mkdir -p "$WORLD/elsewhere"
  cp "$APP/app.nemo" "$WORLD/elsewhere"
  run -1 nemo apply "$WORLD/elsewhere" --yes --take-over
  [[ $output == *N0751* ]]

  stack db
  run -0 nemo apply "$APP" --yes
  [[ $output == *N0753* ]]
  [ "$(field db protected)" = true ]
  [ "$(field db pid)" = "$pid" ]
}

@test "protection does not keep a crashed workload down" {
  kill -9 "$(field db pid)"
  until_true 30 is db restarts 1
  until_true 30 is db state running
  [ "$(field db protected)" = true ]
}

@test "unprotect lifts it on purpose, and without a restart" {
  pid=$(field db pid)
  run -1 nemo unprotect dbb --stack ctl --yes
  [[ $output == *N0819*"did you mean db?"* ]]
  run -1 nemo unprotect user --stack ctl --yes
  [[ $output == *N0819* ]]
  run -1 nemo unprotect db </dev/null
  [[ $output == *N0810* ]]
  [ "$(field db protected)" = true ]
  run -0 --separate-stderr nemo unprotect workload.d? --yes --json
  jq -se '.[0].event == "unprotect" and .[0].objects[0].object == "workload.db/0"' <<<"$output"
  jq -se '.[-1].event == "end" and .[-1].exit_code == 0' <<<"$output"
  [ "$(field db protected)" = false ]
  [ "$(field db pid)" = "$pid" ]
  run -0 nemo destroy --stack ctl --yes
}

@test "only what is selected is touched" {
  web "$APP" 2 hello ctl
  rm -f "$APP/app.nemo"
  cat >>"$APP/web.nemo" <<'NEMO'
workload job { exec = ["/bin/sleep", "100000"]; resources { cpu = 0.05core; memory = 32MiB } }
workload late { exec = ["/bin/sleep", "100000"]; resources { cpu = 0.05core; memory = 32MiB }; after = [web] }
NEMO
  run -0 nemo apply "$APP" --yes --target web
  [[ $output == *"Only part of the stack: --target web"* ]]
  [[ $output == *"2 other changes left out by --target."* ]]
  [ -z "$(field job pid)" ]
  run -0 nemo apply "$APP" --yes
  job=$(field job pid)
  before=$(nemo status --json | jq -c '[.workloads[] | select(.name == "web" and .replica == 0) | .pid]')

  sed -i 's/GREETING = "hello"/GREETING = "changed"/; s/"100000"\]; resources { cpu = 0.05core; memory = 32MiB } }/"200000"]; resources { cpu = 0.05core; memory = 32MiB } }/' "$APP/web.nemo"
  run -1 nemo plan "$APP" --target web
  [[ $output == *N0756*"--target late"* ]] || false
}

@test "a plan file keeps its selection" {
  sed -i 's/; after = \[web\]//' "$APP/web.nemo"
  run -0 nemo apply "$APP" --yes --target 'l*'
  run -0 nemo plan "$APP" --target web/1 --exclude job --out "$WORLD/part.nemoplan"
  run -0 nemo verify "$WORLD/part.nemoplan"
  run -1 nemo apply "$WORLD/part.nemoplan" --yes --target web
  [[ $output == *N0820* ]]
  job=$(field job pid)
  zero=$(nemo status --json | jq '.workloads[] | select(.name == "web" and .replica == 0) | .pid')
  run -0 nemo apply "$WORLD/part.nemoplan" --yes
  fetch "$(address web/1)" | grep -q changed
  fetch "$(address web/0)" | grep -q hello
  [ "$(field job pid)" = "$job" ]
  [ "$(nemo status --json | jq '.workloads[] | select(.name == "web" and .replica == 0) | .pid')" = "$zero" ]
  run -0 nemo plan "$APP" --json
  jq -e '.left_out == [] and .targets == []' <<<"$output"
}

@test "a selection that selects nothing, or contradicts itself, is refused" {
  run -1 nemo plan "$APP" --target wbe
  [[ $output == *N0754*"did you mean --target web?"* ]]
  run -1 nemo apply "$APP" --yes --exclude 'nothing-*'
  [[ $output == *N0754* ]]
}

@test "destroy takes what is selected, and leaves the rest running" {
  job=$(field job pid)
  run -0 nemo destroy "$APP" --target web --yes
  [[ $output == *"Removed what was selected"* ]]
  [ -z "$(field web pid)" ]
  [ "$(field job pid)" = "$job" ]
  run -0 nemo destroy --stack ctl --exclude job --yes
  [ "$(field job pid)" = "$job" ]
  run -0 nemo destroy --stack ctl --yes
  nemo status --json | jq -e '(.workloads | length) == 0'
}
