// The system call filters as bytes that need no parsing: sections, one after the other. The agent
// makes them once; the supervisor and the workload's process read them from memory they share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nemo::supervisor {

struct Section {
  uint32_t kind = 0;
  uint32_t size = 0; ///< of what follows
};

enum SectionKind : uint32_t {
  kProgram = 1,      ///< struct sock_filter[]: for everybody
  kAsking = 2,       ///< likewise, for the workload: what it refuses, it asks the supervisor
  kQuiet = 3,        ///< likewise, for a command that is run inside later: it refuses by itself
  kCallNames = 4,    ///< "NUMBER NAME\n" of the system calls that are refused
  kBindPorts = 5,    ///< uint16_t[]: TCP, as Landlock allows them; no section: all
  kConnectPorts = 6, ///< likewise
};

constexpr size_t kMaxInstructions = 4096;

class FilterFile {
public:
  /// Maps what is behind kFilters. \returns 0 or the errno.
  int open();
  /// The first section of a kind after `from`; null at the end.
  const Section *find(SectionKind kind, const Section *from = nullptr) const;

private:
  const char *bytes_ = nullptr;
  size_t size_ = 0;
};

inline const char *contents(const Section *section) {
  return reinterpret_cast<const char *>(section + 1);
}

} // namespace nemo::supervisor
