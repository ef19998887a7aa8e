#include "compiler/policy/claims.h"

#include <unordered_map>

namespace nemo::compiler {

Claims::Claims(const std::string &stack, const stages::Resolved &resolved,
               const std::vector<NodeView> &nodes)
    : anybody_(nodes.size()), exclusive_(nodes.size()) {
  std::unordered_map<std::string, size_t> index;
  for (size_t node = 0; node < nodes.size(); ++node)
    index.emplace(nodes[node].node->name(), node);
  auto add = [&](size_t node, const proto::Spec &spec) {
    anybody_.set(node);
    if (spec.exclusive())
      exclusive_.set(node);
  };
  NodeBits shared(nodes.size());
  for (const proto::PartState &state : resolved.facts().parts())
    if (const auto node = index.find(state.part().node());
        node != index.end() && state.part().stack() != stack)
      for (const proto::Instance &instance : state.part().instances()) {
        add(node->second, instance.spec());
        shared.set(node->second);
      }
  for (const stages::Existing &there : resolved.frozen())
    if (const auto node = index.find(there.node()); node != index.end()) {
      add(node->second, there.spec());
      NodeBits &own = alone_.try_emplace(there.workload(), NodeBits(nodes.size())).first->second;
      own.set(node->second);
    }
  NodeBits seen(nodes.size());
  for (const auto &[workload, own] : alone_) {
    NodeBits both = own;
    shared |= (both &= seen);
    seen |= own;
  }
  for (auto &[workload, own] : alone_)
    own.subtract(shared);
}

NodeBits Claims::kept_from(const proto::Workload &workload) const {
  NodeBits kept = workload.place().exclusive() ? anybody_ : exclusive_;
  if (const auto own = alone_.find(workload.name()); own != alone_.end())
    kept.subtract(own->second);
  return kept;
}

} // namespace nemo::compiler
