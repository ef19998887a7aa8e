// Who was started last for an instance, in a small file that is written before anything of it runs.
// An agent that dies between a start and the journal's word about it finds the process again here;
// so does one whose journal is gone. No disk is waited for: after a power cut none of it runs.
#pragma once

#include <optional>
#include <string>

#include "runtime-agent/core/decide.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::agent {

llvm::Error write_started(const std::string &path, const std::string &boot, const Key &key,
                          const sandbox::Started &started);

struct Found {
  Key key; ///< as it was called when it was started
  sandbox::Started started;
};

/// Opens its pidfd, the caller's. Nothing when it has ended, or when the file is of another boot or
/// damaged.
std::optional<Found> find_started(const std::string &path, const std::string &boot);

} // namespace nemo::agent
