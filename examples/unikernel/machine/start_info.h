// What the loader says: the command line, and where memory is (the PVH boot protocol of Xen).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace unikernel {

struct Boot {
  std::string_view command_line; ///< a copy
  std::span<uint64_t> memory;    ///< behind the image, whole pages; empty where nobody says
};

/// Gives up where the loader speaks no PVH.
Boot read_start_info(uint32_t address);

} // namespace unikernel
