// Rules first become sets of excluded nodes, shared by all workloads that look the same to them; a
// workload's admissible set is all nodes minus their union.
#include "compiler/policy/policy.h"

#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "compiler/policy/claims.h"
#include "compiler/policy/closed.h"
#include "compiler/policy/explain.h"
#include "compiler/policy/judge.h"
#include "compiler/policy/refusals.h"
#include "compiler/resolve/devices.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/supply.h"

namespace nemo::compiler {

namespace {

class Bench {
public:
  Bench(const stages::Inputs &inputs, const stages::Resolved &resolved)
      : intent_(inputs.intent()), nodes_(views(resolved.world())),
        claims_(intent_.stack(), resolved, nodes_), closed_(inputs, resolved, nodes_) {
    for (const stages::NodeSet &select : resolved.selects())
      selects_.push_back(NodeBits::from_proto(select, nodes_.size()));
    for (const NodeView &view : nodes_)
      fed_.push_back(fed_millicores(*view.node));
  }

  Judged run() {
    for (int w = 0; w < intent_.workloads_size(); ++w)
      judge(w);
    return std::move(result_);
  }

private:
  void judge(int w) {
    const proto::Workload &workload = intent_.workloads(w);
    NodeBits admitted(nodes_.size(), true);
    of_workload_ = result_.admissible.add_workloads();
    for (int p = 0; p < intent_.policies_size(); ++p)
      for (int r = 0; r < intent_.policies(p).rules_size(); ++r)
        apply(intent_.policies(p).rules(r), stages::Restriction::POLICY, p, r, workload, admitted);
    for (int r = 0; r < workload.place().rules_size(); ++r)
      apply(workload.place().rules(r), stages::Restriction::PLACE, w, r, workload, admitted);
    if (!workload.place().on().empty())
      take(on(workload), stages::Restriction::ON, w, 0, admitted);
    const std::string sandbox =
        workload.sandbox().empty() ? "sandbox.process" : "sandbox." + workload.sandbox();
    require(sandbox, stages::Restriction::SANDBOX, w, admitted);
    if (workload.network() == "own")
      require("network.own", stages::Restriction::NETWORK, w, admitted);
    if (const NodeBits dark = unfed(workload.resources().cpu_millicores()); dark.any())
      take(dark, stages::Restriction::SUPPLY, w, 0, admitted);
    if (const NodeBits without = without_devices(workload); without.any())
      take(without, stages::Restriction::NAMED_DEVICE, w, 0, admitted);
    std::set<std::string> kinds;
    for (const proto::Mount &mount : workload.mounts())
      if (!mount.kind().empty())
        kinds.insert(mount.kind());
    for (const std::string &kind : kinds)
      require("volume." + kind, stages::Restriction::VOLUME_KIND, w, admitted);
    if (const NodeBits kept = claims_.kept_from(workload); kept.any())
      take(kept, stages::Restriction::EXCLUSIVE, w, 0, admitted);
    if (const NodeBits closed = closed_.to_all(workload); closed.any())
      take(closed, stages::Restriction::CORDON, w, 0, admitted);
    stages::NodeSet set = admitted.to_proto();
    auto [index, fresh] =
        sets_.try_emplace(set.bits(), static_cast<uint32_t>(result_.admissible.sets_size()));
    if (fresh)
      *result_.admissible.add_sets() = std::move(set);
    of_workload_->set_set(index->second);
  }

  RuleJudge &judge_of(const proto::Rule &rule) {
    auto known = by_rule_.find(&rule);
    if (known != by_rule_.end())
      return *known->second;
    std::unique_ptr<RuleJudge> &judge = by_meaning_[meaning(rule)];
    if (!judge)
      judge = std::make_unique<RuleJudge>(rule, intent_, nodes_);
    by_rule_.emplace(&rule, judge.get());
    return *judge;
  }

  void apply(const proto::Rule &rule, stages::Restriction::Kind kind, int block, int number,
             const proto::Workload &workload, NodeBits &admitted) {
    if (!restricts(rule) || broken_.count(&rule))
      return;
    auto excluded = judge_of(rule).excluded(workload);
    if (!excluded) {
      broken_.emplace(&rule, true);
      result_.diagnostics.push_back(
          report(diag::N0511,
                 fmt::format("this rule has no value for workload {}: {}", workload.name(),
                             llvm::toString(excluded.takeError())),
                 intent_, rule.span()));
      return;
    }
    if (!*excluded)
      return;
    if (!nodes_.empty() && !asks(rule.formula(), Supplier::node) &&
        !asks(rule.where(), Supplier::node))
      refuse(rule, kind, block, workload);
    take(**excluded, kind, block, number, admitted);
  }

  void refuse(const proto::Rule &rule, stages::Restriction::Kind kind, int block,
              const proto::Workload &workload) {
    std::string owner = kind == stages::Restriction::POLICY
                            ? "policy " + intent_.policies(block).name()
                            : "its own place rule";
    std::string because = else_text(rule);
    Diagnostic fault = report(diag::N0504,
                              fmt::format("{} refuses workload {}{}", owner, workload.name(),
                                          because.empty() ? "" : ": " + because),
                              intent_, rule.span());
    fault.notes.push_back(note(explain_rule(intent_, rule, {&intent_, &workload, nullptr})));
    fault.notes.push_back(note(fmt::format("workload {} is declared here", workload.name()),
                               intent_, workload.span()));
    fault.fix = "change the workload, or narrow the rule with `where`";
    result_.diagnostics.push_back(std::move(fault));
  }

  NodeBits on(const proto::Workload &workload) {
    NodeBits outside(nodes_.size(), true);
    for (const std::string &name : workload.place().on())
      for (int s = 0; s < intent_.selects_size(); ++s)
        if (intent_.selects(s).name() == name)
          outside.subtract(selects_[static_cast<size_t>(s)]);
    return outside;
  }

  void require(const std::string &capability, stages::Restriction::Kind kind, int w,
               NodeBits &admitted) {
    auto [lacking, fresh] = lacking_.try_emplace(capability, nodes_.size());
    if (fresh)
      for (size_t i = 0; i < nodes_.size(); ++i)
        if (offers(*nodes_[i].node, capability) != Offer::yes)
          lacking->second.set(i);
    if (lacking->second.any())
      take(lacking->second, kind, w, 0, admitted);
  }

  /// Nodes that have so much of a processor, and not the power for it.
  NodeBits unfed(uint64_t millicores) const {
    NodeBits excluded(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (millicores > fed_[i] && millicores <= nodes_[i].node->cpu_millicores())
        excluded.set(i);
    return excluded;
  }

  /// Nodes that have too few of a named device, whoever holds them.
  NodeBits without_devices(const proto::Workload &workload) const {
    NodeBits excluded(nodes_.size());
    for (const proto::NamedDevice &asked : workload.resources().devices())
      for (size_t i = 0; i < nodes_.size(); ++i)
        if (devices_named(nodes_[i].node->devices(), asked.name()) < asked.count())
          excluded.set(i);
    return excluded;
  }

  void take(const NodeBits &excluded, stages::Restriction::Kind kind, int block, int rule,
            NodeBits &admitted) {
    stages::Verdict verdict;
    verdict.mutable_restriction()->set_kind(kind);
    verdict.mutable_restriction()->set_block(static_cast<uint32_t>(block));
    verdict.mutable_restriction()->set_rule(static_cast<uint32_t>(rule));
    *verdict.mutable_excluded() = excluded.to_proto();
    admitted.subtract(excluded);
    uint32_t index = static_cast<uint32_t>(result_.admissible.verdicts_size());
    if (kind == stages::Restriction::POLICY) {
      auto [known, fresh] = verdicts_.try_emplace(verdict.SerializeAsString(), index);
      index = known->second;
      if (fresh)
        *result_.admissible.add_verdicts() = std::move(verdict);
    } else {
      *result_.admissible.add_verdicts() = std::move(verdict);
    }
    of_workload_->add_verdicts(index);
  }

  const proto::Intent &intent_;
  const std::vector<NodeView> nodes_;
  const Claims claims_;
  const Closed closed_;
  std::vector<NodeBits> selects_;
  std::vector<uint64_t> fed_; ///< millicores
  Judged result_;
  stages::Admissible::OfWorkload *of_workload_ = nullptr;
  std::unordered_map<const proto::Rule *, RuleJudge *> by_rule_;
  std::unordered_map<std::string, std::unique_ptr<RuleJudge>> by_meaning_;
  std::unordered_map<const proto::Rule *, bool> broken_;
  std::unordered_map<std::string, NodeBits> lacking_;
  std::unordered_map<std::string, uint32_t> sets_, verdicts_;
};

} // namespace

Judged judge_policies(const stages::Inputs &inputs, const stages::Resolved &resolved) {
  Judged result;
  if (inputs.destroy()) {
    // What goes away needs no place.
    return result;
  }
  std::vector<Diagnostic> refused = refused_rules(inputs.intent());
  for (Diagnostic &fault : refused_moves(inputs, resolved))
    refused.push_back(std::move(fault));
  if (!refused.empty()) {
    result.diagnostics = std::move(refused);
    return result;
  }
  return Bench(inputs, resolved).run();
}

} // namespace nemo::compiler
