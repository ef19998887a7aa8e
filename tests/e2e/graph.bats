#!/usr/bin/env bats
# Pictures of a plan: the same for the same plan, drawn by the real Graphviz, escaped whatever names hold.
load common

setup_file() { own_world; }
teardown_file() { rm -rf "$WORLD"; }

setup() {
  cd "$(mktemp -d "$WORLD/XXXXXX")"
  cat >shop.nemo <<'NEMO'
nemo = 1
stack = "shop"
workload store {
  exec = ["/usr/bin/redis-server"]
  resources { cpu = 0.1core; memory = 64MiB }
}
workload app {
  exec = ["/usr/bin/python3", "app.py"]
  after = [store]
  replicas = 3
  resources { cpu = 0.3core; memory = 96MiB }
}
workload web {
  exec = ["/usr/sbin/nginx"]
  after = [app]
  resources { cpu = 0.2core; memory = 64MiB }
}
policy home { deny node.site.country == "FR" }
NEMO
  cp "$BATS_TEST_DIRNAME/fleet.yaml" .
  # app/0 runs where it may not stay, app/1 as planned, old/0 is no longer wanted.
  cat >>fleet.yaml <<'YAML'
running:
  - {stack: shop, workload: app, replica: 0, node: cloud1}
  - {stack: shop, workload: app, replica: 1, node: gw1}
  - {stack: shop, workload: old, replica: 0, node: gw1}
YAML
}

@test "workloads, sites, nodes, dependencies and what changes are drawn" {
  run -0 nemo graph --fleet fleet.yaml
  [[ $output == "digraph nemo {"* ]]
  for part in 'label="site athens' 'label="site paris' 'label="gw1' 'label="cloud1' '+ store' '~ app' '+ web' '- old' 'cluster_legend'; do
    [[ $output == *"$part"* ]]
  done
  [ "$(grep -c 'label="after"' <<<"$output")" = 2 ]
  [ "$(grep -c 'arrowhead=dot' <<<"$output")" = 7 ] # store, web, old; app created, kept, moved, and where it left
  nemo graph --fleet fleet.yaml >again
  diff again - <<<"$output"
}

@test "Graphviz draws it: to SVG by nemo, to a picture by hand" {
  type dot >/dev/null || skip "graphviz is not installed"
  nemo graph --fleet fleet.yaml --format svg >shop.svg
  python3 - <<'PY'
import xml.etree.ElementTree as tree
root = tree.parse("shop.svg").getroot()
text = " ".join(e.text or "" for e in root.iter() if e.tag.endswith("text"))
for part in ("stack shop", "site athens", "gw1", "+ store", "- old", "after", "created", "removed"):
    assert part in text, (part, text)
PY
  nemo graph --fleet fleet.yaml | dot -Tpng >shop.png
  [ "$(head -c 8 shop.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ]
}

@test "without Graphviz the next step is named" {
  mkdir only
  ln -s "$(command -v nemo)" only/nemo
  run -1 env PATH="$PWD/only" nemo graph --fleet fleet.yaml --format svg
  [[ $output == *"N0837"*"install graphviz, or use --format dot"* ]]
  # And one that fails is not taken for one that drew.
  printf '#!/bin/sh\nexit 3\n' >only/dot
  chmod +x only/dot
  run -1 env PATH="$PWD/only:/bin:/usr/bin" nemo graph --fleet fleet.yaml --format svg
  [[ $output == *"dot ended with exit code 3"* ]]
}

# grammar FILE: every line is one that Mermaid's flowchart grammar has, every id is declared before a link or
# a class names it, and subgraphs end.
grammar() {
  python3 - "$1" <<'PY'
import re, sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
assert lines[0] == "flowchart LR" and lines[-1] == ""
text = r'"(?:[^"#<>`\x00-\x1f]|#\d+;|<br/>)*"'
declared, classes, links, depth = set(), set(), 0, 0
used = []
for line in lines[1:-1]:
    s = line.strip()
    if m := re.fullmatch(rf"(\w+)\({text}\):::(\w+)", s):
        declared.add(m[1]); used.append(m[2])
    elif m := re.fullmatch(rf"(\w+)\[\[{text}\]\]", s): declared.add(m[1])
    elif re.fullmatch(rf"subgraph \w+(\[{text}\])?", s): depth += 1
    elif s == "end":
        depth -= 1; assert depth >= 0
    elif m := re.fullmatch(rf"(\w+) (?:-->|==>|-\.->)\|{text}\| (\w+)", s):
        assert {m[1], m[2]} <= declared, s
        links += 1
    elif m := re.fullmatch(r"classDef (\w+) fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}", s):
        classes.add(m[1])
    elif m := re.fullmatch(r"linkStyle (\d+) stroke:#[0-9a-f]{6}", s): assert int(m[1]) < links, s
    else: raise AssertionError("not Mermaid: " + s)
    assert not any(word == "end" for word in declared)
assert depth == 0 and set(used) <= classes and links > 0
PY
}

@test "Mermaid text keeps to its grammar" {
  nemo graph --fleet fleet.yaml --format mermaid >shop.mmd
  grammar shop.mmd
  grep -q '"+ store<br/>1 replica"' shop.mmd
  [ "$(grep -c -- '-->|"after"|' shop.mmd)" = 2 ]
}

@test "an intent at fault draws nothing, one without a plan shows what is wanted" {
  sed -i 's/memory = 64MiB/memory = 900GiB/' shop.nemo
  run -1 --separate-stderr nemo graph --fleet fleet.yaml
  [[ $output == *"= store"* && $stderr == *"900GiB"* ]]
  [[ $output != *"arrowhead=dot"* ]]
  echo 'workload {' >>shop.nemo
  run -1 --separate-stderr nemo graph --fleet fleet.yaml
  [ -z "$output" ]
}
