# An installed nemo: everything below one prefix, working from there, and gone after uninstall.
load common

setup_file() {
  own_world
  export PREFIX=$WORLD/prefix BUILD=${NEMO_BINARY_DIR:-$SOURCE/build/release}
  cmake --install "$BUILD" --prefix "$PREFIX" >"$WORLD/install.log"
  export PATH=$PREFIX/bin:/usr/sbin:/usr/bin:/sbin:/bin
}
teardown_file() { end_world; }

@test "everything is where it is looked for" {
  for file in bin/nemo bin/nemo-agent libexec/nemo/nemo-supervisor libexec/nemo/nemo-pull share/man/man1/nemo.1 share/man/man1/nemo-plan.1 \
    share/man/man7/nemo-language.7 share/man/man8/nemo-agent.8 share/bash-completion/completions/nemo \
    share/zsh/site-functions/_nemo share/fish/vendor_completions.d/nemo.fish lib/systemd/system/nemo-agent.service \
    lib/systemd/user/nemo-agent.service share/doc/nemo-intent/LICENSE share/doc/nemo-intent/examples/shop/shop.nemo; do
    [ -s "$PREFIX/$file" ] || { echo "$file is missing"; false; }
  done
  grep -q "^ExecStart=$PREFIX/bin/nemo-agent" "$PREFIX/lib/systemd/system/nemo-agent.service"
  grep -q "^KillMode=process" "$PREFIX/lib/systemd/user/nemo-agent.service"
  [ "$(nemo completion bash)" = "$(cat "$PREFIX/share/bash-completion/completions/nemo")" ]
  run ! grep -rIl "$BUILD" "$PREFIX" --include='*.service' --include='*.1'
  if command -v man >/dev/null; then MANPATH=$PREFIX/share/man man -w nemo-plan | grep -q "^$PREFIX"; fi
}

@test "it validates, plans and applies from there" {
  [ "$(command -v nemo)" = "$PREFIX/bin/nemo" ]
  nemo validate "$PREFIX/share/doc/nemo-intent/examples/shop"
  cd "$WORLD"
  web here
  nemo plan here
  nemo apply here --yes
  [ "$(readlink "/proc/$(agent_pid)/exe")" = "$PREFIX/bin/nemo-agent" ]
  [ "$(fetch "$(address web/0)")" = hello ]
  nemo destroy --stack web --yes
  nemo agent stop
}

@test "uninstall leaves nothing" {
  cmake --build "$BUILD" --target uninstall >"$WORLD/uninstall.log"
  [ ! -e "$PREFIX" ] || { find "$PREFIX"; false; }
  # What others put there stays.
  cmake --install "$BUILD" --prefix "$PREFIX" >/dev/null
  touch "$PREFIX/bin/other"
  cmake --build "$BUILD" --target uninstall >"$WORLD/uninstall.log"
  [ "$(cd "$PREFIX" && find . -type f)" = ./bin/other ]
}
