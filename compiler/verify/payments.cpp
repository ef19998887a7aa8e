#include "compiler/verify/payments.h"

#include <algorithm>

namespace nemo::verify {

namespace {

using Wide = __int128;
using Options = std::vector<Choosing::Option>;

/// A workload of the plan, and where it stands in the trees of flows.
struct Service {
  const proto::Workload *workload;
  uint32_t replicas = 0;
  Options options;
  size_t tree = 0;
  std::vector<size_t> flows;
};

struct Priced {
  size_t from = 0, to = 0;
  std::vector<Wide> rate; ///< by place of the sender: what a pair pays for 1e-9 EUR/GiB
};

class Trees {
public:
  Trees(const Case &subject, const Objective &objective, Choosing &choosing, Egress &egress)
      : subject_(subject), objective_(objective), choosing_(choosing), egress_(egress) {}

  std::optional<Wide> least() {
    if (!read())
      return std::nullopt;
    for (const Flow &flow : egress_.flows())
      add(flow);
    Wide sum = 0;
    std::set<size_t> senders;
    for (const Priced &flow : priced_)
      senders.insert(flow.from);
    for (const size_t sender : senders)
      sum -= Wide{services_[sender].replicas} << Scarcity::price_bits;
    if (!plant())
      return std::nullopt;
    std::map<size_t, size_t> root; // of each tree, who has the fewest replicas
    for (size_t i = 0; i < services_.size(); ++i) {
      const auto [known, fresh] = root.try_emplace(services_[i].tree, i);
      if (!fresh && services_[i].replicas < services_[known->second].replicas)
        known->second = i;
    }
    for (const auto &[tree, top] : root) {
      if (!fold(top))
        return std::nullopt;
      const std::optional<Wide> least = least_of(top, services_[top].options);
      if (!least)
        return std::nullopt;
      sum += *least;
    }
    return sum;
  }

private:
  bool read() {
    std::map<const proto::Workload *, uint32_t> replicas;
    for (const Replica &replica : subject_.replicas)
      ++replicas[replica.workload];
    for (const proto::Workload &workload : subject_.intent.workloads()) {
      const auto count = replicas.find(&workload);
      if (count == replicas.end())
        continue;
      const std::optional<Options> options = choosing_.options(workload);
      if (!options)
        return false;
      by_name_[workload.name()] = services_.size();
      services_.push_back({&workload, count->second, *options, services_.size(), {}});
    }
    return true;
  }

  std::optional<Wide> least_of(size_t service, const Options &options) const {
    return choosing_.least(*services_[service].workload, services_[service].replicas, options);
  }

  void add(const Flow &flow) {
    constexpr uint64_t most_pairs = 4'000'000; // of replicas: beyond, nobody pays
    const auto from = by_name_.find(flow.from), to = by_name_.find(flow.to);
    if (from == by_name_.end() || to == by_name_.end() || from == to)
      return;
    const Service &sender = services_[from->second], &receiver = services_[to->second];
    const uint64_t pairs = uint64_t{sender.replicas} * receiver.replicas;
    if (sender.workload->has_job() || pairs > most_pairs)
      return;
    Priced one{from->second, to->second, {}};
    // A GiB has 2^33 bit; in 2^-40 of what costs are in.
    const auto share = Rational::make(128, static_cast<Wide>(pairs) * 1'000'000'000);
    const auto each = share ? share->times(*flow.bandwidth) : std::nullopt;
    for (const auto &[name, node] : subject_.world.nodes) {
      const auto euro = objective_.of_payment(*sender.workload, subject_.world.at(name));
      if (!euro || *euro < 0)
        return;
      const auto rate = each ? each->times(Rational(*euro > 0 ? *euro - 1 : 0)) : std::nullopt;
      const auto whole = rate ? rate->floor() : std::nullopt;
      one.rate.push_back(std::min<Wide>(whole.value_or(0), Wide{1} << 56));
    }
    priced_.push_back(std::move(one));
  }

  Wide paid(const Priced &flow, const Choosing::Option &from, const Choosing::Option &to) {
    constexpr uint64_t most = uint64_t{1} << 40;
    const auto [known, fresh] = prices_.try_emplace(uint64_t{from.place} << 32 | to.place, 0);
    if (fresh)
      known->second = std::min(egress_.price(from.node, to.node), most);
    return flow.rate[from.place] * known->second;
  }

  /// Joins services by flows in their order; those that would close a circle count at once.
  bool plant() {
    constexpr uint64_t most_pairs = 8'000'000; // of nodes
    uint64_t pairs = 0;
    bool any = false;
    for (size_t f = 0; f < priced_.size(); ++f) {
      const Priced &flow = priced_[f];
      Service &from = services_[flow.from], &to = services_[flow.to];
      const uint64_t more = from.options.size() * to.options.size();
      if (pairs + more > most_pairs)
        continue;
      pairs += more;
      any = true;
      if (from.tree == to.tree) {
        for (Choosing::Option &here : from.options) {
          std::optional<Wide> least;
          for (const Choosing::Option &there : to.options)
            if (const Wide sum = paid(flow, here, there); !least || sum < *least)
              least = sum;
          here.paid += least.value_or(0) * to.replicas;
        }
        continue;
      }
      from.flows.push_back(f);
      to.flows.push_back(f);
      const size_t gone = std::max(from.tree, to.tree), kept = std::min(from.tree, to.tree);
      for (Service &service : services_)
        if (service.tree == gone)
          service.tree = kept;
    }
    return any;
  }

  /// Puts what everybody below it costs on the options of the tree's top.
  bool fold(size_t top) {
    std::vector<std::pair<size_t, size_t>> below; ///< service, the flow to who is above it
    const auto look_below = [&](size_t service, size_t above) {
      for (const size_t f : services_[service].flows)
        if (f != above)
          below.emplace_back(priced_[f].from == service ? priced_[f].to : priced_[f].from, f);
    };
    look_below(top, SIZE_MAX);
    for (size_t i = 0; i < below.size(); ++i)
      look_below(below[i].first, below[i].second);
    for (auto at = below.rbegin(); at != below.rend(); ++at) {
      const auto &[service, f] = *at;
      const Priced &flow = priced_[f];
      const bool sends = flow.from == service;
      Service &above = services_[sends ? flow.to : flow.from];
      const Wide share = above.replicas;
      for (Choosing::Option &there : above.options) {
        Options own = services_[service].options;
        for (Choosing::Option &option : own)
          option.paid += share * (sends ? paid(flow, option, there) : paid(flow, there, option));
        const std::optional<Wide> least = least_of(service, own);
        if (!least)
          return false;
        const Wide rest = *least % share;
        there.paid += *least / share - (rest < 0 ? 1 : 0);
      }
    }
    return true;
  }

  const Case &subject_;
  const Objective &objective_;
  Choosing &choosing_;
  Egress &egress_;
  std::vector<Service> services_; ///< in the order of the intent
  std::map<std::string, size_t> by_name_;
  std::vector<Priced> priced_;
  std::unordered_map<uint64_t, uint64_t> prices_; ///< by both places
};

} // namespace

std::optional<__int128> least_with_flows(const Case &subject, const Objective &objective,
                                         Choosing &choosing, Egress &egress) {
  return Trees(subject, objective, choosing, egress).least();
}

} // namespace nemo::verify
