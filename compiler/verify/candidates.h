// Which nodes a workload could have taken, and what it would have cost there. Asked of every
// workload about every node, so a rule is asked once for each combination of values that it sees.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>

#include "compiler/verify/cordons.h"
#include "compiler/verify/exclusive.h"
#include "compiler/verify/runs.h"
#include "compiler/verify/scarce.h"
#include "compiler/verify/sums.h"

namespace nemo::verify {

struct Candidates {
  struct Choice {
    std::string node;
    std::optional<int64_t> cost; ///< the objective's value there
  };
  uint32_t count = 0;
  std::vector<Choice> best; ///< at most two; by cost, then name; unknown costs last
  /// What its replicas cost at least where scarce room is paid for, in Scarcity's unit; none while
  /// the cost on one of the nodes is unknown.
  std::optional<__int128> least;

  /// The cheapest other one; null when there is none.
  const Choice *but(const std::string &node) const;
};

class Choosing {
public:
  Choosing(const Case &subject, const Objective &objective, const Scarcity &scarcity,
           const Runs &runs);
  ~Choosing();
  /// \param replicas  how many of it the plan places
  const Candidates &of(const proto::Workload &workload, uint32_t replicas);
  struct Option {
    size_t place; ///< by name of the node
    std::string node;
    __int128 paid; ///< in Scarcity's unit
  };
  /// The nodes that count for what it costs at least; nullopt while a cost is unknown.
  std::optional<std::vector<Option>> options(const proto::Workload &workload);
  /// What replicas on these cost together at least.
  std::optional<__int128> least(const proto::Workload &workload, uint32_t replicas,
                                const std::vector<Option> &options) const;
  /// The nodes that its rules leave it and that are not too far, by cost, then name; none while the
  /// cost on one of them is unknown.
  std::vector<Candidates::Choice> nodes(const proto::Workload &workload);

private:
  class Asked;
  using Costs = std::vector<std::optional<int64_t>>;
  Asked &asked(const proto::Rule &rule);
  std::vector<const proto::Rule *> rules_of(const proto::Workload &workload) const;
  const Costs &costs(const proto::Workload &workload, const std::string &look);
  /// What decides what it costs on each node.
  std::string priced(const proto::Workload &workload) const;
  /// What decides which nodes no rule removes for it.
  std::string look(const proto::Workload &workload);
  /// By place: no rule removes it.
  const std::vector<bool> &allowed(const proto::Workload &workload, const std::string &look);
  /// By place: too far from where those may be that it has to be near; empty: nothing is.
  std::vector<bool> far(const proto::Workload &workload);
  bool inside(const proto::Workload &workload, size_t place) const;
  Candidates choose(const proto::Workload &workload, uint32_t replicas,
                    const std::vector<bool> &allowed, const std::vector<bool> &far,
                    const std::string &priced);
  /// In how many domains its replicas are at least for the bound, as far as that is heeded.
  uint32_t domains(const proto::Workload &workload, uint32_t replicas) const;
  std::vector<Option> options(const proto::Workload &workload,
                              const std::vector<size_t> &candidates, const Costs &costs) const;

  const Case &subject_;
  const Objective &objective_;
  const Scarcity &scarcity_;
  const Runs &runs_;
  const Claims claims_;
  const Cordons cordons_;
  std::vector<Place> places_;                           ///< by name
  std::map<std::string, std::vector<char>> selections_; ///< of selects, by place
  std::unordered_map<std::string, std::unique_ptr<Asked>> by_meaning_;
  std::unordered_map<const proto::Rule *, Asked *> by_rule_;
  std::unordered_map<std::string, Costs> costs_;
  std::unordered_map<std::string, std::vector<bool>> allowed_; ///< by look
  std::unordered_map<std::string, const proto::Workload *> by_name_;
  std::set<std::string> left_; ///< workloads with replicas that stay as they are
  std::unordered_map<std::string, Candidates> of_look_;
};

} // namespace nemo::verify
