// The kernel's command line: what it is told, and where its network device is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace unikernel {

/// Where a virtio device's registers are, "virtio_mmio.device=512@0xfeb00e00:12": as the machine
/// appends it for Linux, which reads the same words.
struct Place {
  uint64_t registers = 0;
  uint8_t line = 0; ///< of the interrupt controller
};

struct Options {
  static constexpr size_t kMostDevices = 8;
  std::optional<uint32_t> address; ///< "ip=10.0.0.2/24"
  unsigned prefix = 24;
  uint16_t port = 7;  ///< "port=7"
  uint64_t write = 0; ///< "write=16M": bytes of memory that are written again and again
  uint64_t rate = 0;  ///< "rate=64M": so many of them a second; 0: as fast as it can be
  std::array<Place, kMostDevices> devices = {};
  size_t device_count = 0;
  std::string_view bad; ///< the first word that cannot be understood
};

/// Words are separated by spaces; one whose name it does not know is somebody else's.
Options read_options(std::string_view line);

} // namespace unikernel
