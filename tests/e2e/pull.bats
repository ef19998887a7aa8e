#!/usr/bin/env bats
# Images from a real registry (Debian's docker-registry), and what a bad one may try.

setup_file() {
  load common.bash
  load registry/start.bash
  own_world
  own_registry "$WORLD"
}

teardown_file() {
  kill "$REGISTRY_PID" 2>/dev/null || true
  rm -rf "$WORLD"
}

setup() {
  load common.bash
  load registry/start.bash
  STORE=$WORLD/store-$BATS_TEST_NUMBER
  mkdir "$STORE"
}

teardown() { end_front; }

# pull NAME: as the agent does it.
pull() { nemo-pull "$STORE" "${SETTINGS:-$WORLD/none}" "$1"; }
# credentials HOST: in the settings, as somebody has to have them.
credentials() {
  printf '{"auths": {"%s": {"auth": "%s"}}}' "$1" "$(printf nemo:secret | base64)" >"$SETTINGS"
  chmod 600 "$SETTINGS"
}
root() { echo "$STORE/${1#sha256:}/root"; }

@test "an image is pulled, and its layers lie over one another" {
  digest=$(push t/web)
  run -0 pull "$REGISTRY/t/web@$digest"
  [ "${lines[-1]}" = done ]
  cd "$(root "$digest")"
  [ "$(cat www/index.html)" = "from an image" ]
  [ "$(cat www/same)" = "from an image" ]
  [ ! -e www/gone ]
  [ "$(ls old)" = new ]
  [ "$(readlink bin/sh)" = busybox ]
  cmp bin/busybox /usr/bin/busybox
  # Once more: nothing is asked for.
  run -0 pull "127.0.0.1:1/t/web@$digest"
}

@test "an index is looked through for this machine, and layers may be packed with zstd" {
  command -v zstd || skip "zstd is not installed"
  [ "$(uname -m)" = x86_64 ] || skip "the image is for x86_64"
  digest=$(push t/all index=true zstd=true)
  run -0 pull "$REGISTRY/t/all@$digest"
  [ "$(cat "$(root "$digest")/www/index.html")" = "from an image" ]
}

@test "a connection that is cut is made again, and goes on where it was" {
  digest=$(push t/web)
  front cut
  run -0 pull "$FRONT/t/web@$digest"
  cmp "$(root "$digest")/bin/busybox" /usr/bin/busybox
  grep -q 'blobs/.* bytes=100000-' "$WORLD/asked"
  grep -q 'blobs/.* bytes=200000-' "$WORLD/asked"
}

@test "a pull that was killed goes on where it was" {
  digest=$(push t/web)
  layer=$(curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://$REGISTRY/v2/t/web/manifests/$digest" | jq -r '.layers[0].digest')
  curl -fsS "http://$REGISTRY/v2/t/web/blobs/$layer" | head -c 5000 >"$STORE/.part-${layer#sha256:}"
  front pass
  run -0 pull "$FRONT/t/web@$digest"
  grep -q "$layer bytes=5000-" "$WORLD/asked"
}

@test "a pull has no rights beyond its user's, and goes first when memory ends" {
  digest=$(push t/web)
  front hang
  nemo-pull "$STORE" "$WORLD/none" "$FRONT/t/web@$digest" >/dev/null 3>&- &
  puller=$!
  until_true 20 grep -q blobs "$WORLD/asked"
  status=$(cat "/proc/$puller/status")
  adjusted=$(cat "/proc/$puller/oom_score_adj")
  kill "$puller"
  for set in CapInh CapPrm CapEff CapAmb; do [[ "$status" == *"$set:"?"0000000000000000"* ]]; done
  [[ "$status" == *"NoNewPrivs:"?"1"* ]]
  [ "$adjusted" -ge 500 ]
}

@test "the last of the disk is left to others, and what is there already is not counted" {
  [ "$(id -u)" = 0 ] || skip "a file system of a chosen size takes root"
  digest=$(push t/web)
  # pull_on SIZE [COMMAND]: on a file system of that size.
  pull_on() {
    unshare -m bash -ec 'mount -t tmpfs -o "size=$1" none "$2"; eval "$3"; exec nemo-pull "$2" "$2/none" "$4"' \
      - "$1" "$STORE" "${2:-true}" "$REGISTRY/t/web@$digest"
  }
  manifest=$(curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://$REGISTRY/v2/t/web/manifests/$digest")
  layer=$(jq -r '.layers[0].digest' <<<"$manifest")
  all=$(jq '[.config.size, .layers[].size] | add' <<<"$manifest")
  kept=$((256 << 20))
  run -1 pull_on $((kept + all / 2))
  [[ "$output" == *"may be used in"*"where 256 MiB stay free"* ]]
  # A layer that is there takes room once. What then lacks is room for the files.
  run -1 pull_on $((kept + all + 65536)) "curl -fsS http://$REGISTRY/v2/t/web/blobs/$layer >\"\$2/.part-${layer#sha256:}\""
  [[ "$output" == *"larger than is allowed"* ]]
  run -0 pull_on $((kept + (16 << 20)))
}

@test "a token is asked for with the credentials of the settings" {
  digest=$(push t/web)
  front token
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == *"gives no token"* ]]
  SETTINGS=$WORLD/registries.json
  credentials "$FRONT"
  chmod 644 "$SETTINGS"
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == *"nobody else may read"* ]]
  chmod 600 "$SETTINGS"
  run -0 pull "$FRONT/t/web@$digest"
}

@test "what is not what its name says is not kept" {
  digest=$(push t/web)
  front wrong
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == *"another digest"* ]]
  [ "$(find "$STORE" -type f ! -name .pulling)" = "" ]
}

@test "redirections lead neither to files nor to other machines in the clear" {
  digest=$(push t/web)
  front to-file
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == *"file://"*"is not asked"* ]]
  end_front
  front to-plain
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == *"http://registry.example is not asked"* ]]
}

@test "whom a registry redirects to does not get its password" {
  digest=$(push t/web)
  front to-thief
  SETTINGS=$WORLD/registries.json
  credentials "$FRONT"
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == *"status 401"* ]]
  grep -q '^/stolen' "$WORLD/asked"
  run ! grep -e /token -e Basic "$WORLD/asked"
}

@test "control characters of a registry are not passed on" {
  digest=$(push t/web)
  front odd
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == error*"is not a URL"* ]]
  [[ "$output" != *$'\x1b'* ]]
}

@test "a manifest without end is not read to it" {
  digest=$(push t/web)
  front large
  run -1 pull "$FRONT/t/web@$digest"
  [[ "$output" == *"larger than 4194304 bytes"* ]]
}

@test "a registry elsewhere is asked with TLS" {
  run -1 pull "registry.invalid:5000/t/web@sha256:$(printf '%064d' 0)"
  [[ "$output" == *"Could not resolve host"* ]]
}

@test "layers that lead out, or hold devices, are refused" {
  for evil in device up hard; do
    digest=$(push t/evil evil="\"$evil\"")
    run -1 pull "$REGISTRY/t/evil@$digest"
    [[ "$output" == *"is refused"* ]]
    [ ! -e "$(root "$digest")" ]
  done
  mkdir "$WORLD/outside"
  digest=$(push t/evil evil='"link"' target="\"$WORLD/outside\"")
  run pull "$REGISTRY/t/evil@$digest"
  [ "$(ls -A "$WORLD/outside")" = "" ]
  [ ! -e "$STORE/escaped" ]
}

@test "a layer does not take the place of another image" {
  victim=$(push t/web)
  digest=$(push t/web victim="\"$victim\"")
  run -1 pull "$REGISTRY/t/web@$digest"
  [[ "$output" == *"${victim} is refused"* ]]
  run -0 pull "$REGISTRY/t/web@$victim"
  [ "$(cat "$(root "$victim")/www/index.html")" = "from an image" ]
}

@test "an image that is not there is said to be missing" {
  run -1 pull "$REGISTRY/t/none@sha256:$(printf '%064d' 0)"
  [[ "$output" == *"has no sha256:"*"of t/none"* ]]
  run -1 pull "vision@sha256:$(printf '%064d' 0)"
  [[ "$output" == *"names no registry"* ]]
  run -1 pull "$REGISTRY/t/web:latest"
  [[ "$output" == *"digest is missing"* ]]
}
