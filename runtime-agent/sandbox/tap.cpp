// The tap device of a machine. Through ioctls: this is done inside, where there may be no ip.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/network.h"

namespace nemo::sandbox {

namespace {

constexpr char kOwnBridge[] = "br0", kTap[] = "tap0";

} // namespace

llvm::Expected<Descriptor> make_tap() {
  // The namespace itself has nothing to say on this network.
  for (const char *which : {"all", "default"})
    write_file(std::string("/proc/sys/net/ipv6/conf/") + which + "/disable_ipv6", "1");
  Descriptor tap(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tap)
    return system_failure(errno, "open /dev/net/tun");
  ifreq device = {};
  std::strncpy(device.ifr_name, kTap, IFNAMSIZ - 1);
  device.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(tap.get(), TUNSETIFF, &device) != 0)
    return system_failure(errno, "tap device");
  Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket)
    return system_failure(errno, "socket for the network");
  if (::ioctl(socket.get(), SIOCBRADDBR, kOwnBridge) != 0)
    return system_failure(errno, "bridge");
  for (const char *port : {"eth0", kTap}) {
    ifreq change = {};
    std::strncpy(change.ifr_name, kOwnBridge, IFNAMSIZ - 1);
    change.ifr_ifindex = static_cast<int>(::if_nametoindex(port));
    if (change.ifr_ifindex == 0 || ::ioctl(socket.get(), SIOCBRADDIF, &change) != 0)
      return system_failure(errno, "put {} on a bridge", port);
  }
  for (const char *interface : {kOwnBridge, kTap, "eth0"})
    if (auto error = bring_up(socket.get(), interface))
      return error;
  return tap;
}

} // namespace nemo::sandbox
