#include "compiler/verify/cheaper.h"

#include <algorithm>
#include <tuple>

#include "compiler/verify/balance.h"
#include "compiler/verify/closeness.h"
#include "compiler/verify/cordons.h"
#include "compiler/verify/data.h"
#include "compiler/verify/overcommit.h"
#include "compiler/verify/settled.h"
#include "compiler/verify/sharing.h"
#include "compiler/verify/spreading.h"

namespace nemo::verify {

namespace {

using Wide = __int128;
constexpr Wide unit = Wide{1} << Scarcity::price_bits;

/// One replica after the other on each node that is left to it, as long as what is placed and the
/// least that the others cost stay below the bound. Whole placements are put before the checks that
/// judge plans; the tests on the way only leave out what these would refuse.
class Cheaper {
public:
  Cheaper(int64_t bound, const Case &subject, const Objective &objective, const Scarcity &scarcity,
          const Runs &runs, Choosing &choosing, Egress &egress)
      : bound_(bound), subject_(subject), other_(subject), objective_(objective),
        scarcity_(scarcity), runs_(runs), choosing_(choosing), egress_(egress),
        closeness_(subject.world), cordons_(subject), bystanders_(bystanders(subject)),
        stays_(stays(subject)), ports_(ports_of_others(subject)) {
    other_.jobs_need_room = !shares_in_time(subject);
  }

  Found run() {
    constexpr size_t most_replicas = 64;
    if (subject_.replicas.size() > most_replicas || accepted_risk(subject_.intent))
      return Found::undecided;
    for (const Replica &replica : subject_.replicas)
      if (replica.workload->resources().gpu_milli() > 0)
        return Found::undecided;
    if (!read())
      return Found::undecided;
    return descend(0);
  }

private:
  struct Option {
    int64_t cost;
    Wide paid;
    std::string node;
  };
  struct Item {
    size_t replica;
    std::vector<Option> options;
    std::vector<Amount> needs;
    bool alone = false; ///< nothing tells it from its siblings
    Wide least = 0, least_paid = 0;
  };

  bool read() {
    for (size_t i = 0; i < subject_.replicas.size(); ++i) {
      const Replica &replica = subject_.replicas[i];
      Item item{i, {}, scarcity_.needs(*replica.workload)};
      item.alone = stays_.held[i] || stays_.moves;
      for (const Candidates::Choice &choice : choosing_.nodes(*replica.workload)) {
        if (!scarcity_.has_room(*replica.workload, choice.node) ||
            (stays_.held[i] && choice.node != replica.node))
          continue;
        if (data_left_behind(subject_, *replica.workload, replica.number, choice.node) ||
            !cordons_.against(replica.workload->name(), replica.number, choice.node).empty()) {
          item.alone = true;
          continue;
        }
        int64_t cost = *choice.cost;
        if (stays_.held[i])
          if (const auto own = objective_.of(*replica.workload, subject_.world.at(choice.node),
                                             runs_.of(replica)))
            cost = *own;
        if (!never_less(replica, choice.node))
          return false;
        item.options.push_back(
            {cost, scarcity_.paid(*replica.workload, choice.node, cost), choice.node});
      }
      if (item.options.empty())
        return false;
      item.least = item.options.front().cost;
      item.least_paid =
          std::min_element(item.options.begin(), item.options.end(),
                           [](const Option &a, const Option &b) { return a.paid < b.paid; })
              ->paid;
      rest_ += item.least;
      rest_paid_ += item.least_paid;
      items_.push_back(std::move(item));
    }
    std::stable_sort(items_.begin(), items_.end(), [](const Item &a, const Item &b) {
      return a.options.size() < b.options.size();
    });
    // Siblings stay together, behind the first of them.
    std::map<const proto::Workload *, size_t> first;
    for (size_t i = 0; i < items_.size(); ++i)
      first.try_emplace(workload(items_[i]), i);
    std::stable_sort(items_.begin(), items_.end(), [&](const Item &a, const Item &b) {
      return first[workload(a)] < first[workload(b)];
    });
    sum_paid_ = -scarcity_.worth();
    return true;
  }

  // Sending costs, and a job's sending costs what depends on when it runs.
  bool never_less(const Replica &replica, const std::string &node) {
    if (!egress_.sends(replica.workload->name()))
      return true;
    if (replica.workload->has_job())
      return false;
    const Figure one{Rational(1), ""};
    const auto own = objective_.of(*replica.workload, subject_.world.at(node)),
               more = objective_.of(*replica.workload, subject_.world.at(node), std::nullopt, &one);
    return own && more && *own <= *more;
  }

  const proto::Workload *workload(const Item &item) const {
    return subject_.replicas[item.replica].workload;
  }

  Found descend(size_t i) {
    if (i == items_.size())
      return judge();
    const Item &item = items_[i];
    const bool follows =
        i > 0 && workload(items_[i - 1]) == workload(item) && !item.alone && !items_[i - 1].alone;
    rest_ -= item.least;
    rest_paid_ -= item.least_paid;
    Found found = Found::nothing;
    for (size_t o = follows ? at_.back() : 0; o < item.options.size() && found == Found::nothing;
         ++o) {
      const Option &option = item.options[o];
      if (sum_ + option.cost + rest_ >= bound_)
        break;
      if (steps_-- <= 0) {
        found = Found::undecided;
        break;
      }
      const std::string &home = stays_.homes[item.replica];
      const bool moves = !home.empty() && home != option.node;
      if ((stays_.moves && moved_ + moves > *stays_.moves) || !fits(item, option.node))
        continue;
      const Wide before = sum_;
      sum_ += option.cost + (on_[option.node].empty() ? awake(option.node) : 0);
      sum_paid_ += option.paid;
      moved_ += moves;
      put(item, option.node);
      at_.push_back(o);
      if (sum_ + rest_ < bound_ &&
          (sum_paid_ + rest_paid_ + unit - 1) >> Scarcity::price_bits < bound_ &&
          keeps_affinities(item, option.node))
        found = descend(i + 1);
      at_.pop_back();
      take(item, option.node);
      moved_ -= moves;
      sum_paid_ -= option.paid;
      sum_ = before;
    }
    rest_ += item.least;
    rest_paid_ += item.least_paid;
    return found;
  }

  int64_t awake(const std::string &node) const {
    const Place place = subject_.world.at(node);
    return place.node->has_power_suspended_mw() ? objective_.awake(place).value_or(0) : 0;
  }

  bool fits(const Item &item, const std::string &node) {
    const std::vector<int64_t> &room = scarcity_.room(node);
    std::vector<Amount> &used = used_[node];
    used.resize(room.size());
    for (size_t k = 0; k < item.needs.size(); ++k)
      if (item.needs[k] > 0 && used[k] + item.needs[k] > static_cast<Amount>(room[k]))
        return false;
    const proto::Workload &own = *workload(item);
    if (own.network() != "own")
      for (const proto::Port &port : own.ports())
        if (port.number() != 0 && ports_.count({node, port.number()}))
          return false;
    for (const size_t there : on_[node]) {
      const proto::Workload *who = subject_.replicas[there].workload;
      if (who != &own && (who->place().exclusive() || own.place().exclusive()))
        return false;
    }
    for (const proto::NamedDevice &device : own.resources().devices())
      if (named_[{node, device.name()}] + device.count() >
          devices_named(subject_.world.at(node).node->devices(), device.name()))
        return false;
    if (own.place().spread().empty() || own.replicas_min() < 2)
      return true;
    std::vector<std::string> nodes = standing_[&own];
    nodes.push_back(node);
    return spreads_.try_emplace(&own, subject_, own).first->second.allows(nodes);
  }

  void put(const Item &item, const std::string &node) {
    const proto::Workload &own = *workload(item);
    for (size_t k = 0; k < item.needs.size(); ++k)
      used_[node][k] += item.needs[k];
    if (own.network() != "own")
      for (const proto::Port &port : own.ports())
        if (port.number() != 0)
          ports_.emplace(std::pair(node, port.number()), own.name());
    for (const proto::NamedDevice &device : own.resources().devices())
      named_[{node, device.name()}] += device.count();
    on_[node].push_back(item.replica);
    standing_[&own].push_back(node);
    other_.replicas[item.replica].node = node;
  }

  void take(const Item &item, const std::string &node) {
    const proto::Workload &own = *workload(item);
    for (size_t k = 0; k < item.needs.size(); ++k)
      used_[node][k] -= item.needs[k];
    if (own.network() != "own")
      for (const proto::Port &port : own.ports())
        if (port.number() != 0)
          ports_.erase({node, port.number()});
    for (const proto::NamedDevice &device : own.resources().devices())
      named_[{node, device.name()}] -= device.count();
    on_[node].pop_back();
    standing_[&own].pop_back();
  }

  bool close(const proto::Affinity &affinity, const std::string &from, const std::string &to,
             bool when_unknown) {
    const auto [known, fresh] = close_.try_emplace({&affinity, from, to});
    if (fresh)
      known->second = closeness_.between(affinity, from, to);
    return known->second.value_or(when_unknown);
  }

  bool keeps(const proto::Affinity &affinity, const std::string &node) {
    size_t wanted = 0;
    for (const Replica &replica : subject_.replicas)
      wanted += replica.workload->name() == affinity.to();
    for (const auto &[who, nodes] : standing_) {
      if (who->name() != affinity.to())
        continue;
      wanted -= nodes.size();
      for (const std::string &other : nodes)
        if (close(affinity, node, other, affinity.anti()))
          return !affinity.anti();
    }
    for (const There &one : subject_.frozen)
      if (!one.retiring && one.workload == affinity.to() && subject_.world.nodes.count(one.node) &&
          close(affinity, node, one.node, affinity.anti()))
        return !affinity.anti();
    return affinity.anti() || wanted > 0;
  }

  /// As far as they can be told before everybody stands.
  bool keeps_affinities(const Item &item, const std::string &node) {
    const proto::Workload &own = *workload(item);
    for (const proto::Affinity &affinity : own.place().affinities())
      if (!keeps(affinity, node))
        return false;
    for (const auto &[who, nodes] : standing_)
      for (const proto::Affinity &affinity : who->place().affinities())
        if (affinity.to() == own.name())
          for (const std::string &other : nodes)
            if (!keeps(affinity, other))
              return false;
    for (const auto &[one, affinity] : bystanders_)
      if (affinity->to() == own.name() &&
          (affinity->anti() ? close(*affinity, one->node, node, true)
                            : !keeps(*affinity, one->node)))
        return false;
    return true;
  }

  Found judge() {
    constexpr int64_t sums = 20, checks = 1000; // about what they take
    steps_ -= sums;
    Wide cost = sum_;
    if (egress_.any()) {
      std::vector<Egress::Stand> stands;
      for (const Replica &replica : other_.replicas)
        stands.push_back({replica.workload->name(), replica.node});
      const std::vector<Figure> paid = egress_.of(stands);
      for (size_t i = 0; i < paid.size(); ++i) {
        const Replica &replica = other_.replicas[i];
        if (paid[i].value && paid[i].value->is_zero())
          continue;
        const Place place = subject_.world.at(replica.node);
        const auto own = objective_.of(*replica.workload, place),
                   all = objective_.of(*replica.workload, place, std::nullopt, &paid[i]);
        if (!own || !all)
          return Found::undecided;
        cost += Wide{*all} - *own;
      }
    }
    if (objective_.in_euros() && balance_asked(subject_.intent) != 0) {
      const std::optional<int64_t> uneven = imbalance(other_);
      if (!uneven)
        return Found::undecided;
      cost += *uneven;
    }
    if (cost >= bound_)
      return Found::nothing;
    steps_ -= checks;
    Faults faults(subject_.intent);
    check_together(other_, faults);
    if (faults.empty())
      check_survival(other_, faults);
    return faults.empty() ? Found::cheaper : Found::nothing;
  }

  const int64_t bound_;
  const Case &subject_;
  Case other_;
  const Objective &objective_;
  const Scarcity &scarcity_;
  const Runs &runs_;
  Choosing &choosing_;
  Egress &egress_;
  Closeness closeness_;
  const Cordons cordons_;
  const std::vector<Bystander> bystanders_;
  const Stays stays_;
  std::vector<Item> items_;
  Wide sum_ = 0, rest_ = 0;           ///< of those that stand; at least of the others
  Wide sum_paid_ = 0, rest_paid_ = 0; ///< the same with room at its price
  uint64_t moved_ = 0;
  int64_t steps_ = 3'000'000;
  std::vector<size_t> at_; ///< options of those that stand
  std::map<std::string, std::vector<size_t>> on_;
  std::map<std::string, std::vector<Amount>> used_;
  std::map<const proto::Workload *, std::vector<std::string>> standing_;
  std::map<const proto::Workload *, Spreading> spreads_;
  std::map<std::pair<std::string, std::string>, Amount>
      named_; ///< devices in use, by node and name
  std::map<std::pair<std::string, uint32_t>, std::string> ports_;
  std::map<std::tuple<const proto::Affinity *, std::string, std::string>, std::optional<bool>>
      close_;
};

} // namespace

Found cheaper_than(int64_t bound, const Case &subject, const Objective &objective,
                   const Scarcity &scarcity, const Runs &runs, Choosing &choosing, Egress &egress) {
  return Cheaper(bound, subject, objective, scarcity, runs, choosing, egress).run();
}

} // namespace nemo::verify
