// What names inside formulas stand for at compile time: facts of a node and its site, of a workload
// and its tenant. Everything that is not known comes back as unknown and says which fact is
// missing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/rational.h"
#include "compiler/pipeline/stages.pb.h"
#include "protocol/formula/evaluate.h"

namespace nemo::compiler {

struct NodeView {
  const proto::Node *node = nullptr;
  const proto::Site *site = nullptr; ///< null: nothing is known of its site
};

/// The nodes of a fleet with their sites, in the fleet's order.
std::vector<NodeView> views(const proto::Fleet &world);

/// What a formula is evaluated about. What is null is unknown.
struct Subject {
  const proto::Intent *intent = nullptr;
  const proto::Workload *workload = nullptr;
  const NodeView *node = nullptr;
};

proto::Value lookup(const proto::Ref &ref, const Subject &subject);

/// Who supplies a name.
enum class Supplier {
  node,     ///< node, site, grid
  workload, ///< workload, tenant
  figure,   ///< energy, carbon, cost, latency, ...: predicted by a model, or by none
  nobody    ///< flow, round, slo.slack ...: what nothing here delivers
};
Supplier supplier(const proto::Ref &ref);
/// True when a formula asks this supplier for something.
bool asks(const proto::Expr &formula, Supplier supplier);

/// Whether a node offers a capability ("sandbox.process", "network.own"): unknown when nobody says.
enum class Offer { yes, no, unknown };
Offer offers(const proto::Node &node, const std::string &capability);

/// Quantities of protos' integers, exact, with the unit to print them with.
proto::Value measure(std::optional<Rational> value, llvm::StringRef dimension,
                     llvm::StringRef unit);

} // namespace nemo::compiler
