#include "compiler/resolve/selection.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "base/pattern.h"
#include "compiler/resolve/renames.h"
#include "compiler/resolve/report.h"
#include "llvm/ADT/STLExtras.h"

namespace nemo::compiler {

namespace {

using Unit = std::pair<std::string, uint32_t>;

class Selecting {
public:
  Selecting(const stages::Inputs &inputs, const stages::Resolved &resolved)
      : inputs_(inputs), resolved_(resolved), renames_(inputs.intent()) {
    for (const proto::Workload &workload : inputs.intent().workloads())
      blocks_.emplace(workload.name(), &workload);
    for (const stages::Replica &replica : resolved.replicas())
      units_.emplace(inputs.intent().workloads(static_cast<int>(replica.workload())).name(),
                     replica.number());
    for (const stages::Existing &there : resolved.existing()) {
      units_.emplace(there.workload(), there.replica());
      if (serves(there))
        serving_.emplace(there.workload(), there.replica());
    }
    find_needs();
  }

  std::set<Unit> run() {
    for (const std::string &pattern : inputs_.targets())
      look_up("--target", pattern);
    for (const std::string &pattern : inputs_.excludes())
      look_up("--exclude", pattern);
    if (!diagnostics.empty())
      return {};
    for (const Unit &unit : units_)
      if (inputs_.targets().empty() || named(inputs_.targets(), unit))
        take(unit);
    for (const Unit &unit : units_)
      if (named(inputs_.excludes(), unit))
        leave(unit);
    return selected_;
  }

  std::vector<Diagnostic> diagnostics;

private:
  template <typename Patterns> static bool named(const Patterns &patterns, const Unit &unit) {
    return llvm::any_of(patterns, [&](const std::string &pattern) {
      return names_replica(pattern, unit.first, unit.second);
    });
  }

  void look_up(const char *flag, const std::string &pattern) {
    std::vector<std::string> names;
    for (const Unit &unit : units_) {
      if (names_replica(pattern, unit.first, unit.second))
        return;
      if (names.empty() || names.back() != unit.first)
        names.push_back(unit.first);
    }
    Diagnostic fault = diag::make(diag::N0754, fmt::format("{} {} selects nothing", flag, pattern));
    fault.notes.push_back(note(names.empty() ? "nothing is wanted and nothing runs"
                                             : "there are: " + enumerate(names, 10)));
    llvm::StringRef bare = pattern;
    bare.consume_front("workload.");
    if (auto meant = did_you_mean(bare.split('/').first, names))
      fault.fix = fmt::format("did you mean {} {}?", flag, *meant);
    diagnostics.push_back(std::move(fault));
  }

  // What is `after` something needs it to start; what uses something has to go before it does.
  void find_needs() {
    std::map<std::string, std::vector<Unit>> of;
    for (const Unit &unit : units_)
      of[unit.first].push_back(unit);
    auto need = [&](const Unit &user, const Unit &used) {
      const auto &[from, to] = inputs_.destroy() ? std::tie(used, user) : std::tie(user, used);
      if (units_.count(from) && units_.count(to) && from != to) {
        needs_[from].insert(to);
        needed_by_[to].insert(from);
      }
    };
    auto by_block = [&](const Unit &unit) {
      if (const auto block = blocks_.find(unit.first); block != blocks_.end())
        for (const std::string &name : block->second->after())
          for (const Unit &other : of[name])
            need(unit, other);
    };
    if (!inputs_.destroy()) {
      for (const Unit &unit : units_)
        by_block(unit);
      return;
    }
    for (const stages::Existing &there : resolved_.existing()) {
      const Unit unit{there.workload(), there.replica()};
      for (const proto::Peer &peer : there.spec().peers())
        need(unit, {renames_.now(peer.workload()), peer.replica()});
      if (!there.has_spec())
        by_block(unit);
    }
  }

  void take(const Unit &unit) {
    std::vector<Unit> open{unit};
    while (!open.empty()) {
      const Unit next = open.back();
      open.pop_back();
      if (selected_.insert(next).second)
        open.insert(open.end(), needs_[next].begin(), needs_[next].end());
    }
  }

  void leave(const Unit &unit) {
    std::vector<Unit> open{unit};
    while (!open.empty()) {
      const Unit next = open.back();
      open.pop_back();
      if (!selected_.erase(next))
        continue;
      // It may be used as it runs; a removal may not take it away from under its user.
      if (!inputs_.destroy() && serving_.count(next))
        continue;
      for (const Unit &other : needed_by_[next]) {
        if (named(inputs_.targets(), other) && selected_.count(other))
          contradiction(other, next);
        open.push_back(other);
      }
    }
  }

  void contradiction(const Unit &wanted, const Unit &excluded) {
    const auto block = blocks_.find(wanted.first);
    Diagnostic fault = report(
        diag::N0755,
        inputs_.destroy()
            ? fmt::format("{}/{} is selected, and {}/{}, which is left out, uses it", wanted.first,
                          wanted.second, excluded.first, excluded.second)
            : fmt::format("{}/{} is selected and starts after {}/{}, which is left out and does "
                          "not run",
                          wanted.first, wanted.second, excluded.first, excluded.second),
        inputs_.intent(), block == blocks_.end() ? proto::Span() : block->second->span());
    fault.fix =
        fmt::format("leave {} in, or take {} out of --target", excluded.first, wanted.first);
    diagnostics.push_back(std::move(fault));
  }

  const stages::Inputs &inputs_;
  const stages::Resolved &resolved_;
  const Renames renames_;
  std::map<std::string, const proto::Workload *> blocks_;
  std::set<Unit> units_, serving_, selected_;
  std::map<Unit, std::set<Unit>> needs_, needed_by_;
};

} // namespace

bool is_selective(const stages::Inputs &inputs) {
  return !inputs.targets().empty() || !inputs.excludes().empty();
}

bool is_asked(const stages::Inputs &inputs, const std::string &workload, uint32_t replica) {
  return std::any_of(inputs.asked().begin(), inputs.asked().end(),
                     [&](const proto::AskedMove &move) {
                       return move.workload() == workload && move.replica() == replica;
                     });
}

bool serves(const stages::Existing &there) {
  return !there.retiring() && there.has_spec() && there.renamed_from().empty();
}

std::vector<Diagnostic> select(const stages::Inputs &inputs, stages::Resolved &resolved) {
  Selecting selecting(inputs, resolved);
  const std::set<Unit> selected = selecting.run();
  stages::Resolved all;
  all.mutable_replicas()->Swap(resolved.mutable_replicas());
  all.mutable_existing()->Swap(resolved.mutable_existing());
  for (const stages::Replica &replica : all.replicas())
    if (selected.count({inputs.intent().workloads(static_cast<int>(replica.workload())).name(),
                        replica.number()}))
      *resolved.add_replicas() = replica;
  for (const stages::Existing &there : all.existing())
    *(selected.count({there.workload(), there.replica()}) ? resolved.add_existing()
                                                          : resolved.add_frozen()) = there;
  return std::move(selecting.diagnostics);
}

} // namespace nemo::compiler
