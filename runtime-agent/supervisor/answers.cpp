// Two kinds of questions. Calls that the filter refuses: the answer is EPERM, and nothing but
// registers is looked at. bind and connect: the answer is always "go on", because Landlock decides;
// here it is only worked out whether it will refuse, so the race between looking and doing is no
// way around anything.
#include "runtime-agent/supervisor/answers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace nemo::supervisor {

namespace {

// A newer kernel's structures may be longer than these headers say.
union Question {
  seccomp_notif notification;
  char room[256];
};
union Answer {
  seccomp_notif_resp response;
  char room[128];
};

const char *name_of(const FilterFile &filters, int call, Text &room) {
  room.number(call).add(" ");
  const Section *names = filters.find(kCallNames);
  const char *text = names == nullptr ? nullptr : contents(names);
  for (size_t at = 0; names != nullptr && at < names->size;) {
    const char *end = static_cast<const char *>(memchr(text + at, '\n', names->size - at));
    if (end == nullptr)
      break;
    if (names->size - at > room.size() && memcmp(text + at, room.data(), room.size()) == 0) {
      const size_t start = at + room.size();
      room = Text();
      room.add(text + start, static_cast<size_t>(end - text) - start);
      break;
    }
    at = static_cast<size_t>(end - text) + 1;
  }
  return room.add("\0", 1).data();
}

bool has_port(const Section *ports, uint16_t port) {
  for (size_t at = 0; at + sizeof port <= ports->size; at += sizeof port)
    if (memcmp(contents(ports) + at, &port, sizeof port) == 0)
      return true;
  return false;
}

struct Address {
  uint16_t port = 0;
  char text[INET6_ADDRSTRLEN + 2] = "";
};

/// The TCP/IP address that a process is about to use; false when it is another kind of address.
bool read_address(pid_t pid, uint64_t where, uint64_t size, Address &out) {
  sockaddr_in6 six = {};
  iovec here = {&six, size < sizeof six ? size : sizeof six};
  iovec there = {reinterpret_cast<void *>(where), here.iov_len};
  if (process_vm_readv(pid, &here, 1, &there, 1, 0) < static_cast<ssize_t>(sizeof(sockaddr_in)))
    return false;
  sockaddr_in four;
  memcpy(&four, &six, sizeof four);
  if (six.sin6_family == AF_INET) {
    out.port = ntohs(four.sin_port);
    return inet_ntop(AF_INET, &four.sin_addr, out.text, sizeof out.text) != nullptr;
  }
  out.port = ntohs(six.sin6_port);
  out.text[0] = '[';
  if (six.sin6_family != AF_INET6 ||
      inet_ntop(AF_INET6, &six.sin6_addr, out.text + 1, sizeof out.text - 2) == nullptr)
    return false;
  strcat(out.text, "]");
  return true;
}

bool is_tcp(pid_t pid, int number) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  const int copy = static_cast<int>(syscall(SYS_pidfd_getfd, process, number, 0));
  int protocol = 0;
  socklen_t size = sizeof protocol;
  const bool tcp =
      getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == IPPROTO_TCP;
  if (copy >= 0)
    close(copy);
  if (process >= 0)
    close(process);
  return tcp;
}

void look_at_port(const seccomp_notif &asked, const FilterFile &filters, Refusals &refusals) {
  const bool bind = asked.data.nr == SYS_bind;
  const Section *ports = filters.find(bind ? kBindPorts : kConnectPorts);
  Address address;
  const pid_t pid = static_cast<pid_t>(asked.pid);
  if (ports == nullptr || !read_address(pid, asked.data.args[1], asked.data.args[2], address) ||
      has_port(ports, address.port) || !is_tcp(pid, static_cast<int>(asked.data.args[0])))
    return;
  Text what;
  what.add(bind ? "bind TCP port " : "connect to TCP ");
  if (!bind)
    what.add(address.text).add(":");
  refusals.note("landlock.tcp", what.number(address.port));
}

void look_at_call(const seccomp_notif &asked, const FilterFile &filters, Refusals &refusals) {
  Text room, what;
  what.add("system call ").add(name_of(filters, asked.data.nr, room));
  if (asked.data.nr == SYS_socket)
    what.add(" family ")
        .number(static_cast<int>(asked.data.args[0]))
        .add(" type ")
        .number(static_cast<int>(asked.data.args[1] & 0xf))
        .add(" protocol ")
        .number(static_cast<int>(asked.data.args[2]));
  refusals.note("seccomp", what);
}

} // namespace

void Answers::answer(Refusals &refusals) {
  Question question;
  memset(&question, 0, sizeof question);
  if (ioctl(fd_, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0)
    return; // it went away meanwhile
  const seccomp_notif &asked = question.notification;
  Answer answer;
  memset(&answer, 0, sizeof answer);
  answer.response.id = asked.id;
  if (asked.data.nr == SYS_bind || asked.data.nr == SYS_connect) {
    look_at_port(asked, filters_, refusals);
    answer.response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else {
    look_at_call(asked, filters_, refusals);
    answer.response.error = -EPERM;
  }
  ioctl(fd_, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

void Answers::stop() {
  close(fd_);
  fd_ = -1;
}

} // namespace nemo::supervisor
