// `moved` blocks: which name an object of an earlier name has now, and where that cannot be.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

class Renames {
public:
  explicit Renames(const proto::Intent &intent);
  std::string now(const std::string &name) const;
  /// The names that a workload had before, sorted.
  std::vector<std::string> formerly(const std::string &now) const;

private:
  std::map<std::string, std::string> now_;
  std::map<std::string, std::vector<std::string>> formerly_;
};

/// N0752: a replica under its old name and one under the new name are both there.
std::vector<Diagnostic>
clashes(const proto::Intent &intent,
        const google::protobuf::RepeatedPtrField<stages::Existing> &existing);

} // namespace nemo::compiler
