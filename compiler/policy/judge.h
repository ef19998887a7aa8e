// One rule against all nodes, for any workload. A formula sees a workload and a node only through
// the facts it names, so it is evaluated once per pair of distinct views and not once per pair of
// workload and node.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/resolve/names.h"
#include "compiler/resolve/node_bits.h"
#include "llvm/Support/Error.h"

namespace nemo::compiler {

/// Rules that say the same, wherever they stand, have the same key: templates give thousands.
std::string meaning(const proto::Rule &rule);

class RuleJudge {
public:
  /// All three must outlive this object. `rule` is a require, a deny or a prefer over facts of
  /// nodes, sites, workloads and tenants.
  RuleJudge(const proto::Rule &rule, const proto::Intent &intent,
            const std::vector<NodeView> &nodes);

  /// The nodes that the rule takes from the workload; null when it takes none. An unknown deny
  /// takes, an unknown require takes. Of a preference: those that do not keep it; one whose `where`
  /// is unknown is about nobody. The set is shared by all workloads that look the same to the
  /// rule, and lives as long as this object.
  llvm::Expected<const NodeBits *> excluded(const proto::Workload &workload);

private:
  enum class Truth { yes, no, unknown };
  llvm::Expected<Truth> truth(const proto::Expr &formula, const Subject &subject) const;
  bool takes(Truth truth) const;
  /// A preference whose `where` asks about nodes.
  bool is_split() const {
    return rule_.verb() == proto::Rule::PREFER && rule_.has_where() && !where_apart_;
  }
  std::string view_of(const std::vector<const proto::Ref *> &names, const Subject &subject) const;
  void group_nodes();
  llvm::Expected<NodeBits> judge(const proto::Workload &workload);

  const proto::Rule &rule_;
  const proto::Intent &intent_;
  const std::vector<NodeView> &nodes_;
  bool where_apart_ = false; ///< `where` asks nothing of nodes: it is decided first, once
  proto::Expr formula_;      ///< with `where` folded in unless it stands apart
  std::vector<const proto::Ref *> where_names_, workload_names_, node_names_;
  std::unordered_map<std::string, Truth> where_cache_;
  std::unordered_map<std::string, NodeBits> cache_;
  std::vector<uint32_t> group_of_node_;
  std::vector<const NodeView *> groups_; ///< one node of each
};

} // namespace nemo::compiler
