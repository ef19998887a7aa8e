#include "compiler/plan/assemble/services.h"

#include <algorithm>
#include <map>

#include "compiler/explain/texts.h"
#include "compiler/predict/availability.h"
#include "compiler/predict/rounding.h"
#include "compiler/resolve/supply.h"

namespace nemo::compiler {

namespace {

double down(uint64_t availability_ppb) {
  return static_cast<double>(always - std::min(availability_ppb, always)) / 1e9;
}

/// 1 - `unavailability`, rounded against or for the service.
std::optional<Rational> up(double unavailability, predict::Towards towards) {
  const auto rounded = predict::four_digits(unavailability, towards);
  return rounded ? Rational(1).minus(*rounded) : std::nullopt;
}

/// Where replicas stand, by names: the order in which a missing fact is named.
using Standing =
    std::map<std::string, std::map<std::string, std::pair<const NodeView *, uint32_t>>>;

Standing standing(const std::vector<NodeView> &nodes, const std::vector<uint32_t> &placed_on) {
  Standing result;
  for (const uint32_t node : placed_on) {
    const NodeView &view = nodes[node];
    auto &host = result[view.site ? view.site->name() : std::string()][view.node->name()];
    host.first = &view;
    ++host.second;
  }
  return result;
}

/// The failure domains of a service; `missing` names a fact that is not known of them.
/// \param sleep  those that sleep now and then do
std::vector<predict::Site> domains(const Standing &where, bool sleep, std::string &missing) {
  std::vector<predict::Site> sites;
  for (const auto &[name, hosts] : where) {
    const proto::Site *site = hosts.begin()->second.first->site;
    if (!site)
      missing = explain::fact_of("site", "node", hosts.begin()->first);
    else if (!site->has_availability_ppb())
      missing = explain::fact_of("availability", "site", name);
    if (!missing.empty())
      return {};
    predict::Site &made = sites.emplace_back();
    made.unavailability = down(site->availability_ppb());
    for (const auto &[node, host] : hosts) {
      if (!host.first->node->has_availability_ppb()) {
        missing = explain::fact_of("availability", "node", node);
        return {};
      }
      const bool sleeps = sleep && awake_ppb(*host.first->node) < always;
      made.hosts.push_back({sleeps ? 1 : down(host.first->node->availability_ppb()), host.second});
    }
  }
  return sites;
}

} // namespace

Services::Services(const proto::Intent &intent, const proto::Fleet &world,
                   const std::vector<NodeView> &nodes,
                   const std::vector<std::vector<uint32_t>> &placed_on,
                   const std::vector<uint32_t> &finished)
    : intent_(intent), world_(world), nodes_(nodes), placed_on_(placed_on), finished_(finished),
      flows_(flows_of(intent)), ways_(world, nodes),
      needs_(static_cast<size_t>(intent.workloads_size())) {
  std::map<std::string, size_t> by_name;
  for (size_t w = 0; w < needs_.size(); ++w)
    by_name.emplace(intent.workloads(static_cast<int>(w)).name(), w);
  for (size_t w = 0; w < needs_.size(); ++w)
    for (const std::string &name : intent.workloads(static_cast<int>(w)).after())
      if (const auto found = by_name.find(name); found != by_name.end())
        needs_[w].push_back(found->second);
  for (const Flow &flow : flows_)
    needs_[flow.from].push_back(flow.to);
  const auto over = [&](size_t w) {
    return finished[w] > 0 && finished[w] >= intent.workloads(static_cast<int>(w)).replicas_min();
  };
  for (std::vector<size_t> &needs : needs_) {
    std::erase_if(needs, over);
    std::sort(needs.begin(), needs.end());
    needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  }
}

std::vector<size_t> Services::needed_by(const std::vector<size_t> &workloads) const {
  std::vector<bool> seen(needs_.size());
  std::vector<size_t> open = workloads, all;
  while (!open.empty()) {
    const size_t next = open.back();
    open.pop_back();
    if (seen[next])
      continue;
    seen[next] = true;
    all.push_back(next);
    open.insert(open.end(), needs_[next].begin(), needs_[next].end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

Prediction Services::availability(const std::vector<size_t> &workloads) const {
  const std::string model = explain::availability_model().name();
  std::vector<double> awake, asleep, best; // by service: while those that sleep are awake, and not
  std::map<std::string, double> all_sleepers;
  for (const size_t w : needed_by(workloads)) {
    std::string missing;
    const Standing where = standing(nodes_, placed_on_[w]);
    const auto sites = domains(where, false, missing);
    if (!missing.empty())
      return Prediction::unknown(model, missing);
    std::vector<double> sleepers;
    for (const auto &[site, hosts] : where)
      for (const auto &[node, host] : hosts)
        if (const uint64_t share = awake_ppb(*host.first->node); share < always) {
          sleepers.push_back(static_cast<double>(share) / 1e9);
          all_sleepers[node] = sleepers.back();
        }
    const uint32_t least =
        std::max(intent_.workloads(static_cast<int>(w)).min_available(), uint32_t{1});
    awake.push_back(predict::unavailability(sites, least));
    asleep.push_back(sleepers.empty()
                         ? awake.back()
                         : predict::unavailability(domains(where, true, missing), least));
    best.push_back(predict::in_part(awake.back(), asleep.back(), predict::awake(sleepers).any));
  }
  std::vector<double> shares;
  for (const auto &[node, share] : all_sleepers)
    shares.push_back(share);
  const double worst =
      predict::in_part(predict::all_needed(awake).high, predict::all_needed(asleep).high,
                       predict::awake(shares).all);
  Prediction result;
  result.model = model;
  result.bounded = true;
  result.low = measure(up(worst, predict::Towards::infinity), "", "%");
  // Of one service, and one node that sleeps, the figure is exact, and the rounding alone makes no
  // bounds of it.
  result.high = awake.size() == 1 && shares.size() <= 1
                    ? result.low
                    : measure(up(predict::all_needed(best).low, predict::Towards::zero), "", "%");
  return result;
}

} // namespace nemo::compiler
