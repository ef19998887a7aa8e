# The Debian package: built, judged by lintian, installed and removed in a throwaway copy of this system.
load common

setup_file() {
  own_world
  export BUILD=${NEMO_BINARY_DIR:-$SOURCE/build/release}
  command -v dpkg-deb dpkg-shlibdeps >/dev/null || skip "dpkg-dev is not installed"
  (cd "$BUILD" && cpack -B "$WORLD/package") >"$WORLD/cpack.log" 2>&1 || { cat "$WORLD/cpack.log"; false; }
  export DEB
  DEB=$(echo "$WORLD"/package/nemo-intent_*.deb)
  [ -f "$DEB" ]
}
teardown_file() { end_world; }

field() { dpkg-deb -f "$DEB" "$1"; }

@test "its name and its conflict are honest about the file manager" {
  [ "$(field Package)" = nemo-intent ]
  [ "$(field Conflicts)" = nemo ]
  [ "$(field Provides)" = "" ]
  [[ $(field Description) == *"not the file manager"* ]]
  [[ $(field Depends) == *libc6* && $(field Depends) == *libprotobuf* && $(field Depends) == *libseccomp2* ]]
  # What the conflict is about: the other package has these files, and so has this one.
  dpkg-deb -c "$DEB" | grep -q ' ./usr/bin/nemo$'
  dpkg-deb -c "$DEB" | grep -q ' ./usr/share/man/man1/nemo.1.gz$'
  if [ -n "$(apt-cache show nemo 2>/dev/null)" ]; then
    run apt-get -s -o APT::Get::Show-User-Simulation-Note=no install "$DEB" nemo
    [ "$status" -ne 0 ]
    [[ $output == *Conflicts:\ nemo* ]]
  fi
}

@test "lintian has nothing against it" {
  command -v lintian >/dev/null || skip "lintian is not installed"
  run lintian --allow-root --no-cfg --fail-on error,warning --tag-display-limit 0 "$DEB"
  echo "$output"
  [ "$status" -eq 0 ]
}

# in_copy SCRIPT: runs it as root of a copy of this system that forgets everything (an overlay, in a mount namespace).
in_copy() {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  mkdir -p "$WORLD/overlay"
  cat >"$WORLD/copy.sh" <<'COPY'
set -e
mount --make-rprivate /
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
for each in proc sys dev; do mount --rbind "/$each" "$1/root/$each"; done
mkdir -p "$1/root/mnt/package" && mount --bind "$(dirname "$2")" "$1/root/mnt/package"
cd "$1/root"
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec bash -e -c "$3" copy "/mnt/package/$(basename "$2")"
COPY
  unshare -m bash "$WORLD/copy.sh" "$WORLD/overlay" "$DEB" "$1"
}

@test "it installs, works, and is gone after removal" {
  # shellcheck disable=SC2016
  run in_copy '
    export HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
    unset XDG_RUNTIME_DIR XDG_STATE_HOME
    mount -t tmpfs none /run && mount -t tmpfs none /tmp
    all() { # but what the package manager itself keeps; homes are whose they are, and not still
      find /etc /opt /srv /usr /var -xdev \( -path /var/lib/dpkg -o -path /var/log -o -path /var/cache \) -prune -o -print | sort
    }
    all >/tmp/before
    dpkg -i "$1"
    [ "$(command -v nemo)" = /usr/bin/nemo ]
    nemo --version
    nemo validate /usr/share/doc/nemo-intent/examples/shop
    mkdir /tmp/here
    printf "nemo = 1\nstack = \"pkg\"\nworkload idle {\n  exec = [\"/bin/sleep\", \"1000\"]\n}\n" >/tmp/here/a.nemo
    nemo apply /tmp/here --yes
    nemo status --json | grep -q running
    [ "$(readlink /proc/$(nemo agent status --json | sed "s/.*\"pid\":\([0-9]*\).*/\1/")/exe)" = /usr/bin/nemo-agent ]
    # Removal leaves a running service and the state; purge does not take the state from under it.
    dpkg -r nemo-intent
    [ ! -e /usr/bin/nemo ]
    [ -d /var/lib/nemo ]
    dpkg -P nemo-intent
    [ -d /var/lib/nemo ]
    dpkg -i "$1"
    nemo status --json | grep -q running
    nemo destroy --stack pkg --yes
    nemo agent stop
    dpkg -P nemo-intent
    [ ! -e /var/lib/nemo ]
    all >/tmp/after
    diff /tmp/before /tmp/after && echo NOTHING-LEFT'
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *NOTHING-LEFT* ]]
  [[ $output == *"services that nemo started run on"* ]]
}
