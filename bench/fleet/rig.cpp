#include "bench/fleet/rig.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo::bench {

namespace {

/// 64 MiB and two pages: under TCG, QEMU 7.2 loses writes that are made during a migration where
/// memory is a multiple of 256 KiB (leaving.h).
constexpr char kMemory[] = "65544K";

void run(const std::vector<std::string> &argv) {
  auto child = Subprocess::start(argv, {});
  if (!child || child->wait() != 0)
    throw std::runtime_error(argv[0] + " " + argv[1] + " failed");
}

bool listens(const std::string &path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool found = ::connect(socket, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
  ::close(socket);
  return found;
}

} // namespace

std::string Rig::lacks(const std::string &image) {
  if (::geteuid() != 0)
    return "tap devices need root";
  for (const char *program : {"qemu-system-x86_64", "ip"})
    if (find_program(program).empty())
      return std::string(program) + " is not installed";
  if (::access("/dev/net/tun", F_OK) != 0)
    return "there is no /dev/net/tun";
  return ::access(image.c_str(), R_OK) == 0 ? "" : image + " is not built";
}

Rig::Rig(std::string image) : image_(std::move(image)) {
  std::string name = "/tmp/nemo-migrate-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr || ::unshare(CLONE_NEWNET) != 0)
    throw std::runtime_error("a network namespace cannot be made");
  directory_ = name;
  run({"ip", "link", "add", "br0", "type", "bridge"});
  run({"ip", "addr", "add", "10.0.0.1/24", "dev", "br0"});
  run({"ip", "link", "set", "br0", "up"});
  for (const char *tap : {"tap0", "tap1"}) {
    run({"ip", "tuntap", "add", tap, "mode", "tap"});
    run({"ip", "link", "set", tap, "master", "br0"});
    run({"ip", "link", "set", tap, "up"});
  }
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in echo = {};
  echo.sin_family = AF_INET;
  echo.sin_port = htons(7);
  echo.sin_addr.s_addr = htonl(0x0a000002);
  if (::connect(socket_, reinterpret_cast<sockaddr *>(&echo), sizeof echo) != 0)
    throw std::runtime_error("no way to the machine");
}

Rig::~Rig() {
  ::close(socket_);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Rig::Machine Rig::start(int place, bool waits, const std::string &words) {
  const std::string control = directory_ + "/" + std::to_string(count_++) + ".qmp";
  std::vector<std::string> argv = {
      "qemu-system-x86_64",
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-no-reboot",
      "-machine",
      "microvm,x-option-roms=off,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off",
      "-accel",
      "tcg,tb-size=16",
      "-cpu",
      "max",
      "-m",
      kMemory,
      "-kernel",
      image_,
      "-append",
      "ip=10.0.0.2/24 " + words,
      "-serial",
      "null",
      "-device",
      "isa-debug-exit",
      "-netdev",
      fmt::format("tap,id=net,ifname=tap{},script=no,downscript=no", place),
      "-global",
      "virtio-mmio.force-legacy=false",
      "-device",
      "virtio-net-device,netdev=net,mac=52:54:00:00:00:02",
      "-qmp",
      "unix:" + control + ",server=on,wait=off",
      "-sandbox",
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"};
  if (waits)
    argv.insert(argv.end(), {"-incoming", "defer", "-S"});
  auto process = Subprocess::start(argv, {});
  if (!process)
    throw std::runtime_error(llvm::toString(process.takeError()));
  for (int i = 0; !listens(control); ++i) {
    if (i == 1000)
      throw std::runtime_error("QEMU does not listen on " + control);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return {std::move(*process), control};
}

void Rig::send() { (void)!::send(socket_, "x", 1, 0); }

std::optional<uint64_t> Rig::receive() {
  char text[64];
  const ssize_t size = ::recv(socket_, text, sizeof text - 1, 0);
  if (size <= 0)
    return std::nullopt;
  text[size] = 0;
  return std::strtoull(text, nullptr, 10);
}

uint64_t Rig::ask() {
  for (int i = 0; i < 2000; ++i) {
    send();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::optional<uint64_t> last;
    while (const auto one = receive())
      last = one;
    if (last)
      return *last;
  }
  throw std::runtime_error("the machine does not answer");
}

} // namespace nemo::bench
