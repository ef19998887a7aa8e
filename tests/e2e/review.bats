#!/usr/bin/env bats
# What merging one branch into another changes in the plan. Real repositories; nothing in them may change.
load common

setup_file() {
  own_world
  git config --global user.name tester
  git config --global user.email tester@example.org
  git config --global init.defaultBranch main
}
teardown_file() { rm -rf "$WORLD"; }

# A repository with an intent in shop/, whose files come from an import and a mounted directory too.
setup() {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  git init -q
  mkdir -p shop/app
  web shop 2
  echo 'print("one")' >shop/app/main.py
  cat >shop/app.nemo <<'NEMO'
import "common/limits"
workload app {
  exec     = ["/usr/bin/python3", "/app/main.py"]
  after    = [web]
  resources { cpu = 0.1core; memory = 64MiB }
  mount { source = "app"; target = "/app" }
}
NEMO
  mkdir shop/common
  cat >shop/common/limits.nemo <<'NEMO'
policy home {
  deny node.site.country == "FR"
}
objective frugal {
  minimize cost
  prefer cost <= 0.02EUR/h
}
NEMO
  cp "$BATS_TEST_DIRNAME/fleet.yaml" "$BATS_TEST_TMPDIR/fleet.yaml"
  git add .
  git commit -qm "Open the shop"
  git checkout -qb topic
}

review() { nemo plan shop --ref main..topic --fleet "$BATS_TEST_TMPDIR/fleet.yaml" "$@"; }
commit() { git commit -qam "${1:-Change it}"; }
# Every file and directory of the repository with its size, time and content.
fingerprint() { find "${1:-.}" -printf '%p %y %s %T@ %m\n' | sort; find "${1:-.}" -type f -exec sha256sum {} + | sort; }

@test "replicas are added, restarted, moved and removed, each with its reason" {
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  echo 'print("two")' >shop/app/main.py
  commit
  run -0 review
  [[ $output == *"Merging topic into main · 1 commit · stack web"* ]]
  [[ $output == *"added web/2"*"wanted, and does not run"* ]]
  [[ $output == *"restarted app/0"* ]]
  [[ $output == *"1 added, 1 restarted, 2 kept."* ]]
  sed -i 's/"FR"/"GR"/' shop/common/limits.nemo
  sed -i 's/replicas  = 3/replicas  = 1/' shop/web.nemo
  commit
  run -0 review
  [[ $output == *"removed web/1"* && $output == *"moved web/0"*"gw1 → cloud1"* ]]
  run -0 review --json
  jq -e '.version == 1 and .changes and ([.actions[].verb] | sort) == ["delete", "move", "move"]' <<<"$output"
  jq -e '.into.name == "main" and .from.name == "topic" and .from.commits == 2' <<<"$output"
}

@test "expectations and totals stand before and after, and what newly fails is marked" {
  sed -i 's/cpu = 0.05core/cpu = 3core/; s/replicas  = 2/replicas  = 1/' shop/web.nemo
  sed -i 's/"FR"/"XX"/' shop/common/limits.nemo
  commit
  run -0 review
  [[ $output == *"prefer cost <= 0.02EUR/h"* ]]
  sed -i 's/cpu = 3core/cpu = 40core/' shop/web.nemo
  commit
  run -0 review
  [[ $output == *"prefer cost <= 0.02EUR/h"*"newly failing"* ]]
  [[ $output == *"EUR/month"*"→"*"EUR/month"*"+"*"EUR/h (+"*"EUR/month)"* ]]
  [[ $output == *"1 expectation newly failing."* ]]
  run -0 review --json
  jq -e '[.expectations[] | select(.newly_failing)] | length == 1 and .[0].before.met and (.[0].after.met | not)' <<<"$output"
  jq -e '.totals | (.difference.eur_per_hour - (.after.eur_per_hour - .before.eur_per_hour) | fabs) < 1e-9' <<<"$output"
}

@test "comments and spaces change no plan" {
  sed -i 's/^nemo = 1/# The shop.\nnemo   =   1/' shop/web.nemo
  commit
  run -0 review --detailed-exitcode
  [[ $output == *"No change in the plan: only the text of the intent differs."* ]]
  git checkout -q main
  run -0 nemo plan shop --ref main..main --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"No change in the plan: the intent is the same."* ]]
  run -0 review --json
  jq -e '.changes | not' <<<"$output"
}

@test "a change is exit code 2 when asked for" {
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  commit
  run -2 review --detailed-exitcode
  run -0 review
}

@test "it is the merge that is planned, not the branch" {
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  commit
  git checkout -q main
  sed -i 's/memory = 64MiB }$/memory = 96MiB }/' shop/app.nemo # main went on meanwhile
  commit "Give the app more"
  run -0 review
  [[ $output == *"added web/2"* && $output == *"restarted app/0"*"changed: address of web/2;"* ]]
  [[ $output == *"1 added, 1 restarted, 2 kept."* && $output != *memory* ]]
}

@test "nothing in the repository is written, be it dirty or bare" {
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  commit
  git checkout -q main
  # Both sides change one file in different places: the merge makes a blob and trees that nobody has.
  sed -i 's/"hello"/"welcome"/' shop/web.nemo
  commit
  echo dirty >>shop/web.nemo
  echo 'nonsense {' >shop/new.nemo
  git add shop/new.nemo
  git clone -q --bare . ../bare-$$.git
  fingerprint >"$BATS_TEST_TMPDIR/before"
  run -0 review
  [[ $output == *"added web/2"* && $output != *hello* ]]
  fingerprint | diff "$BATS_TEST_TMPDIR/before" -
  cd ../bare-$$.git
  fingerprint >"$BATS_TEST_TMPDIR/before"
  run -0 review
  [[ $output == *"added web/2"* ]]
  cd /
  run -0 nemo plan "$OLDPWD/shop" --ref main..topic --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"added web/2"* ]]
  cd "$OLDPWD"
  fingerprint | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a path may be seen from where one stands or from the top, and need not be checked out" {
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  commit
  cd shop/app
  run -0 nemo plan .. --ref main..topic --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"added web/2"* ]]
  run -0 nemo plan shop --ref main..topic --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"added web/2"* ]]
  cd ../..
  git checkout -q --orphan empty
  git rm -rqf .
  run -0 nemo plan shop --ref main..topic --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"added web/2"* ]]
}

@test "a conflict names the file and the lines of both sides" {
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  commit
  git checkout -q main
  sed -i '1i # one\n# two' shop/web.nemo
  sed -i 's/replicas  = 2/replicas  = 4/' shop/web.nemo
  git rm -q shop/app/main.py
  sed -i '/mount/d' shop/app.nemo
  commit
  git checkout -q topic
  echo 'print("three")' >shop/app/main.py
  commit
  line=$(git show main:shop/web.nemo | grep -n replicas | cut -d: -f1)
  run -1 review
  [[ $output == *"main:shop/web.nemo:$line:1: error: main changed line $line, topic changed line $((line - 2)) [N0832]"* ]]
  [[ $output == *"replicas  = 4"* && $output == *"topic:shop/web.nemo:$((line - 2))"* ]]
  [[ $output == *"shop/app/main.py: error: topic changed it, main deleted or renamed it [N0832]"* ]]
  run -1 review --json
  jq -e --argjson line "$line" '(.valid | not) and ([.diagnostics[] | select(.id == "N0832")] | length) == 2
    and any(.diagnostics[]; .file == "main:shop/web.nemo" and .line == $line)' <<<"$output"
  run -1 --separate-stderr review --format markdown
  [[ $output == *"There is no plan."*"N0832"*"main:shop/web.nemo:$line"* ]]
  [ ! -e .git/MERGE_HEAD ]
}

@test "what cannot be resolved says what is there" {
  run -1 nemo plan shop --ref main..topci --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"N0831"*"did you mean topic?"* ]]
  run -1 nemo plan shop --ref main...topic --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"N0831"*"--ref main..topic"* ]]
  run -1 nemo plan shop --ref main --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"A..B"*"N0831"* ]]
  run -1 nemo plan shop --ref .. --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  # A branch that only the remote has is how CI checks out.
  git clone -q . ../clone-$$
  cd ../clone-$$
  git branch -q --move main gone 2>/dev/null || true
  run -1 nemo plan shop --ref main..HEAD --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"did you mean origin/main?"* ]]
  run -0 nemo plan shop --ref origin/main.. --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  cd "$BATS_TEST_TMPDIR"
  run -1 nemo plan . --ref main..topic
  [[ $output == *"N0830"* ]]
}

@test "without a common ancestor there is no merge" {
  git checkout -q --orphan other
  commit "Another beginning"
  run -1 nemo plan shop --ref main..other --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"main and other have no common ancestor"*"N0833"* ]]
  git checkout -q topic
  echo >>shop/web.nemo
  commit
  git checkout -q main
  echo more >more
  git add more
  commit
  git clone -q --depth 1 --no-single-branch "file://$PWD" ../shallow-$$
  cd ../shallow-$$
  run -1 nemo plan shop --ref origin/main..origin/topic --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"shallow clone"*"git fetch --unshallow"* ]]
}

@test "a damaged repository is an error, not a crash" {
  git rev-parse topic^{tree} | sed 's,^..,.git/objects/&/,' | xargs rm -f
  run -1 review
  [[ $output == *"N0836"* ]]
}

@test "a base without a plan is said, and what mends it can still be seen" {
  git checkout -q main
  sed -i 's/replicas  = 2/replicas  = 2kg/' shop/web.nemo
  commit "Break it"
  git checkout -q topic
  git merge -q main
  sed -i 's/replicas  = 2kg/replicas  = 2/' shop/web.nemo
  commit "Mend it"
  run -0 review
  [[ $output == *"main itself has no plan [N0834]"* && $output == *"main:shop/web.nemo"* ]]
  [[ $output == *"3 added."* ]]
  sed -i 's/memory = 64MiB/memory = 900GiB/' shop/app.nemo
  commit "Ask for too much"
  run -1 review
  [[ $output == *"900GiB"* ]]
}

@test "the first intent of a repository is all new, and another stack name is said" {
  git checkout -q --orphan fresh
  git rm -rqf .
  echo hello >README
  git add README
  commit "Begin"
  git checkout -qb first
  web shop 1
  git add shop
  commit "Add an intent"
  run -0 nemo plan shop --ref fresh..first --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"1 added."* && $output == *"0 EUR/h"* ]]
  git checkout -qb renamed
  sed -i 's/"web"/"site"/' shop/web.nemo
  commit
  run -0 nemo plan shop --ref first..renamed --fleet "$BATS_TEST_TMPDIR/fleet.yaml"
  [[ $output == *"N0835"* && $output == *"web → site"* && $output == *"1 added."* ]]
}

@test "a link in the tree is followed, and none leads out of the repository" {
  mv shop/app real-app
  ln -s ../real-app shop/app
  git add -A
  commit
  run -0 review
  [[ $output == *"No change in the plan"* || $output == *"kept"* ]]
  rm shop/app
  ln -s /etc shop/app
  git add -A
  commit
  run -1 review
  [[ $output == *"leaves the repository"*"N0317"* ]]
  rm shop/app
  ln -s ../../elsewhere shop/app
  git add -A
  commit
  run -1 review
  [[ $output == *"leaves the repository"*"N0317"* ]]
  rm shop/app
  ln -s app shop/app
  git add -A
  commit
  run -1 review
  [[ $output == *"is not there"*"N0317"* ]]
}


@test "the Markdown stays text and tables, whatever names and messages hold" {
  git checkout -q -b 'feat|<img/src=x>`@all`'
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  sed -i 's/exec     = .*/exec     = ["\/bin\/true", "|`<b>@team<\/b>[x](http:\/\/evil.example)"]/' shop/app.nemo
  cat >>shop/common/limits.nemo <<'NEMO'
policy odd { prefer node.labels."a|b`c<script>" == "d|e" }
NEMO
  commit '| `@everyone` <script>alert(1)</script> [click](javascript:x) ![](http://evil.example/x.png) #1 \| end\'
  run -0 --separate-stderr nemo plan shop --ref 'main..feat|<img/src=x>`@all`' --fleet "$BATS_TEST_TMPDIR/fleet.yaml" --format markdown
  [[ ${lines[0]} == "<!-- nemo plan --ref -->" ]]
  html=$(cmark-gfm --unsafe -e table -e autolink -e strikethrough <<<"$output")
  echo "$html"
  # Rendered without any mercy for raw HTML: nothing of what strangers wrote became an element.
  ! grep -Eiq '<(script|img|a |b>|em>)' <<<"$html"
  python3 - "$html" <<'PY'
import sys
from html.parser import HTMLParser
class Look(HTMLParser):
    def __init__(self):
        super().__init__(); self.tables = []; self.text = ""
    def handle_starttag(self, tag, attrs):
        if tag == "table": self.tables.append([])
        if tag == "tr": self.tables[-1].append(0)
        if tag in ("td", "th"): self.tables[-1][-1] += 1
    def handle_data(self, data): self.text += data
look = Look(); look.feed(sys.argv[1])
assert len(look.tables) >= 2, look.tables
for table in look.tables:
    assert len(table) > 1 and len(set(table)) == 1, table
assert "feat|<img/src=x>`@all`" in look.text, look.text
assert "<script>alert(1)</script>" in look.text, look.text
PY
}

@test "the Markdown shows what the text shows, and is short enough to post" {
  sed -i 's/replicas  = 2/replicas  = 900/; s/cpu = 0.05core/cpu = 0.001core/; s/64MiB/1MiB/' shop/web.nemo
  commit
  run -0 --separate-stderr review --format markdown
  [[ $output == *"898 added"* && $output == *"EUR/month"* && $output == *"841 more"* ]]
  [ "${#output}" -lt 60000 ]
}

@test "a binary file and one added twice conflict in words" {
  head -c 100 /dev/zero >shop/logo
  git add -A; commit
  git checkout -q main
  head -c 200 /dev/zero >shop/logo
  echo a >note; git add -A; commit
  git checkout -q topic
  echo b >note; git add -A; commit
  run -1 review
  [[ $output == *"shop/logo: error: main and topic both changed it, and it is no text"* ]]
  [[ $output == *"main:note: error: main and topic both added it, differently"* ]]
}
