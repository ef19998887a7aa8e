// The system calls of a container, as an allow list: the runtime's filter has no "everything but".
#include <cstdlib>
#include <memory>

#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "runtime-agent/sandbox/container.h"
#include "runtime-agent/sandbox/seccomp.h"

namespace nemo::sandbox {

namespace {

namespace json = llvm::json;

constexpr int kMostCalls = 1024;
constexpr uint64_t kTypeOfSocket = 0xf;
constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t kNewTime = 0x80;

json::Object compare(unsigned argument, const char *operation, uint64_t a, uint64_t b = 0) {
  return json::Object{{"index", argument}, {"op", operation}, {"value", a}, {"valueTwo", b}};
}

json::Object allow(json::Array names, json::Array arguments = json::Array()) {
  json::Object rule{{"names", std::move(names)}, {"action", "SCMP_ACT_ALLOW"}};
  if (!arguments.empty())
    rule["args"] = std::move(arguments);
  return rule;
}

/// The argument `argument` has none of these bits.
json::Array without(unsigned argument, uint64_t bits) {
  return json::Array{compare(argument, "SCMP_CMP_MASKED_EQ", bits, 0)};
}

/// Plain TCP and UDP, Unix sockets, and of netlink what getaddrinfo asks. Landlock's rules for TCP
/// know only what is TCP itself.
void allow_sockets(json::Array &rules) {
  const auto is = [](unsigned argument, uint64_t value) {
    return compare(argument, "SCMP_CMP_EQ", value);
  };
  rules.push_back(allow(json::Array{"socket"}, json::Array{is(0, AF_UNIX)}));
  rules.push_back(allow(json::Array{"socket"}, json::Array{is(0, AF_NETLINK), is(2, 0)}));
  for (const int family : {AF_INET, AF_INET6}) {
    const uint64_t of = static_cast<uint64_t>(family);
    rules.push_back(
        allow(json::Array{"socket"},
              json::Array{is(0, of), compare(1, "SCMP_CMP_MASKED_EQ", kTypeOfSocket, SOCK_STREAM),
                          compare(2, "SCMP_CMP_LE", IPPROTO_TCP)}));
    rules.push_back(
        allow(json::Array{"socket"},
              json::Array{is(0, of), compare(1, "SCMP_CMP_MASKED_EQ", kTypeOfSocket, SOCK_DGRAM)}));
  }
}

} // namespace

std::string bundle_seccomp(bool tcp_restricted) {
  llvm::StringSet<> not_whole;
  for (const char *name : forbidden_calls())
    not_whole.insert(name);
  json::Array rules;
  // clone3 hides its flags behind a pointer: without it the C library uses clone.
  for (const char *name : {"clone3", "clone", "unshare", "socket", "personality"})
    not_whole.insert(name);
  rules.push_back(allow(json::Array{"clone"}, without(0, kNamespaces)));
  rules.push_back(allow(json::Array{"unshare"}, without(0, kNamespaces | kNewTime)));
  for (const uint64_t persona : {uint64_t{0}, uint64_t{0xffffffff}})
    rules.push_back(
        allow(json::Array{"personality"}, json::Array{compare(0, "SCMP_CMP_EQ", persona)}));
  allow_sockets(rules);
  if (tcp_restricted) // TCP Fast Open connects by sending, which Landlock does not look at
    for (const auto &[name, at] :
         {std::pair("sendto", 3u), std::pair("sendmsg", 2u), std::pair("sendmmsg", 3u)}) {
      not_whole.insert(name);
      rules.push_back(allow(json::Array{name}, without(at, MSG_FASTOPEN)));
    }
  json::Array names;
  for (int call = 0; call < kMostCalls; ++call) {
    const std::unique_ptr<char, void (*)(void *)> name(
        seccomp_syscall_resolve_num_arch(seccomp_arch_native(), call), std::free);
    if (name && !not_whole.contains(name.get()))
      names.push_back(std::string(name.get()));
  }
  rules.push_back(allow(std::move(names)));
  return llvm::formatv("{0}", json::Value(json::Object{{"defaultAction", "SCMP_ACT_ERRNO"},
                                                       {"defaultErrnoRet", ENOSYS},
                                                       {"syscalls", std::move(rules)}}))
      .str();
}

} // namespace nemo::sandbox
