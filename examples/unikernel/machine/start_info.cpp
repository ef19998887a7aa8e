#include "examples/unikernel/machine/start_info.h"

#include <cstddef>

#include "examples/unikernel/machine/console.h"

extern "C" const char image_end[]; // link.ld

namespace unikernel {

namespace {

constexpr uint32_t kMagic = 0x336ec578, kRam = 1, kMostEntries = 128;
constexpr uint64_t kTop = uint64_t{3} << 30; // devices begin there
// The loader's own tables lie low or close to the top of memory, never right behind the image.
constexpr uint64_t kApart = 1 << 20;

struct StartInfo {
  uint32_t magic, version, flags, modules;
  uint64_t module_list, command_line, rsdp;
  uint64_t memory_map; // from version 1 on
  uint32_t memory_map_entries, reserved;
};

struct Region {
  uint64_t begin, size;
  uint32_t type, reserved;
};

std::string_view copy_command_line(uint64_t address) {
  static char line[2048];
  if (address == 0 || address > kTop)
    return {};
  const char *text = reinterpret_cast<const char *>(address);
  size_t length = 0;
  for (; text[length] != 0; ++length) {
    if (length == sizeof line)
      give_up("the command line is longer than 2048 bytes");
    line[length] = text[length];
  }
  return {line, length};
}

std::span<uint64_t> memory_behind_image(const StartInfo &info) {
  constexpr uint64_t page = 4096;
  const uint64_t begin = (reinterpret_cast<uint64_t>(image_end) + kApart + page - 1) / page * page;
  if (info.version < 1 || info.memory_map == 0 || info.memory_map > kTop ||
      info.memory_map_entries > kMostEntries)
    return {};
  const auto *regions = reinterpret_cast<const Region *>(info.memory_map);
  for (uint32_t i = 0; i < info.memory_map_entries; ++i) {
    const Region &one = regions[i];
    if (one.type != kRam || one.begin > begin || one.size > kTop || one.begin + one.size <= begin)
      continue;
    const uint64_t end = one.begin + one.size < kTop ? one.begin + one.size : kTop;
    if (end < begin + 2 * kApart)
      return {};
    return {reinterpret_cast<uint64_t *>(begin), (end - kApart - begin) / page * page / 8};
  }
  return {};
}

} // namespace

Boot read_start_info(uint32_t address) {
  const auto &info = *reinterpret_cast<const StartInfo *>(uint64_t{address});
  if (address == 0 || info.magic != kMagic)
    give_up("it was not started by the PVH boot protocol");
  return {copy_command_line(info.command_line), memory_behind_image(info)};
}

} // namespace unikernel
