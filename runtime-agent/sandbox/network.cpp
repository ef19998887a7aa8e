// The host's side through `ip -batch`, the inner side through ioctls: the sandbox may have no ip.
#include "runtime-agent/sandbox/network.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/files.h"

namespace nemo::sandbox {

namespace {

constexpr char kBridge[] = "nemo0";
constexpr uint32_t kNetwork = 0x0ad50000; // 10.213.0.0/16; the bridge is .0.1

std::string text_of(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255,
                     address & 255);
}

std::string host_end(const std::string &id) { return "nv" + sha256(id).substr(0, 12); }

bool exists(const std::string &interface) { return ::if_nametoindex(interface.c_str()) != 0; }

std::string ip_program() {
  std::string path = find_program("ip");
  for (const char *usual : {"/usr/sbin/ip", "/sbin/ip"})
    if (path.empty() && ::access(usual, X_OK) == 0)
      path = usual;
  return path;
}

llvm::Error run_ip(const std::string &lines) {
  const std::string program = ip_program();
  if (program.empty())
    return failure("the program 'ip' (package iproute2) is not installed");
  Subprocess::Options options;
  options.pipe_stdin = true;
  auto ip = Subprocess::start({program, "-batch", "-"}, options);
  if (!ip)
    return ip.takeError();
  const ssize_t written = ::write(ip->stdin_fd(), lines.data(), lines.size());
  ip->close_stdin();
  const int code = ip->wait();
  if (written != static_cast<ssize_t>(lines.size()) || code != 0)
    return failure("ip -batch failed with {}", code);
  return llvm::Error::success();
}

llvm::Error make_bridge() {
  if (exists(kBridge))
    return llvm::Error::success();
  return run_ip(fmt::format("link add {0} type bridge\n"
                            "addr add {1}/{2} dev {0}\n"
                            "link set {0} up\n",
                            kBridge, text_of(kNetwork + 1), kPrefix));
}

llvm::Error set_address(int socket, const char *interface, unsigned long request,
                        const std::string &address) {
  ifreq change = {};
  std::strncpy(change.ifr_name, interface, IFNAMSIZ - 1);
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.c_str(), &where.sin_addr);
  std::memcpy(&change.ifr_addr, &where, sizeof where);
  if (::ioctl(socket, request, &change) != 0)
    return system_failure(errno, "address {} of {}", address, interface);
  return llvm::Error::success();
}

} // namespace

llvm::Error bring_up(int socket, const char *interface) {
  ifreq change = {};
  std::strncpy(change.ifr_name, interface, IFNAMSIZ - 1);
  if (::ioctl(socket, SIOCGIFFLAGS, &change) == 0) {
    change.ifr_flags |= IFF_UP;
    if (::ioctl(socket, SIOCSIFFLAGS, &change) == 0)
      return llvm::Error::success();
  }
  return system_failure(errno, "bring {} up", interface);
}

std::string gateway() { return text_of(kNetwork + 1); }

std::string address_of(uint32_t user_slot) { return text_of(kNetwork + 2 + user_slot); }

llvm::Error connect_network(const std::string &id, pid_t pid) {
  if (auto error = make_bridge())
    return error;
  remove_network(id);
  return run_ip(fmt::format("link add {0} type veth peer name eth0 netns {1}\n"
                            "link set {0} master {2}\n"
                            "link set {0} up\n",
                            host_end(id), pid, kBridge));
}

llvm::Error configure_network(const std::optional<std::string> &address) {
  Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket)
    return system_failure(errno, "socket for the network");
  if (auto error = bring_up(socket.get(), "lo"))
    return error;
  // Nobody has privileges in here, and the ports are nobody else's.
  write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  if (!address)
    return llvm::Error::success();
  if (auto error = set_address(socket.get(), "eth0", SIOCSIFADDR, *address))
    return error;
  if (auto error = set_address(socket.get(), "eth0", SIOCSIFNETMASK, "255.255.0.0"))
    return error;
  return bring_up(socket.get(), "eth0");
}

void remove_network(const std::string &id) {
  // Asked of the kernel directly: it usually went by itself already, or goes in this moment, and
  // that is no error that anybody should read about.
  struct {
    nlmsghdr header;
    ifinfomsg link;
  } request = {};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_DELLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.link.ifi_index = static_cast<int>(::if_nametoindex(host_end(id).c_str()));
  if (request.link.ifi_index == 0)
    return;
  Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  char answer[1024];
  if (::send(socket.get(), &request, sizeof request, 0) == sizeof request)
    (void)!::recv(socket.get(), answer, sizeof answer, 0); // done when it answers
}

std::string try_network(bool root) {
  if (!root)
    return "an ordinary user's sandbox gets a loopback interface only: to connect it needs root";
  if (ip_program().empty())
    return "the program 'ip' (package iproute2) is not installed";
  const pid_t child = ::fork();
  if (child < 0)
    return "cannot fork";
  if (child == 0) {
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDERR_FILENO); // a refusal of ip is the answer here, not news
    if (::unshare(CLONE_NEWNET) != 0)
      ::_exit(1);
    if (auto error = make_bridge()) {
      llvm::consumeError(std::move(error));
      ::_exit(2);
    }
    if (auto error = run_ip("link add nvprobe type veth peer name nvprobe1\n"
                            "link set nvprobe master nemo0\n")) {
      llvm::consumeError(std::move(error));
      ::_exit(3);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return "";
  switch (WIFEXITED(status) ? WEXITSTATUS(status) : 0) {
  case 1:
    return "this kernel or this container allows no network namespaces";
  case 2:
    return "a bridge cannot be made here";
  case 3:
    return "a veth pair cannot be made here";
  default:
    return "trying it failed";
  }
}

} // namespace nemo::sandbox
