# Command lines that are wrong, as people type them: one line of what, the next step, exit 1, and nothing done.
load common
setup_file() { own_world; }
teardown_file() { end_world; }

refused() { # WORD... : exits 1, says N0829 on stderr, nothing on stdout
  run --separate-stderr nemo "$@"
  [ "$status" -eq 1 ]
  [ "$output" = "" ]
  [[ $stderr == *N0829* ]]
}

@test "an unknown command, with what was meant" {
  refused pln
  [[ $stderr == *"nemo has no command 'pln'"* ]]
  [[ $stderr == *"did you mean nemo plan?"* ]]
  refused agent strat
  [[ $stderr == *"did you mean nemo agent start?"* ]]
  refused xyzzy
  [[ $stderr == *"nemo --help lists the commands"* ]]
}

@test "an unknown flag, with what was meant" {
  refused plan --flet eu.yaml
  [[ $stderr == *"nemo plan has no flag '--flet'"* ]]
  [[ $stderr == *"did you mean --fleet?"* ]]
  refused plan --flet=eu.yaml
  refused --colour always status
  [[ $stderr == *"did you mean --color?"* ]]
  refused validate -x
}

@test "values that are missing or none of the set, and flags that exclude each other" {
  refused plan --fleet
  refused plan --color sometimes
  [[ $stderr == *auto* ]]
  refused plan --brief --full
  refused logs
  [[ $stderr == *WORKLOAD* ]]
  refused logs a b
  refused agent
  [[ $stderr == *"start, stop, status"* ]]
  refused completion tcsh
}

@test "no command at all prints the help, and fails" {
  run --separate-stderr nemo
  [ "$status" -eq 1 ]
  [[ $stderr == *"Write and check:"* ]]
}

@test "help is asked for in three ways" {
  nemo plan --help >"$WORLD/1"
  nemo plan -h >"$WORLD/2"
  nemo help plan >"$WORLD/3"
  cmp "$WORLD/1" "$WORLD/2"
  cmp "$WORLD/1" "$WORLD/3"
  run nemo help
  [[ $output == *"Begin with:"* ]]
}

@test "the version names the commit, also of the agent, and does without git" {
  run nemo --version
  [[ $output =~ ^nemo\ [0-9]+\.[0-9]+\.[0-9]+(\ \([0-9a-f]{12}(-dirty)?\))?$ ]]
  [ "$(nemo-agent --version)" = "nemo-agent ${output#nemo }" ]
  # As in a tarball: no .git; and in one that git made, with the commit in a file.
  mkdir -p "$WORLD/tree/cmake"
  version() { cmake -DSOURCE="$WORLD/tree" -DVERSION=1.2.3 -DOUT="$WORLD/v.h" -P "$SOURCE/cmake/version.cmake" && cat "$WORLD/v.h"; }
  run version
  [[ $output == *'NEMO_VERSION "1.2.3"'* ]]
  cp "$SOURCE/cmake/commit.txt" "$WORLD/tree/cmake"
  run version
  [[ $output == *'NEMO_VERSION "1.2.3"'* ]]
  echo '0123456789abcdef0123456789abcdef01234567 2026-01-02' >"$WORLD/tree/cmake/commit.txt"
  run version
  [[ $output == *'NEMO_VERSION "1.2.3 (0123456789ab)"'* ]]
  [[ $output == *'NEMO_DATE "2026-01-02"'* ]]
  # In a repository of its own, and dirty.
  git -C "$WORLD/tree" init -q
  git -C "$WORLD/tree" -c user.name=n -c user.email=n@n.n commit -q --allow-empty -m one
  touch "$WORLD/tree/file"
  git -C "$WORLD/tree" add file
  run version
  [[ $output =~ 'NEMO_VERSION "1.2.3 ('[0-9a-f]{12}'-dirty)"' ]]
  # Unpacked inside another repository it is not that one's commit.
  mkdir -p "$WORLD/tree/inner"
  run cmake -DSOURCE="$WORLD/tree/inner" -DVERSION=1.2.3 -DOUT="$WORLD/w.h" -P "$SOURCE/cmake/version.cmake"
  grep -q 'NEMO_VERSION "1.2.3"' "$WORLD/w.h"
}
