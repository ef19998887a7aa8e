// sandbox-escape WHAT [ARGUMENT...]: tries one way out of a sandbox. Exit code 0 when that worked,
// the errno of the refusal otherwise.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int result(long value) { return value < 0 ? errno : 0; }

int read_something(const char *path) {
  char byte;
  const int fd = open(path, O_RDONLY);
  const ssize_t got = fd < 0 ? -1 : read(fd, &byte, 1);
  return got == 0 ? ENODATA : result(got);
}

int write_something(const char *path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  return fd < 0 ? errno : result(write(fd, "0\n", 2));
}

int connect_path(const char *path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un where = {};
  where.sun_family = AF_UNIX;
  strncpy(where.sun_path, path, sizeof where.sun_path - 1);
  return result(connect(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where));
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

sockaddr_in local(const char *port) {
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(atoi(port)));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return where;
}

int bind_tcp(const char *port, int protocol = 0) {
  const int fd = socket(AF_INET, SOCK_STREAM, protocol), one = 1;
  if (fd < 0)
    return errno;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in where = local(port);
  return result(bind(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where));
}

int connect_tcp(const char *port, int protocol = 0) {
  const int fd = socket(AF_INET, SOCK_STREAM, protocol);
  if (fd < 0)
    return errno;
  const sockaddr_in where = local(port);
  return result(connect(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where));
}

/// Connects by sending, if that is what the flag makes the kernel do.
int fast_open(const char *port, bool message) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where = local(port);
  char byte = 'x';
  iovec data = {&byte, 1};
  msghdr whole = {&where, sizeof where, &data, 1, nullptr, 0, 0};
  const ssize_t sent = message ? sendmsg(fd, &whole, MSG_FASTOPEN)
                               : sendto(fd, &byte, 1, MSG_FASTOPEN,
                                        reinterpret_cast<const sockaddr *>(&where), sizeof where);
  return result(sent);
}

/// Needs CAP_NET_ADMIN over the network, and no system call that a filter would refuse.
int take_loopback_down() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq change = {};
  strcpy(change.ifr_name, "lo");
  if (ioctl(fd, SIOCGIFFLAGS, &change) != 0)
    return errno;
  change.ifr_flags &= static_cast<short>(~IFF_UP);
  return result(ioctl(fd, SIOCSIFFLAGS, &change));
}

int attach_child() {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const int error = result(ptrace(PTRACE_SEIZE, child, nullptr, nullptr));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return error;
}

int many_processes(int wanted) {
  for (int count = 0; count < wanted; ++count) {
    const pid_t pid = fork();
    if (pid < 0)
      return errno;
    if (pid == 0) {
      pause();
      _exit(0);
    }
  }
  return 0;
}

int much_memory(size_t megabytes) {
  const size_t size = megabytes << 20;
  void *block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED)
    return errno;
  memset(block, 1, size);
  return 0;
}

int fill(const char *path, int megabytes) {
  static char block[1 << 20];
  memset(block, 1, sizeof block);
  const int fd = open(path, O_WRONLY | O_CREAT, 0644);
  if (fd < 0)
    return errno;
  for (int i = 0; i < megabytes; ++i) {
    const ssize_t written = write(fd, block, sizeof block);
    if (written != static_cast<ssize_t>(sizeof block))
      return written < 0 ? errno : ENOSPC;
  }
  return 0;
}

int open_file_of_inodes(const char *directory, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string path = std::string(directory) + "/" + std::to_string(i);
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT, 0644);
    if (fd < 0)
      return errno;
    close(fd);
  }
  return 0;
}

/// Whether a control group of this process shows where on the host it is.
int see_control_groups() {
  FILE *file = fopen("/proc/self/cgroup", "r");
  char line[4096];
  while (file != nullptr && fgets(line, sizeof line, file) != nullptr)
    if (!std::string_view(line).ends_with(":/\n"))
      return 0;
  return ENOENT;
}

int same_name(const char *name) {
  char own[256];
  gethostname(own, sizeof own);
  return strcmp(own, name) == 0 ? 0 : ENOENT;
}

int open_handle() {
  struct {
    file_handle head;
    unsigned char room[128];
  } handle = {};
  handle.head.handle_bytes = sizeof handle.room;
  int mount = 0;
  return result(name_to_handle_at(AT_FDCWD, "/", &handle.head, &mount, 0));
}

int try_call(std::string_view what) {
  if (what == "mount")
    return result(mount("tmpfs", "/tmp", "tmpfs", 0, nullptr));
  if (what == "new-root")
    return result(chroot("/tmp"));
  if (what == "ptrace-child")
    return attach_child();
  if (what == "ptrace-supervisor")
    return result(ptrace(PTRACE_SEIZE, 1, nullptr, nullptr));
  if (what == "supervisor-memory")
    return result(open("/proc/1/mem", O_RDWR));
  if (what == "load-module")
    return result(syscall(SYS_init_module, nullptr, 0, ""));
  if (what == "swap")
    return swapon("/nemo-no-such-file", 0) == 0 || errno == ENOENT ? 0 : errno;
  if (what == "reboot") // with a wrong magic number: EINVAL comes after the question who asks
    return syscall(SYS_reboot, 1, 2, LINUX_REBOOT_CMD_RESTART, nullptr) == 0 || errno == EINVAL
               ? 0
               : errno;
  if (what == "raw-socket")
    return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  if (what == "packet-socket")
    return result(socket(AF_PACKET, SOCK_DGRAM, 0));
  if (what == "new-user-namespace")
    return result(unshare(CLONE_NEWUSER));
  if (what == "clone-user-namespace") {
    const long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0);
    if (pid == 0)
      _exit(0);
    return result(pid);
  }
  if (what == "keys")
    return result(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* session */, 1));
  if (what == "personality")
    return result(personality(ADDR_NO_RANDOMIZE));
  if (what == "file-handle")
    return open_handle();
  if (what == "io-uring") {
    char parameters[120] = {};
    return result(syscall(SYS_io_uring_setup, 1, parameters));
  }
  if (what == "setuid")
    return result(setuid(0));
  if (what == "executed-by-root") // this file has the set-user-id bit
    return geteuid() == 0 ? 0 : EPERM;
  if (what == "loopback-down")
    return take_loopback_down();
  if (what == "control-groups")
    return see_control_groups();
  return 200;
}

int try_with(std::string_view what, const char *argument) {
  if (what == "read")
    return read_something(argument);
  if (what == "write")
    return write_something(argument);
  if (what == "connect-path")
    return connect_path(argument);
  if (what == "connect-abstract")
    return connect_abstract(argument);
  if (what == "bind-tcp")
    return bind_tcp(argument);
  if (what == "connect-tcp")
    return connect_tcp(argument);
  if (what == "bind-mptcp")
    return bind_tcp(argument, IPPROTO_MPTCP);
  if (what == "connect-mptcp")
    return connect_tcp(argument, IPPROTO_MPTCP);
  if (what == "fast-open")
    return fast_open(argument, false);
  if (what == "fast-open-message")
    return fast_open(argument, true);
  if (what == "see")
    return result(access((std::string("/proc/") + argument).c_str(), F_OK));
  if (what == "signal")
    return result(kill(atoi(argument), 0));
  if (what == "shared-memory")
    return result(shmget(atoi(argument), 1, 0));
  if (what == "fork")
    return many_processes(atoi(argument));
  if (what == "eat")
    return much_memory(static_cast<size_t>(atoi(argument)));
  if (what == "fill")
    return fill(argument, 4);
  if (what == "files")
    return open_file_of_inodes(argument, 4096);
  if (what == "same-name")
    return same_name(argument);
  return 200;
}

} // namespace

int main(int argc, char **argv) {
  if (argc == 2)
    return try_call(argv[1]);
  return argc == 3 ? try_with(argv[1], argv[2]) : 201;
}
