#!/usr/bin/env bash
# The shop from intent to a served page, as a newcomer would type it. Uses the agent of whoever runs it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
PATH=$PWD/build/release/bin:$PATH

step() { printf '\n$ %s\n' "$*"; "$@"; }

step nemo validate examples/shop
step nemo plan examples/shop
step nemo apply examples/shop --yes
step nemo status examples/shop

printf '\n$ curl http://127.0.0.1:8088/   (twice)\n'
curl -fsS --retry 5 --retry-delay 1 --retry-connrefused http://127.0.0.1:8088/
curl -fsS http://127.0.0.1:8088/

nemo=build/release/bin/nemo
cat <<EOF

The shop is up at http://127.0.0.1:8088/ . What to try next:
  $nemo logs app -f                       what the application says
  \$EDITOR examples/shop/shop.nemo         change GREETING, or replicas, and
  $nemo apply examples/shop               replaces one replica after the other, the new one healthy first
  $nemo explain workload.web examples/shop
  $nemo drift examples/shop               does reality still agree with the intent?
To remove it all:
  $nemo destroy examples/shop --yes && $nemo agent stop && ./dev clean
EOF
