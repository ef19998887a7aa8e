# Completion in real shells: what Tab offers is asked of bash, zsh and fish themselves.
load common

setup_file() {
  own_world
  mkdir -p "$WORLD/here/sub dir" "$WORLD/site"
  for shell in bash zsh fish; do nemo completion "$shell" >"$WORLD/site/nemo.$shell"; done
  cat >"$WORLD/here/shop.nemo" <<'NEMO'
nemo = 1
stack = "shop"
workload web { exec = ["/bin/true"] }
workload worker { exec = ["/bin/true"] }
template cache { exec = ["/bin/true"] }
use cache redis
policy stay { deny node.site.country == "XX" }
NEMO
  touch "$WORLD/here/other.nemo" "$WORLD/here/shop.nemoplan" "$WORLD/here/notes.txt" "$WORLD/here/eu.yaml"
}
teardown_file() { end_world; }
setup() { cd "$WORLD/here"; }

need_shell() { command -v "$1" >/dev/null || skip "$1 is not installed"; }

# offers SHELL LINE: what Tab at the end of LINE offers, one a line, without descriptions.
offers() {
  case $1 in
    bash) bash "$BATS_TEST_DIRNAME/completion/offers.bash" "$WORLD/site/nemo.bash" "$2" ;;
    # Files come as they are and as they would be quoted.
    zsh) zsh -f "$BATS_TEST_DIRNAME/completion/offers.zsh" "$WORLD/site" "$2" | sed 's/\\\(.\)/\1/g' ;;
    fish) fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$WORLD/site/nemo.fish" "$2" | cut -f1 ;;
  esac | sort -u
}
# same SHELL LINE WORD...: exactly these are offered.
same() {
  local shell=$1 line=$2 expected
  need_shell "$shell"
  shift 2
  expected=$(printf '%s\n' "$@" | sort -u)
  run offers "$shell" "$line"
  [ "$output" = "$expected" ] || { echo "$shell: '$line' offers: $output"; false; }
}
has() { # SHELL LINE WORD: among others
  need_shell "$1"
  run offers "$1" "$2"
  grep -qxF -- "$3" <<<"$output" || { echo "$1: '$2' offers: $output"; false; }
}

commands_and_flags() {
  same "$1" 'nemo expl' explain
  has "$1" 'nemo ' validate
  has "$1" 'nemo ' completion
  same "$1" 'nemo agent st' start stop status
  same "$1" 'nemo fleet up' upgrade-check
  same "$1" 'nemo fleet invite gw1 --role v' viewer
  same "$1" 'nemo plan --det' --detailed-exitcode
  same "$1" 'nemo validate --js' --json
  # Given already, or excluded by what is given.
  run offers "$1" 'nemo plan --json --brief --'
  [ -n "$output" ]
  run ! grep -qx -e --json -e --full <<<"$output"
  has "$1" 'nemo plan --json --brief --' --out
  # A flag of the whole program, after a command.
  has "$1" 'nemo plan --col' --color
}
@test "bash: commands and flags" { commands_and_flags bash; }
@test "zsh: commands and flags" { commands_and_flags zsh; }
@test "fish: commands and flags" { commands_and_flags fish; }

values() {
  same "$1" 'nemo --color a' auto always
  same "$1" 'nemo completion ' bash zsh fish
  same "$1" 'nemo plan --dump re' resolve
  same "$1" 'nemo plan --backend nu' null
  has "$1" 'nemo explain N020' N0201
}
@test "bash: words of a set, ids and backends" { values bash; }
@test "zsh: words of a set, ids and backends" { values zsh; }
@test "fish: words of a set, ids and backends" { values fish; }

names() {
  same "$1" 'nemo explain workload.w' workload.web workload.worker
  same "$1" 'nemo explain p' policy.stay
  same "$1" 'nemo logs ' web worker redis
  same "$1" 'nemo destroy --stack ' shop
}
@test "bash: names from the intent files" { names bash; }
@test "zsh: names from the intent files" { names zsh; }
@test "fish: names from the intent files" { names fish; }

paths() {
  same "$1" 'nemo verify s' shop.nemoplan "$2"
  same "$1" 'nemo plan o' other.nemo
  same "$1" 'nemo apply sh' shop.nemo shop.nemoplan
  same "$1" 'nemo plan --fleet ' eu.yaml "$2"
  has "$1" 'nemo plan --out n' notes.txt
}
@test "bash: files that fit, and directories" { paths bash 'sub dir'; }
@test "zsh: files that fit, and directories" { paths zsh 'sub dir'; }
@test "fish: files that fit, and directories" { paths fish 'sub dir/'; }

@test "bash and fish complete --flag=value" {
  same bash 'nemo plan --dump=re' resolve
  same fish 'nemo plan --dump=re' --dump=resolve
  same bash 'nemo --color=' auto always never
}

@test "names of another directory, when it is named" {
  cd "$WORLD"
  same bash 'nemo logs w' ''
  mkdir -p site2 && printf 'nemo = 1\nstack = "far"\n' >site2/a.nemo
  run nemo __complete destroy --stack ''
  [ "$output" = "" ]
  run nemo __complete status site2 --stack ''
  [[ $output == far* ]]
}

@test "a file with faults still gives its names" {
  mkdir -p "$WORLD/broken" && cd "$WORLD/broken"
  printf 'workload half {\n  exec = [\n}\nworkload whole { }\n' >a.nemo
  run nemo __complete logs w
  [[ $output == whole* ]]
}

@test "what runs is offered for logs, and its stack" {
  cd "$WORLD" && web running
  nemo apply running --yes >/dev/null
  mkdir -p empty && cd empty
  same bash 'nemo logs ' web
  same bash 'nemo logs web/' web/0
  same fish 'nemo status --stack ' web
  nemo destroy --stack web --yes >/dev/null
}

refs() {
  same "$1" 'nemo plan --ref m' main..HEAD
  same "$1" 'nemo plan --ref main..t' main..topic main..two
  same "$1" "nemo plan $WORLD/clone/sub --ref HEAD..origin/m" HEAD..origin/main
}
@test "commits that --ref may compare" {
  export GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=tester GIT_CONFIG_KEY_1=user.email \
    GIT_CONFIG_VALUE_1=tester@example.org GIT_CONFIG_KEY_2=init.defaultBranch GIT_CONFIG_VALUE_2=main
  git init -q "$WORLD/refs" && cd "$WORLD/refs"
  mkdir sub && touch sub/x && git add . && git commit -qm one
  git branch topic
  git tag two
  git clone -q . "$WORLD/clone"
  for shell in bash zsh fish; do if command -v $shell >/dev/null; then refs $shell; fi; done
  cd "$WORLD/here"
  same bash 'nemo plan --ref m' ''
}

@test "nothing that a file says is executed" {
  mkdir -p "$WORLD/hostile" && cd "$WORLD/hostile"
  cat >a.nemo <<'NEMO'
stack = "$(touch owned)`touch owned`; touch owned #"
workload "$(touch owned)" { }
workload "a b'c" { }
workload "two
lines" { }
workload "tab	bed" { }
NEMO
  touch -- '$(touch owned).nemo' "quote'd.nemo" '`touch owned`.nemo' '-rf.nemo' 'a;touch owned.nemo'
  mkdir -- '$(touch owned)'
  for shell in bash zsh fish; do
    command -v $shell >/dev/null || continue
    for line in 'nemo logs ' 'nemo plan ' 'nemo destroy --stack ' 'nemo plan $' 'nemo explain workload.' \
      'nemo plan $(touch owned) --' 'nemo plan "$(touch owned)" --target ' 'nemo logs `touch owned` '; do
      offers $shell "$line" >/dev/null
    done
    [ ! -e owned ] || { echo "$shell executed a name"; false; }
  done
  # What bash would put on the line is quoted: reading it back as code gives the name, not its effect.
  run offers bash 'nemo destroy --stack '
  [[ $output == '\$\(touch\ owned\)'* ]]
  eval "set -- $output"
  [ "$1" = '$(touch owned)`touch owned`; touch owned #' ]
  [ ! -e owned ]
}

@test "completion is silent about every fault" {
  mkdir -p "$WORLD/faults" && cd "$WORLD/faults"
  head -c 4096 /dev/urandom >a.nemo
  mkfifo b.nemo
  ln -s nowhere c.nemo
  printf '\377\376' >d.nemo
  for words in 'logs' 'explain' 'nothing of that' '--no-such' 'plan --no-such=' 'plan -- --'; do
    # shellcheck disable=SC2086
    run --separate-stderr nemo __complete $words ''
    [ "$status" -eq 0 ]
    [ "$stderr" = "" ]
  done
  run nemo __complete
  [ "$status" -eq 0 ]
}
