// What preferences about nodes are worth: `prefer node.tpm weight 3`.
#pragma once

#include <map>
#include <vector>

#include "compiler/policy/judge.h"

namespace nemo::compiler {

/// A preference that a replica's node does not keep counts so much times its weight, 1e-6 EUR/h.
constexpr int64_t wish_price = 10'000;

class Wishes {
public:
  /// Preferences of policies and of workloads; not those about what is predicted.
  Wishes(const proto::Intent &intent, const std::vector<NodeView> &nodes);

  /// By node, 1e-6 EUR/h; null: the workload has none. Workloads that wish the same share it.
  const std::vector<int64_t> *of(size_t workload) const {
    return class_of_[workload] == 0 ? nullptr : &classes_[class_of_[workload] - 1];
  }

private:
  std::vector<uint32_t> class_of_;            ///< by workload; 0: none
  std::vector<std::vector<int64_t>> classes_; ///< from 1
};

/// Whether a rule is a preference about where replicas stand.
bool is_wish(const proto::Rule &rule);
bool has_wishes(const proto::Intent &intent);

} // namespace nemo::compiler
