#!/usr/bin/env bats
# examples/ci does what it says: the shell steps are taken out of the YAML files and run in a real clone, with a real
# server where the comment goes; the hook is installed and commits.
load common

setup_file() {
  own_world
  git config --global user.name tester
  git config --global user.email tester@example.org
  git config --global init.defaultBranch main
}
teardown_file() { rm -rf "$WORLD"; }

setup() {
  python3 -c 'import yaml' || skip "python3-yaml is not installed"
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  HERE=$PWD
  git init -q upstream
  cd upstream
  web shop 2
  nemo fmt shop
  cp "$BATS_TEST_DIRNAME/fleet.yaml" .
  git add .
  git commit -qm "Open the shop"
  git checkout -qb topic
  sed -i 's/replicas  = 2/replicas  = 3/' shop/web.nemo
  git commit -qam "Serve | more"
  cd ..
  # As CI checks out: no main of one's own, the branch's commit.
  git clone -q upstream clone
  cd clone
  git checkout -q --detach origin/topic
  git branch -qD topic
}
teardown() {
  if [ -n "${SERVER:-}" ]; then kill "$SERVER"; fi
}

# Keeps comments as GitHub's and GitLab's servers do, as far as the examples call them.
start_server() {
  cat >"$HERE/server.py" <<'PY'
import http.server, json, os, re, sys, urllib.parse
here = sys.argv[1]
comments = [{"id": 1, "body": "somebody else's"}]
def keep():
    json.dump(comments, open(here + "/comments.new", "w")); os.rename(here + "/comments.new", here + "/comments.json")
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words): pass
    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code); self.send_header("Content-Length", str(len(data))); self.end_headers(); self.wfile.write(data)
    def body(self): return self.rfile.read(int(self.headers["Content-Length"])).decode()
    def authorised(self): return self.headers.get("Authorization") == "Bearer t0ken" or self.headers.get("PRIVATE-TOKEN") == "t0ken"
    def do_GET(self):
        ok = self.authorised() and re.fullmatch(r"/repos/me/shop/issues/7/comments\?per_page=100", self.path)
        self.answer(200 if ok else 404, comments if ok else {})
    def do_POST(self):
        if self.path == "/repos/me/shop/issues/7/comments": body = json.loads(self.body())["body"]
        elif self.path == "/projects/5/merge_requests/7/notes": body = urllib.parse.parse_qs(self.body())["body"][0]
        else: return self.answer(404, {})
        if not self.authorised(): return self.answer(401, {})
        comments.append({"id": len(comments) + 1, "body": body}); keep(); self.answer(201, comments[-1])
    def do_PATCH(self):
        found = re.fullmatch(r"/repos/me/shop/issues/comments/(\d+)", self.path)
        if not found or not self.authorised(): return self.answer(404, {})
        comments[int(found[1]) - 1]["body"] = json.loads(self.body())["body"]; keep(); self.answer(200, {})
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
keep()
open(here + "/port.new", "w").write(str(server.server_port)); os.rename(here + "/port.new", here + "/port")
server.serve_forever()
PY
  python3 "$HERE/server.py" "$HERE" 3>&- &
  SERVER=$!
  until_true 20 test -s "$HERE/port"
  API=http://127.0.0.1:$(cat "$HERE/port")
}

# github STEP: runs that step of the workflow as the runner would, with the workflow's and the step's variables.
github() {
  local script
  script=$(python3 - "$SOURCE/examples/ci/github.yml" "$1" <<'PY'
import re, shlex, sys, yaml
flow = yaml.safe_load(open(sys.argv[1]))
known = {"github.event.pull_request.base.ref": "main", "github.event.pull_request.number": "7", "github.token": "t0ken"}
job = flow["jobs"]["review"]
step = next(s for s in job["steps"] if s.get("name") == sys.argv[2])
for name, value in {**flow.get("env", {}), **job.get("env", {}), **step.get("env", {})}.items():
    value = re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda m: known[m[1]], str(value))
    print(f"export {name}={shlex.quote(value)}")
print(step["run"])
PY
  )
  GITHUB_STEP_SUMMARY=$HERE/summary GITHUB_API_URL=$API GITHUB_REPOSITORY=me/shop bash -e -c "$script"
}

# gitlab: runs the job's script; its lines share one shell, and the first that fails ends it.
gitlab() {
  local script
  script=$(python3 - "$SOURCE/examples/ci/gitlab.yml" <<'PY'
import shlex, sys, yaml
flow = yaml.safe_load(open(sys.argv[1]))
for name, value in flow["variables"].items():
    print(f"export {name}={shlex.quote(str(value))}")
print("\n".join(flow["nemo"]["script"]))
PY
  )
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main CI_API_V4_URL=$API CI_PROJECT_ID=5 CI_MERGE_REQUEST_IID=7 NEMO_TOKEN=${TOKEN-t0ken} bash -e -c "$script"
}

comments() { jq -r "$1" "$HERE/comments.json"; }

@test "the GitHub workflow checks, says what merging changes, and keeps one comment" {
  start_server
  github "Layout and meaning"
  github "What merging changes"
  grep -q '1 added' "$HERE/summary"
  github Comment
  [ "$(comments length)" = 2 ]
  [[ $(comments '.[1].body') == "<!-- nemo plan --ref -->"*"1 added"*'web/2'* ]]
  sed -i 's/replicas  = 3/replicas  = 5/' shop/web.nemo
  git commit -qam "Serve still more"
  github "What merging changes"
  github Comment
  [ "$(comments length)" = 2 ]
  [[ $(comments '.[1].body') == *"3 added"* ]]
  [ "$(comments '.[0].body')" = "somebody else's" ]
}

@test "the GitHub workflow fails on a bad layout and on a conflict, and still comments" {
  start_server
  sed -i 's/replicas  = 3/replicas     = 3/' shop/web.nemo
  run ! github "Layout and meaning"
  git checkout -q shop
  git -C ../upstream checkout -q main
  sed -i 's/replicas  = 2/replicas  = 4/' ../upstream/shop/web.nemo
  git -C ../upstream commit -qam "Serve, too"
  git fetch -q
  run -1 github "What merging changes"
  github Comment
  [[ $(comments '.[1].body') == *"There is no plan"*"N0832"* ]]
}

@test "the steps of the GitHub workflow are those that the test runs" {
  run -0 python3 - "$SOURCE/examples/ci/github.yml" <<'PY'
import sys, yaml
flow = yaml.safe_load(open(sys.argv[1]))
assert flow[True] == ["pull_request"], flow # YAML reads `on` as true
steps = flow["jobs"]["review"]["steps"]
assert steps[0]["with"]["fetch-depth"] == 0
print([s["name"] for s in steps[1:]])
PY
  [ "$output" = "['Install nemo', 'Layout and meaning', 'What merging changes', 'Comment']" ]
}

@test "the GitLab job checks, says what merging changes, and writes a note" {
  start_server
  run -0 gitlab
  [[ $output == *"1 added"* ]]
  [[ $(comments '.[1].body') == "<!-- nemo plan --ref -->"*'web/2'* ]]
  TOKEN="" run -0 gitlab
  [ "$(comments length)" = 2 ]
  sed -i 's/replicas  = 3/replicas  = 3kg/' shop/web.nemo
  run ! gitlab
}

@test "the hook refuses a bad commit and lets a good one pass" {
  git checkout -qb work
  install -m 755 "$SOURCE/examples/ci/pre-commit" .git/hooks/pre-commit
  # Bad layout.
  sed -i 's/replicas  = 3/replicas     = 4/' shop/web.nemo
  run ! git commit -qam "Lay it out badly"
  [[ $output == *"refused"* ]]
  # The work tree is mended, what is staged is not.
  git add shop
  nemo fmt shop
  run ! git commit -qm "Lay it out badly"
  git commit -qam "Serve four"
  # Laid out, and wrong.
  sed -i 's/replicas  = 4/replicas  = 4kg/' shop/web.nemo
  run ! git commit -qam "Weigh it"
  [[ $output == *"kg"* ]]
  git checkout -q -- shop 2>/dev/null || git checkout -q HEAD -- shop
  # What others import, and an intent that loses what it imports.
  mkdir common
  echo 'policy home { deny node.site.country == "FR" }' >common/home.nemo
  printf 'import "../common"\n' >shop/home.nemo
  nemo fmt common shop
  git add .
  git commit -qm "Stay at home"
  git rm -q common/home.nemo
  run ! git commit -qm "Lose what is imported"
  git reset -q --hard
  # Names that git would quote.
  mkdir café && sed 's/"web"/"cafe"/' shop/web.nemo >'café/the web.nemo'
  git add café
  git commit -qm "Open a café"
  sed -i 's/replicas  = /replicas     = /' 'café/the web.nemo'
  run ! git commit -qam "Lay it out badly"
  [[ $output == *refused* ]]
  git reset -q --hard
  # Commits without .nemo files are none of its business.
  echo 'workload {' >shop/draft.nemo
  echo hello >README
  git add README
  git commit -qm "Greet"
  [ "$(git log --format=%s -1)" = Greet ]
}

@test "the entries for the pre-commit framework check the same" {
  entry() {
    python3 - "$SOURCE/examples/ci/pre-commit-config.yaml" "$1" <<'PY'
import sys, yaml
hooks = yaml.safe_load(open(sys.argv[1]))["repos"][0]["hooks"]
print(next(h["entry"] for h in hooks if h["id"] == sys.argv[2]))
PY
  }
  eval "$(entry nemo-fmt) shop/web.nemo"
  eval "$(entry nemo-validate)"
  sed -i 's/replicas  = 3/replicas     = 3kg/' shop/web.nemo
  run ! eval "$(entry nemo-fmt) shop/web.nemo"
  run ! eval "$(entry nemo-validate)"
}
