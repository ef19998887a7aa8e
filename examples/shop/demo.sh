#!/usr/bin/env bash
# The shop from intent to a served page, as a newcomer would type it. Uses the agent of whoever runs it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
PATH=$PWD/build/release/bin:$PATH

say() { printf '\n== %s\n' "$*"; }
run() { printf '\n$ %s\n' "$*"; "$@"; }

trap 'echo; echo "The demo ended early: what is wrong stands above. Mend it and run ./dev demo again: it goes on." >&2' ERR

say "A shop in three tiers (nginx, a Python application, redis) is described in examples/shop/*.nemo. Is that right?"
run nemo validate examples/shop

say "What would happen on this machine, why, and what would it cost?"
run nemo plan examples/shop --out build/shop.nemoplan

say "Make it so, exactly as planned. The agent, which keeps it so from now on, is started if it does not run."
run nemo apply build/shop.nemoplan --yes

say "Ask for the page, twice."
for _ in 1 2; do
  run curl -fsS --retry 5 --retry-delay 1 --retry-connrefused http://127.0.0.1:8088/
done

say "How is it? What is used, of what was reserved, and what is predicted."
run nemo status examples/shop

nemo=build/release/bin/nemo
state=$(nemo agent status | sed -n 's|^log  *\(.*\)/agent.log$|\1|p')
cat <<EOF

== The shop is up at http://127.0.0.1:8088/ . What to try next:

  $nemo logs app -f                       what the application says (Ctrl-C ends it)
  $nemo events                            what happened so far
  $nemo explain workload.web examples/shop
  \${EDITOR:-nano} examples/shop/shop.nemo     change GREETING, or replicas, and
  $nemo apply examples/shop               replaces one replica after the other, the new one healthy first
  $nemo drift examples/shop               does reality still agree with the intent?
  kill -9 \$($nemo agent status --json | sed 's/.*"pid":\([0-9]*\).*/\1/')
                                                       kills the agent: the shop serves on, the next nemo command finds it

To remove it all:

  $nemo destroy examples/shop --yes       the shop; its visits are kept in a volume
  $nemo agent stop && rm -r $state
                                                       the agent, and everything it kept
  ./dev clean                                          what was built
EOF
