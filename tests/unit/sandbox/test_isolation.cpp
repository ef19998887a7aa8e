// What a workload sees and may do.
#include <cerrno>
#include <filesystem>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "place.h"

using namespace nemo::sandbox;

namespace {

/// The exit code of a trial: the errno of its refusal.
int tried(Place &place, std::vector<std::string> words) {
  return place.run(place.trial(std::move(words))).exit_code;
}

} // namespace

TEST_CASE("the workload is an unprivileged user inside and outside") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.shell("id -u; id -g; id -G; id -un; sleep 5");
  const Started started = place.start(spec);
  REQUIRE(Place::said(spec, "nemo"));
  CHECK(Place::output(spec).substr(0, 10) == "1000\n1000\n");
  if (place.host().root)
    CHECK(Place::output(spec) == "1000\n1000\n1000\nnemo\n");
  const std::string status = Place::read("/proc/" + std::to_string(started.pid) + "/status");
  const uint32_t outside = place.host().root ? kFirstHostUser + spec.user_slot : ::geteuid();
  const std::string id = std::to_string(outside);
  CHECK(status.find("\nUid:\t" + id + "\t" + id + "\t" + id + "\t" + id) != std::string::npos);
}

TEST_CASE("no capability is left and none can be gained") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.spec({"cat", "/proc/self/status", "/proc/1/status"});
  CHECK(place.run(spec).exit_code == 0);
  const std::string status = Place::output(spec);
  int found = 0;
  for (const char *set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    for (size_t at = 0; (at = status.find(set, at)) != std::string::npos; ++at, ++found)
      CHECK(status.substr(at, 24) == std::string(set) + ":\t0000000000000000");
  CHECK(found == 10); // of the workload and of its supervisor
  CHECK(status.find("NoNewPrivs:\t1") != std::string::npos);
  if (place.host().can("seccomp"))
    CHECK(status.find("Seccomp:\t2") != std::string::npos);
  // There is no root in here.
  CHECK(tried(place, {"setuid-root"}) == (place.host().can("seccomp") ? EPERM : EINVAL));
}

TEST_CASE("the host's files are out of sight, what is there is read-only, /tmp is private") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.shell(
      "ls -A / | tr '\\n' ' '; echo;"
      "for f in /root /home /etc/shadow /sys /boot " +
      place.directory() +
      "; do test -e $f && echo \"sees $f\"; done;"
      "for f in /x /usr/x /etc/x /var/x /dev/x /proc/sys/kernel/hostname /run/secrets/x; do"
      "  (echo y > $f) 2>/dev/null && echo \"wrote $f\"; done;"
      "ls -A /tmp; for d in /tmp /run /dev/shm; do echo y > $d/$(hostname) && cat $d/$(hostname); "
      "done; hostname");
  CHECK(place.run(spec).exit_code == 0);
  const std::string seen = Place::output(spec);
  INFO(seen);
  CHECK(seen.find("sees") == std::string::npos);
  CHECK(seen.find("wrote") == std::string::npos);
  CHECK(seen.find("\ny\ny\ny\n" + spec.id + "\n") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists("/tmp/" + spec.id));
  CHECK(seen.find("etc") != std::string::npos);
}

TEST_CASE("/tmp holds what was said and no more") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.shell("head -c 3000000 /dev/zero > /tmp/big; wc -c < /tmp/big");
  spec.tmp_bytes = 1 << 20;
  place.run(spec);
  CHECK(Place::output(spec).find("1048576\n") != std::string::npos);
}

TEST_CASE("only its own processes are there, and the supervisor is out of its reach") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.shell("ls -d /proc/[0-9]* | wc -l; cat /proc/1/comm; ls /proc/1/fd");
  place.run(spec);
  const std::string seen = Place::output(spec);
  INFO(seen);
  CHECK(seen.find("nemo-supervisor") != std::string::npos);
  CHECK(seen.find("Permission denied") != std::string::npos);
  CHECK(std::stoi(seen) <= 5);
  CHECK(tried(place, {"supervisor-memory"}) == EACCES);
  CHECK(tried(place, {"kill-supervisor"}) == 0); // no signal from inside ends it: it reports this 0
}

TEST_CASE("system calls for administrators are refused") {
  Place place;
  if (place.lacks("sandbox.process") || place.lacks("seccomp"))
    return;
  for (const char *call :
       {"mount", "umount", "ptrace", "raw-socket", "packet-socket", "packet-socket-high-bits",
        "netlink-audit", "vsock", "unshare-user", "clone-user", "bpf", "keyctl", "io_uring",
        "userfaultfd", "tiocsti", "chroot"}) {
    INFO(call);
    CHECK(tried(place, {call}) == EPERM);
  }
  CHECK(tried(place, {"clone3"}) == ENOSYS);
  CHECK(tried(place, {"unknown-call"}) == ENOSYS);
  CHECK(tried(place, {"personality"}) != 0);
  CHECK(tried(place, {"unshare-files"}) == 0);
  CHECK(tried(place, {"netlink-route"}) == 0);
}

TEST_CASE("secrets are files that only the workload can read") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const std::string file = place.directory() + "/token";
  Place::write(file, "hunter2\n");
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  Spec spec = place.shell("stat -c '%a %U %F' /run/secrets/token; cat /run/secrets/token; "
                          "stat -f -c %T /run/secrets; (echo x > /run/secrets/token) 2>&1; "
                          "rm -f /run/secrets/token 2>&1; env; sleep 5");
  spec.secrets = {{"token", file}};
  const Started started = place.start(spec);
  REQUIRE(Place::said(spec, "PWD="));
  const std::string seen = Place::output(spec);
  INFO(seen);
  CHECK(seen.find("400 nemo regular file\nhunter2\ntmpfs\n") == 0);
  CHECK(seen.find("Read-only file system") != std::string::npos);
  CHECK(seen.find("hunter2") == seen.rfind("hunter2"));
  const std::string process = "/proc/" + std::to_string(started.pid);
  CHECK(Place::read(process + "/cmdline").find("hunter2") == std::string::npos);
  CHECK(Place::read(process + "/environ").find("hunter2") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists("/run/secrets/token"));
}

TEST_CASE("TCP ports are those that were declared") {
  Place place;
  if (place.lacks("sandbox.process") || place.lacks("landlock.tcp"))
    return;
  Spec spec = place.trial({"bind", "38123"});
  CHECK(place.run(spec).exit_code == EACCES);
  spec.bind_tcp = {38123};
  CHECK(place.run(spec).exit_code == 0);
  spec = place.trial({"connect", "127.0.0.1", "38124"});
  CHECK(place.run(spec).exit_code == ECONNREFUSED); // nobody listens, but it may ask
  spec.connect_tcp = std::vector<uint16_t>{38125};
  CHECK(place.run(spec).exit_code == EACCES);
  spec.connect_tcp = std::vector<uint16_t>{38124};
  CHECK(place.run(spec).exit_code == ECONNREFUSED);
}

TEST_CASE("the host's abstract sockets are out of reach on a shared network") {
  Place place;
  if (place.lacks("sandbox.process") || place.lacks("landlock.files"))
    return;
  if (place.host().landlock_abi < 6) {
    WARN("skipped: Landlock ABI 6 (Linux 6.12) scopes abstract sockets; this is "
         << place.host().landlock_abi);
    return;
  }
  const std::string name = "nemo-test-" + std::to_string(::getpid());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un where = {};
  where.sun_family = AF_UNIX;
  name.copy(where.sun_path + 1, name.size());
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr *>(&where),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())) == 0);
  REQUIRE(::listen(fd, 1) == 0);
  CHECK(tried(place, {"abstract", name}) == EPERM);
  ::close(fd);
}

TEST_CASE("the environment and the working directory are the spec's, nothing else") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.spec({"env"});
  spec.environment = {"PATH=/usr/bin", "PORT=1"};
  place.run(spec);
  CHECK(Place::output(spec) == "PATH=/usr/bin\nPORT=1\n");
  spec = place.spec({"pwd"});
  spec.working_directory = "/usr/share";
  place.run(spec);
  CHECK(Place::output(spec) == "/usr/share\n");
}
