// sandbox-trial WHAT [ARGUMENT]: tries one thing from inside a sandbox. Its exit code is the errno
// of the refusal, 0 when it was allowed.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int result(long value) { return value < 0 ? errno : 0; }

sockaddr_in local(int port) {
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(port));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return where;
}

int bind_port(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in where = local(port);
  return result(bind(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where));
}

int connect_to(const char *address, int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where = local(port);
  inet_pton(AF_INET, address, &where.sin_addr);
  return result(connect(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where));
}

int listen_once(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where = local(port);
  where.sin_addr.s_addr = htonl(INADDR_ANY);
  if (bind(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where) != 0 || listen(fd, 1) != 0)
    return errno;
  puts("listening");
  fflush(stdout);
  return result(accept(fd, nullptr, nullptr));
}

int connect_abstract(const char *name) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un where = {};
  where.sun_family = AF_UNIX;
  memcpy(where.sun_path + 1, name, strlen(name));
  return result(
      connect(fd, reinterpret_cast<const sockaddr *>(&where),
              static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + strlen(name))));
}

int eat(size_t megabytes) {
  for (size_t i = 0; i < megabytes; ++i) {
    char *block = static_cast<char *>(malloc(1 << 20));
    if (block == nullptr)
      return ENOMEM;
    memset(block, static_cast<int>(i | 1), 1 << 20);
    // So that the compiler cannot leave it out.
    asm volatile("" : : "r"(block) : "memory");
  }
  return 0;
}

/// How many children there can be at once, up to `wanted`.
int fork_many(int wanted) {
  int count = 0;
  for (; count < wanted; ++count) {
    const pid_t pid = fork();
    if (pid < 0)
      break;
    if (pid == 0) {
      pause();
      _exit(0);
    }
  }
  printf("%d children\n", count);
  return count == wanted ? 0 : errno;
}

int try_call(const char *what) {
  const auto is = [what](const char *name) { return strcmp(what, name) == 0; };
  if (is("mount"))
    return result(mount("tmpfs", "/tmp", "tmpfs", 0, nullptr));
  if (is("umount"))
    return result(umount2("/dev/shm", MNT_DETACH));
  if (is("ptrace"))
    return result(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
  if (is("raw-socket"))
    return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  if (is("packet-socket"))
    return result(socket(AF_PACKET, SOCK_DGRAM, 0));
  if (is("packet-socket-high-bits"))
    return result(syscall(SYS_socket, 0x100000000ul | AF_PACKET, SOCK_DGRAM, 0));
  if (is("netlink-audit"))
    return result(socket(AF_NETLINK, SOCK_RAW, 9));
  if (is("netlink-route"))
    return result(socket(AF_NETLINK, SOCK_RAW, 0));
  if (is("vsock"))
    return result(socket(AF_VSOCK, SOCK_STREAM, 0));
  if (is("unshare-user"))
    return result(unshare(CLONE_NEWUSER));
  if (is("unshare-files"))
    return result(unshare(CLONE_FILES));
  if (is("clone-user"))
    return result(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (is("clone3"))
    return result(syscall(SYS_clone3, nullptr, 0));
  if (is("bpf"))
    return result(syscall(SYS_bpf, 0, nullptr, 0));
  if (is("keyctl"))
    return result(syscall(SYS_keyctl, 0, -3, 0));
  if (is("io_uring"))
    return result(syscall(SYS_io_uring_setup, 1, nullptr));
  if (is("userfaultfd"))
    return result(syscall(SYS_userfaultfd, 0));
  if (is("unknown-call"))
    return result(syscall(1000));
  if (is("tiocsti"))
    return result(ioctl(0, TIOCSTI, "x"));
  if (is("personality"))
    return personality(ADDR_NO_RANDOMIZE) < 0 ? 1 : 0;
  if (is("chroot"))
    return result(chroot("/tmp"));
  if (is("setuid-root"))
    return result(setuid(0));
  if (is("supervisor-memory"))
    return result(open("/proc/1/mem", O_RDWR));
  if (is("kill-supervisor")) {
    kill(1, SIGKILL);
    kill(1, SIGTERM);
    return 0;
  }
  return 200;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2)
    return 201;
  const int number = argc > 2 ? atoi(argv[argc - 1]) : 0;
  if (strcmp(argv[1], "bind") == 0)
    return bind_port(number);
  if (strcmp(argv[1], "connect") == 0 && argc == 4)
    return connect_to(argv[2], number);
  if (strcmp(argv[1], "listen") == 0)
    return listen_once(number);
  if (strcmp(argv[1], "abstract") == 0 && argc == 3)
    return connect_abstract(argv[2]);
  if (strcmp(argv[1], "eat") == 0)
    return eat(static_cast<size_t>(number));
  if (strcmp(argv[1], "fork") == 0)
    return fork_many(number);
  return try_call(argv[1]);
}
