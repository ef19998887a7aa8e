# A network namespace with a tap device, and a unikernel behind it: 10.0.0.1 here, 10.0.0.2 there.

# Why no machine can be started here; nothing when it can.
no_machine() {
  if [ "$(id -u)" -ne 0 ]; then echo "a tap device needs root"; return; fi
  command -v qemu-system-x86_64 >/dev/null || { echo "qemu-system-x86_64 is not installed"; return; }
  [ -e "$IMAGE" ] || { echo "$IMAGE is not built: the unikernel is for x86_64"; return; }
  [ -c /dev/net/tun ] || echo "this host has no /dev/net/tun"
}

# own_wire NAME: the namespace and the device, gone with remove_wire.
own_wire() {
  ip netns add "$1"
  ip -n "$1" link set lo up
  ip -n "$1" tuntap add tap0 mode tap
  ip -n "$1" addr add 10.0.0.1/24 dev tap0
  ip -n "$1" link set tap0 up
}

remove_wire() { ip netns del "$1" 2>/dev/null || true; }

# run_machine NAME SERIAL [WORD...]: sets `machine` to its process.
run_machine() {
  local wire=$1 serial=$2
  shift 2
  ip netns exec "$wire" qemu-system-x86_64 \
    -M microvm,x-option-roms=off,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off -accel tcg -cpu max -m 64 \
    -nodefaults -no-user-config -display none -no-reboot -kernel "$IMAGE" -append "$*" \
    -netdev tap,id=net,ifname=tap0,script=no,downscript=no -global virtio-mmio.force-legacy=false \
    -device virtio-net-device,netdev=net,mac=52:54:00:00:00:02 -device isa-debug-exit -serial "file:$serial" \
    -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny </dev/null >"$serial.qemu" 2>&1 3>&- &
  machine=$!
}
