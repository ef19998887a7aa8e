// Preferences about nodes, as the objective counts them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/verify/names.h"
#include "compiler/verify/world.h"

namespace nemo::verify {

class Wishes {
public:
  Wishes(const proto::Intent &intent, const World &world);

  bool any() const { return any_; }
  /// What is not kept of them on the node, 1e-6 EUR/h.
  int64_t of(const proto::Workload &workload, const Place &place) const;
  /// Equal for workloads that wish the same.
  std::string look(const proto::Workload &workload) const;

private:
  /// One rule with the answers that it has given; what nodes are to it is found out once.
  struct Wish {
    const proto::Rule *rule;
    int64_t worth;
    std::vector<const proto::Ref *> of_workload;
    std::map<const proto::Node *, uint32_t> look_of_node;
    std::map<std::string, std::map<uint32_t, bool>> kept;
  };
  Wish make(const proto::Rule &rule, const World &world) const;
  bool kept(Wish &wish, const proto::Workload &workload, const Place &place) const;

  const proto::Intent &intent_;
  bool any_ = false;
  mutable std::vector<Wish> shared_;                             ///< of policies
  mutable std::map<std::string, std::vector<Wish>> of_workload_; ///< by name
};

} // namespace nemo::verify
