// What affinity and anti-affinity ask of two nodes.
#pragma once

#include "compiler/verify/ways.h"

namespace nemo::verify {

class Closeness {
public:
  explicit Closeness(const World &world) : world_(world), ways_(world) {}
  /// Whether two nodes are as close as the affinity says; nullopt where that is not known.
  std::optional<bool> between(const proto::Affinity &affinity, const std::string &one,
                              const std::string &other);

private:
  const World &world_;
  Ways ways_;
};

} // namespace nemo::verify
