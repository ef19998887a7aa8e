// /var/tmp, not /tmp: sandboxes have a /tmp of their own, and Landlock lets them write there.
#include "outside.h"

#include <cstring>
#include <filesystem>

#include <arpa/inet.h>
#include <linux/capability.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace nemo::sandbox {

namespace {

namespace fs = std::filesystem;

void copy_program(const std::string &to, mode_t mode) {
  fs::copy_file(SANDBOX_ESCAPE, to);
  REQUIRE(::chmod(to.c_str(), mode) == 0);
}

bool give_net_admin(const std::string &path) {
  vfs_cap_data capabilities = {};
  capabilities.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  capabilities.data[0].permitted = 1u << CAP_NET_ADMIN;
  return ::setxattr(path.c_str(), "security.capability", &capabilities, XATTR_CAPS_SZ_2, 0) == 0;
}

int listen_at(const sockaddr *where, socklen_t size) {
  const int fd = ::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(fd, where, size) == 0);
  REQUIRE(::listen(fd, 64) == 0);
  return fd;
}

/// \returns a bound socket and its port.
std::pair<int, uint16_t> some_port() {
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = listen_at(reinterpret_cast<const sockaddr *>(&where), sizeof where);
  socklen_t size = sizeof where;
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr *>(&where), &size) == 0);
  return {fd, ntohs(where.sin_port)};
}

} // namespace

Outside::Outside() {
  char name[] = "/var/tmp/nemo-escape-test-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  directory_ = name;
  REQUIRE(::chmod(name, 0777) == 0); // also for the user that the test may become
  place_ = std::make_unique<Place>([this] { make_privileged(); });
  program = directory_ + "/escape";
  copy_program(program, 0755);
  shelf = directory_ + "/shelf";
  file = shelf + "/file";
  state = directory_ + "/state";
  for (const std::string &each : {shelf, state}) {
    fs::create_directory(each);
    REQUIRE(::chmod(each.c_str(), 0777) == 0);
  }
  for (const std::string &each : {file, state + "/journal.db"}) {
    Place::write(each, "outside\n");
    REQUIRE(::chmod(each.c_str(), 0666) == 0);
  }
  make_sockets();
  shared_memory_key = 0x6e650000 + (::getpid() & 0xffff);
  shared_memory_ = ::shmget(shared_memory_key, 4096, IPC_CREAT | IPC_EXCL | 0666);
  REQUIRE(shared_memory_ >= 0);
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  host_name = host;
}

void Outside::make_privileged() {
  setuid_program = directory_ + "/setuid";
  copy_program(setuid_program, 04755);
  const std::string capable = directory_ + "/capable";
  copy_program(capable, 0755);
  if (give_net_admin(capable))
    capable_program = capable;
  const std::string random = directory_ + "/random";
  // /var/tmp is sticky: only its owner can remove it.
  REQUIRE(::chown(directory_.c_str(), test_user(), static_cast<gid_t>(-1)) == 0);
  if (::mknod(random.c_str(), S_IFCHR | 0666, makedev(1, 9)) == 0 &&
      ::chmod(random.c_str(), 0666) == 0)
    device = random;
}

void Outside::make_sockets() {
  sockaddr_un where = {};
  where.sun_family = AF_UNIX;
  const std::string path = state + "/agent.sock";
  path.copy(where.sun_path, sizeof where.sun_path - 1);
  path_socket_ = listen_at(reinterpret_cast<const sockaddr *>(&where), sizeof where);
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  where = {};
  where.sun_family = AF_UNIX;
  abstract_name = "nemo-escape-test-" + std::to_string(::getpid());
  abstract_name.copy(where.sun_path + 1, sizeof where.sun_path - 2);
  abstract_socket_ =
      listen_at(reinterpret_cast<const sockaddr *>(&where),
                static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + abstract_name.size()));
  std::tie(port_socket_, port) = some_port();
  const auto [unused, number] = some_port();
  free_port = number;
  ::close(unused);
}

Outside::~Outside() {
  for (const int fd : {path_socket_, abstract_socket_, port_socket_})
    if (fd >= 0)
      ::close(fd);
  if (shared_memory_ >= 0)
    ::shmctl(shared_memory_, IPC_RMID, nullptr);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

} // namespace nemo::sandbox
