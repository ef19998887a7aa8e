// What the names in a formula stand for when it is asked about one workload and one node.
#pragma once

#include "compiler/verify/world.h"
#include "protocol/formula/evaluate.h"

namespace nemo::verify {

struct Question {
  const proto::Intent &intent;
  const proto::Workload *workload = nullptr;
  Place place;
};

/// A fact that is missing comes back as unknown, with its name.
proto::Value value_of(const proto::Ref &ref, const Question &question);

/// What several names stand for, as bytes: equal for questions that these names cannot tell apart.
std::string values_of(const std::vector<const proto::Ref *> &refs, const Question &question);

/// True for names that models predict (cost, latency.p99): a formula over them is an expectation.
bool is_predicted(const proto::Ref &ref);
bool asks_predicted(const proto::Expr &formula);
/// True for names of nodes, sites and the grid.
bool is_of_node(const proto::Ref &ref);

} // namespace nemo::verify
