// Which nats-server is here, and what is known to be wrong with it.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::broker {

struct Version {
  unsigned major = 0, minor = 0, patch = 0;
  bool preliminary = false; ///< "2.12.0-RC.1"
  auto operator<=>(const Version &) const = default;
  std::string text() const;
};

/// Of "nats-server: v2.9.10"; nullopt for anything else.
std::optional<Version> parse_version(llvm::StringRef text);

struct Server {
  std::string program; ///< path
  Version version;
};

/// $NEMO_NATS_SERVER, else on PATH or where Debian has it. An error where there is none, or one too
/// old (before 2.9) to keep nodes to their subjects.
llvm::Expected<Server> find_server();

/// "CVE-2025-30215: any client may purge ..., mended in 2.10.27"; empty: nothing that is known
/// here.
std::vector<std::string> known_faults(const Version &version);

/// Whether it can be told to have every write on the disk before it is acknowledged.
bool can_sync_always(const Version &version);

} // namespace nemo::broker
