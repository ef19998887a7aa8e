#include "runtime-agent/core/ports.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

namespace nemo::agent {

bool port_is_free(uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1; // connections that linger from an earlier run do not count
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  return ::bind(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0 ||
         errno != EADDRINUSE;
}

llvm::Expected<std::vector<PortUse>> assign_ports(const proto::Spec &spec,
                                                  const std::vector<PortUse> &before,
                                                  const std::set<uint16_t> &taken, uint32_t start,
                                                  const std::function<bool(uint16_t)> &is_free) {
  constexpr uint32_t count = last_picked_port - first_picked_port + 1;
  std::vector<PortUse> ports;
  std::set<uint16_t> used = taken;
  for (const proto::Port &port : spec.ports()) {
    PortUse use{port.name(), static_cast<uint16_t>(port.number())};
    const auto kept = std::find_if(before.begin(), before.end(),
                                   [&](auto &one) { return one.name == port.name(); });
    if (use.number == 0 && kept != before.end())
      use.number = kept->number;
    for (uint32_t i = 0; use.number == 0 && i < count; ++i) {
      const auto candidate = static_cast<uint16_t>(first_picked_port + (start + i) % count);
      if (!used.count(candidate) && is_free(candidate))
        use.number = candidate;
    }
    if (use.number == 0)
      return failure("no port between {} and {} is free", first_picked_port, last_picked_port);
    used.insert(use.number);
    ports.push_back(std::move(use));
  }
  return ports;
}

} // namespace nemo::agent
