#include "compiler/plan/assemble/risk.h"

#include <algorithm>
#include <cmath>

#include "compiler/explain/texts.h"
#include "compiler/resolve/overcommit.h"

namespace nemo::compiler {

namespace {

/// In 1e-9, up to the next number of three digits, but what is below the limit stays there.
uint64_t rounded_up(double chance, uint64_t limit) {
  auto ppb = static_cast<uint64_t>(std::ceil(chance * 1e9));
  uint64_t step = 1;
  while (ppb / step >= 1000)
    step *= 10;
  ppb = (ppb + step - 1) / step * step;
  const bool kept = chance * 1e9 <= static_cast<double>(limit) * (1 + 1e-8);
  return kept ? std::min(ppb, limit) : ppb;
}

proto::Quantity share(uint64_t ppb) {
  return measure(Rational::make(static_cast<Rational::Int>(ppb), 1'000'000'000), "", "%")
      .quantity();
}

} // namespace

proto::Expectation risk_taken(const proto::Objective &objective, const stages::Inputs &inputs,
                              const stages::Resolved &resolved,
                              const std::vector<std::vector<uint32_t>> &of_workload) {
  const auto &nodes = resolved.world().nodes();
  std::vector<std::vector<Usage>> usages(static_cast<size_t>(nodes.size()));
  for (size_t w = 0; w < of_workload.size(); ++w)
    for (uint32_t node : of_workload[w])
      usages[node].push_back(usage_of(inputs.intent().workloads(static_cast<int>(w)).resources()));
  const std::vector<uint64_t> room = free_processor(inputs, resolved);
  double highest = 0;
  std::string where;
  for (size_t n = 0; n < usages.size(); ++n) {
    const double chance = chance_of_excess(usages[n], room[n]);
    const std::string &name = nodes[static_cast<int>(n)].name();
    if (chance > highest || (chance == highest && chance > 0 && name < where)) {
      highest = chance;
      where = name;
    }
  }
  const uint64_t limit = objective.overcommit_ppb(), risk = rounded_up(highest, limit);
  proto::Expectation made;
  made.set_object("objective." + objective.name());
  made.set_name("overcommit");
  made.set_target(explain::overcommit_target(limit));
  made.set_verb("require");
  *made.mutable_predicted() = share(risk);
  *made.mutable_limit() = share(limit);
  made.set_margin((static_cast<double>(limit) - static_cast<double>(risk)) /
                  static_cast<double>(limit));
  made.set_model(explain::overcommit_model().name());
  made.set_met(risk <= limit);
  made.set_detail(explain::overcommitted(where, risk));
  *made.mutable_span() = objective.overcommit_span();
  return made;
}

} // namespace nemo::compiler
