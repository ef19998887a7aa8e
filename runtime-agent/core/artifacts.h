// Files that came with an intent, kept by their digest: written beside, checked, made durable, then
// renamed into place, so that what has the name also has the content.
#pragma once

#include <set>
#include <string>

#include "llvm/Support/Error.h"

#include "protocol/intent.pb.h"

namespace nemo::agent {

class Artifacts {
public:
  explicit Artifacts(std::string directory) : directory_(std::move(directory)) {}

  /// Also counts as use: what is asked for is not collected for a while.
  bool have(const std::string &digest) const;
  llvm::Error put(const proto::Artifact &artifact);
  /// Where it stands: a directory, or a file for the artifact of a single file.
  std::string path(const std::string &digest) const { return directory_ + "/" + digest; }
  /// Removes what is not in `used` and was not asked for in the last ten minutes, and what a crash
  /// left half-written. Images and their blobs lie here, too (pull/pull.h); what has come of one
  /// counts as asked for when the last of it came.
  void collect(const std::set<std::string> &used) const;

private:
  std::string directory_;
};

} // namespace nemo::agent
