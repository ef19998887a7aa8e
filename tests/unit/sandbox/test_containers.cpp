// Containers of a root made here, run by the real runtime.
#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>

#include "place.h"
#include "runtime-agent/sandbox/container.h"

using namespace nemo::sandbox;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr char kBusybox[] = "/usr/bin/busybox"; // static

/// A host that runs containers, and an image of a shell.
class Containers {
public:
  Containers() : host(place.host()) {
    fs::create_directories(place.directory() + "/probe");
    probe_containers(host, place.directory() + "/probe");
    root = place.directory() + "/image";
    fs::create_directories(root + "/bin");
    if (fs::exists(kBusybox))
      fs::copy_file(kBusybox, root + "/bin/busybox", fs::copy_options::overwrite_existing);
    for (const char *name : {"sh", "cat", "grep", "id", "ls", "mount", "touch", "unshare", "sleep",
                             "chroot", "mknod", "echo", "true", "nc"})
      if (!fs::exists(fs::symlink_status(root + "/bin/" + name)))
        fs::create_symlink("busybox", root + "/bin/" + name);
  }

  bool lacking() const {
    if (host.can("sandbox.container") && fs::exists(kBusybox))
      return false;
    WARN("not tested here: " << host.reason("sandbox.container"));
    return true;
  }

  Container shell(const std::string &script) {
    Container made;
    made.spec = place.spec({"/bin/sh", "-c", script});
    made.spec.environment = {"PATH=/bin"};
    made.spec.binds.clear();
    made.root = root;
    return made;
  }

  /// Its exit code.
  int run(const Container &container) {
    auto started = start(container, host);
    if (!started)
      FAIL(llvm::toString(started.takeError()));
    const Ended ended = place.wait(*started, container.spec);
    clean(container.spec.id, host);
    return ended.exit_code;
  }

  std::string output(const std::string &script) {
    const Container made = shell(script);
    run(made);
    return Place::output(made.spec);
  }

  Place place;
  Host host;
  std::string root;
};

} // namespace

TEST_CASE("a container is its image, its exit code the container's") {
  Containers containers;
  if (containers.lacking())
    return;
  Container made = containers.shell("id; pwd; ls /; exit 7");
  made.uid = 4242;
  made.gid = 4343;
  made.spec.working_directory = "/bin";
  CHECK(containers.run(made) == 7);
  const std::string said = Place::output(made.spec);
  CHECK_THAT(said, Contains("uid=4242 gid=4343"));
  CHECK_THAT(said, Contains("/bin"));
  CHECK_THAT(said, !Contains("usr"));
}

TEST_CASE("a container has no rights") {
  Containers containers;
  if (containers.lacking())
    return;
  const std::string said =
      containers.output("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status");
  for (const char *set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    CHECK_THAT(said, Contains(std::string(set) + ":\t0000000000000000"));
  CHECK_THAT(said, Contains("NoNewPrivs:\t1") && Contains("Seccomp:\t2"));
}

TEST_CASE("ways out of a container are refused") {
  Containers containers;
  if (containers.lacking())
    return;
  Place::write(containers.place.directory() + "/theirs", "theirs");
  // Those whose success would show; `control` shows that the script tells success from failure.
  const std::string said = containers.output(
      "try() { name=$1; shift; \"$@\" >/dev/null 2>&1 && echo \"worked: $name\"; }\n"
      "try control touch /tmp/x\n"
      "try write touch /bin/x\ntry host cat " +
      containers.place.directory() +
      "/theirs\n"
      "try mount mount -t tmpfs none /tmp\ntry bind mount -o bind /bin /tmp\n"
      "try remount mount -o remount,rw /\ntry users unshare -U true\ntry mounts unshare -m true\n"
      "try chroot chroot / true\ntry device mknod /tmp/d c 1 1\n"
      "try kernel sh -c 'echo x > /proc/sys/kernel/hostname'\n"
      "try sysrq sh -c 'echo x > /proc/sysrq-trigger'\n"
      "try kcore sh -c 'grep -q . /proc/kcore'\n"
      "try runtime ls /run/container\ntry groups ls /sys/fs/cgroup\n"
      "try others sh -c 'ls /proc | grep -v \"^[12]$\" | grep -q \"^9[0-9]*$\"'\n"
      "echo end");
  CHECK(said.find("worked: control") != std::string::npos);
  CHECK(said.find("worked: ") == said.rfind("worked: "));
  CHECK_THAT(said, Contains("end"));
}

TEST_CASE("a container binds and connects to its TCP ports alone") {
  Containers containers;
  if (containers.lacking() || containers.place.lacks("landlock.tcp"))
    return;
  Container made = containers.shell("nc -l -p 20999 2>&1; nc -w 1 127.0.0.1 9 2>&1");
  made.spec.connect_tcp.emplace();
  containers.run(made);
  const std::string said = Place::output(made.spec);
  CHECK_THAT(said, Contains("bind: Permission denied"));
  CHECK_THAT(said, Contains("connect to remote host (127.0.0.1): Permission denied"));
}

TEST_CASE("mounts and secrets are in a container, where its image has no such place") {
  Containers containers;
  if (containers.lacking())
    return;
  const std::string base = containers.place.directory();
  fs::create_directories(base + "/volume");
  Place::write(base + "/file", "configured\n");
  Place::write(base + "/secret", "hush\n");
  Container made =
      containers.shell("echo kept > /data/deep/f; cat /data/deep/f /conf /run/secrets/key; "
                       "touch /conf 2>/dev/null || echo read-only");
  made.spec.binds = {{base + "/file", "/conf", true, false},
                     {base + "/volume", "/data/deep", false, true}};
  made.spec.secrets = {{"key", base + "/secret"}};
  CHECK(containers.run(made) == 0);
  CHECK_THAT(Place::output(made.spec), Contains("kept") && Contains("configured") &&
                                           Contains("hush") && Contains("read-only"));
  CHECK(Place::read(base + "/volume/f") == "kept\n");
  CHECK_FALSE(fs::exists(containers.root + "/data")); // laid over the image, not put into it
}

TEST_CASE("a container is ended by signals, and leaves nobody behind") {
  Containers containers;
  if (containers.lacking())
    return;
  Container made = containers.shell("trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done");
  auto started = start(made, containers.host);
  REQUIRE(static_cast<bool>(started));
  CHECK(Place::said(made.spec, "up"));
  CHECK(Place::send(*started, SIGTERM));
  CHECK(containers.place.wait(*started, made.spec).exit_code == 5);
  clean(made.spec.id, containers.host);
}

TEST_CASE("a container without its program says so in the log") {
  Containers containers;
  if (containers.lacking())
    return;
  Container made = containers.shell("");
  made.spec.argv = {"/none"};
  CHECK(containers.run(made) != 0);
  CHECK_THAT(Place::output(made.spec), Contains("/none"));
}
