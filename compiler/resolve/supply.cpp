#include "compiler/resolve/supply.h"

#include <algorithm>

#include "base/rational.h"

namespace nemo::compiler {

namespace {

Rational whole(uint64_t number) {
  return Rational::make(static_cast<Rational::Int>(number), 1).value_or(Rational());
}

} // namespace

uint64_t awake_ppb(const proto::Node &node) {
  return node.has_duty_ppb() ? std::min(node.duty_ppb(), always) : always;
}

uint64_t fed_millicores(const proto::Node &node) {
  const uint64_t all = node.cpu_millicores();
  if (!node.has_supply_mw())
    return all;
  if (!node.has_power_idle_mw() || !node.has_power_max_mw() || awake_ppb(node) == 0)
    return 0;
  // While awake it may draw supply / duty.
  const auto draw = whole(node.supply_mw()).times(*whole(always).over(whole(awake_ppb(node))));
  const auto busy = draw ? draw->minus(whole(node.power_idle_mw())) : std::nullopt;
  const auto span = whole(node.power_max_mw()).minus(whole(node.power_idle_mw()));
  if (!busy || !span || busy->sign() < 0)
    return 0;
  if (span->sign() <= 0 || *busy >= *span)
    return all;
  const auto share = busy->over(*span);
  const auto fed = share ? share->times(whole(all)) : std::nullopt;
  const auto number = fed ? fed->floor() : std::nullopt;
  return number && *number > 0 ? std::min(all, static_cast<uint64_t>(*number)) : 0;
}

} // namespace nemo::compiler
