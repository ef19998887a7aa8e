// What affinity and anti-affinity ask of two nodes.
#pragma once

#include "compiler/verify/case.h"
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

/// What the intent asks of a replica that the plan leaves as it is.
struct Bystander {
  const There *one = nullptr;
  const proto::Affinity *affinity = nullptr;
};
/// Who stays where it is, on nodes of the fleet, and has an affinity: a plan of the others keeps
/// it, too.
std::vector<Bystander> bystanders(const Case &subject);

} // namespace nemo::verify
