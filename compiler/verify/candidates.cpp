#include "compiler/verify/candidates.h"

#include <algorithm>

#include "compiler/verify/devices.h"
#include "compiler/verify/spreading.h"

namespace nemo::verify {

namespace {

void strip_spans(proto::Expr &formula) {
  formula.clear_span();
  for (proto::Expr &operand : *formula.mutable_operands())
    strip_spans(operand);
}

/// What a rule says, wherever it stands.
std::string meaning(const proto::Rule &rule) {
  proto::Rule bare;
  bare.set_verb(rule.verb());
  *bare.mutable_formula() = rule.formula();
  strip_spans(*bare.mutable_formula());
  if (rule.has_where()) {
    *bare.mutable_where() = rule.where();
    strip_spans(*bare.mutable_where());
  }
  return bare.SerializeAsString();
}

/// Known costs before unknown ones; of equals the one that came first, by name.
bool cheaper(const std::optional<int64_t> &a, const std::optional<int64_t> &b) {
  return a && (!b || *a < *b);
}

} // namespace

/// A rule with the answers that it has given.
class Choosing::Asked {
public:
  Asked(const proto::Rule &rule, const proto::Intent &intent, const std::vector<Place> &places)
      : rule_(rule), intent_(intent), places_(places) {
    std::vector<const proto::Ref *> of_node;
    for (const proto::Expr *formula : {&rule.formula(), &rule.where()})
      for (const proto::Ref *ref : formula::references(*formula))
        (is_of_node(*ref) ? of_node : of_workload_).push_back(ref);
    std::unordered_map<std::string, uint32_t> looks;
    for (const Place &place : places)
      look_of_place_.push_back(looks
                                   .try_emplace(values_of(of_node, {intent, nullptr, place}),
                                                static_cast<uint32_t>(looks.size()))
                                   .first->second);
    different_places_ = looks.size();
  }

  uint32_t look(const proto::Workload &workload) {
    return looks_
        .try_emplace(values_of(of_workload_, {intent_, &workload, {}}),
                     static_cast<uint32_t>(looks_.size()))
        .first->second;
  }

  bool removes(const proto::Workload &workload, uint32_t look, size_t place) {
    if (answers_.size() <= look)
      answers_.resize(look + 1, std::vector<char>(different_places_, unasked));
    char &answer = answers_[look][look_of_place_[place]];
    if (answer == unasked)
      answer = verify::removes(rule_, {intent_, &workload, places_[place]});
    return answer != 0;
  }

private:
  static constexpr char unasked = 2;
  const proto::Rule &rule_;
  const proto::Intent &intent_;
  const std::vector<Place> &places_;
  std::vector<const proto::Ref *> of_workload_;
  std::vector<uint32_t> look_of_place_;
  size_t different_places_ = 0;
  std::unordered_map<std::string, uint32_t> looks_;
  std::vector<std::vector<char>> answers_; ///< by look of the workload, then of the place
};

const Candidates::Choice *Candidates::but(const std::string &node) const {
  for (const Choice &choice : best)
    if (choice.node != node)
      return &choice;
  return nullptr;
}

Choosing::Choosing(const Case &subject, const Objective &objective, const Scarcity &scarcity,
                   const Runs &runs)
    : subject_(subject), objective_(objective), scarcity_(scarcity), runs_(runs), claims_(subject),
      cordons_(subject) {
  for (const auto &[name, node] : subject.world.nodes)
    places_.push_back(subject.world.at(name));
  for (const proto::Workload &workload : subject.intent.workloads())
    by_name_.emplace(workload.name(), &workload);
  for (const There &one : subject.frozen)
    left_.insert(one.workload);
  for (const proto::Select &select : subject.intent.selects())
    for (const Place &place : places_)
      selections_[select.name()].push_back(selected(select, place, subject.intent));
}

Choosing::~Choosing() = default;

Choosing::Asked &Choosing::asked(const proto::Rule &rule) {
  Asked *&known = by_rule_[&rule];
  if (!known) {
    std::unique_ptr<Asked> &same = by_meaning_[meaning(rule)];
    if (!same)
      same = std::make_unique<Asked>(rule, subject_.intent, places_);
    known = same.get();
  }
  return *known;
}

std::vector<const proto::Rule *> Choosing::rules_of(const proto::Workload &workload) const {
  std::vector<const proto::Rule *> rules;
  for (const proto::Policy &policy : subject_.intent.policies())
    for (const proto::Rule &rule : policy.rules())
      if (is_hard(rule))
        rules.push_back(&rule);
  for (const proto::Rule &rule : workload.place().rules())
    if (is_hard(rule))
      rules.push_back(&rule);
  return rules;
}

const Choosing::Costs &Choosing::costs(const proto::Workload &workload, const std::string &look) {
  auto [known, fresh] = costs_.try_emplace(look);
  if (fresh)
    for (const Place &place : places_) {
      if (!workload.has_job()) {
        known->second.push_back(objective_.of(workload, place));
        continue;
      }
      std::optional<int64_t> least;
      for (const Span &run : runs_.choices(workload, place))
        if (const auto cost = objective_.of(workload, place, run); cheaper(cost, least))
          least = cost;
      known->second.push_back(least);
    }
  return known->second;
}

bool Choosing::inside(const proto::Workload &workload, size_t place) const {
  for (const std::string &name : workload.place().on())
    if (auto select = selections_.find(name); select != selections_.end())
      if (select->second[place])
        return true;
  return workload.place().on().empty();
}

uint32_t Choosing::domains(const proto::Workload &workload, uint32_t replicas) const {
  const uint32_t least = workload.place().min_domains();
  if (workload.place().spread().empty() || replicas < 2)
    return 0;
  const size_t staying = least == 0 ? 0 : Spreading(subject_, workload).staying();
  return least == 0 || least >= replicas + staying ? replicas : staying > 0 ? 0 : least;
}

std::vector<Choosing::Option> Choosing::options(const proto::Workload &workload,
                                                const std::vector<size_t> &candidates,
                                                const Costs &costs) const {
  std::vector<Option> list;
  for (size_t place : candidates) {
    const std::string &name = places_[place].node->name();
    if (scarcity_.has_room(workload, name))
      list.push_back({place, name, scarcity_.paid(workload, name, *costs[place])});
  }
  return list;
}

std::optional<__int128> Choosing::least(const proto::Workload &workload, uint32_t replicas,
                                        const std::vector<Option> &options) const {
  const std::string &spread = workload.place().spread();
  const uint32_t different = domains(workload, replicas);
  const bool apart = different > 1;
  std::map<std::string, __int128> by_domain; // all in one, where they may be together
  for (const Option &option : options) {
    const std::string domain = apart ? spread_group(places_[option.place], spread) : "any";
    if (domain.empty())
      continue;
    const auto [known, fresh] = by_domain.try_emplace(domain, option.paid);
    if (!fresh && option.paid < known->second)
      known->second = option.paid;
  }
  if (by_domain.size() < (apart ? different : 1))
    return std::nullopt;
  if (!apart)
    return by_domain.begin()->second * replicas;
  std::vector<__int128> sorted;
  for (const auto &[domain, paid] : by_domain)
    sorted.push_back(paid);
  std::sort(sorted.begin(), sorted.end());
  __int128 sum = sorted.front() * (replicas - different);
  for (uint32_t i = 0; i < different; ++i)
    sum += sorted[i];
  return sum;
}

const std::vector<bool> &Choosing::allowed(const proto::Workload &workload,
                                           const std::string &look) {
  const auto [known, fresh] = allowed_.try_emplace(look);
  if (!fresh)
    return known->second;
  std::vector<std::pair<Asked *, uint32_t>> rules;
  for (const proto::Rule *rule : rules_of(workload))
    rules.emplace_back(&asked(*rule), asked(*rule).look(workload));
  for (size_t place = 0; place < places_.size(); ++place) {
    const proto::Node &node = *places_[place].node;
    bool taken = !inside(workload, place) || !offered(workload, node) ||
                 claims_.against(workload, node.name()) || cordons_.close(workload, node.name()) ||
                 wants_other_devices(workload.resources(), node);
    for (auto rule = rules.begin(); !taken && rule != rules.end(); ++rule)
      taken = rule->first->removes(workload, rule->second, place);
    known->second.push_back(!taken);
  }
  return known->second;
}

std::vector<bool> Choosing::far(const proto::Workload &workload) {
  std::vector<bool> result;
  for (const proto::Affinity &affinity : workload.place().affinities()) {
    const auto to = by_name_.find(affinity.to());
    if (affinity.anti() || affinity.within_ns() != 0 || affinity.to() == workload.name() ||
        to == by_name_.end() || left_.count(affinity.to()))
      continue;
    const std::vector<bool> &others = allowed(*to->second, look(*to->second));
    std::set<std::string> domains;
    for (size_t place = 0; place < places_.size(); ++place)
      if (others[place])
        domains.insert(spread_group(places_[place], affinity.within()));
    domains.erase("");
    result.resize(places_.size());
    for (size_t place = 0; place < places_.size(); ++place)
      if (!domains.count(spread_group(places_[place], affinity.within())))
        result[place] = true;
  }
  return result;
}

Candidates Choosing::choose(const proto::Workload &workload, uint32_t replicas,
                            const std::vector<bool> &allowed, const std::vector<bool> &far,
                            const std::string &priced) {
  const Costs &there = costs(workload, priced);
  Candidates result;
  bool unknown = false;
  std::vector<size_t> near;
  for (size_t place = 0; place < places_.size(); ++place) {
    if (!allowed[place])
      continue;
    ++result.count;
    if (far.empty() || !far[place])
      near.push_back(place);
    unknown |= !there[place];
    auto at = result.best.begin();
    while (at != result.best.end() && !cheaper(there[place], at->cost))
      ++at;
    if (at - result.best.begin() < 2)
      result.best.insert(at, {places_[place].node->name(), there[place]});
    if (result.best.size() > 2)
      result.best.pop_back();
  }
  if (!unknown)
    result.least = least(workload, replicas, options(workload, near, there));
  return result;
}

std::string Choosing::look(const proto::Workload &workload) {
  proto::Resources resources = workload.resources();
  resources.clear_span();
  std::string look = resources.SerializeAsString() + '|' + workload.sandbox() + '|' +
                     workload.network() + '|' + claims_.look(workload) + '|' +
                     cordons_.look(workload);
  for (const proto::Mount &mount : workload.mounts()) {
    look += mount.kind().empty() ? "" : '|' + mount.kind();
    look += mount.volume().empty() ? "" : '|' + std::to_string(mount.size_bytes());
  }
  for (const std::string &name : workload.place().on())
    look += '|' + name;
  for (const proto::Rule *rule : rules_of(workload)) {
    Asked &answers = asked(*rule);
    look += '|' + std::to_string(reinterpret_cast<uintptr_t>(&answers)) + ':' +
            std::to_string(answers.look(workload));
  }
  return look;
}

std::string Choosing::priced(const proto::Workload &workload) const {
  proto::Resources resources = workload.resources();
  resources.clear_span();
  return resources.SerializeAsString() + '|' + objective_.look(workload) + '|' +
         runs_.look(workload);
}

std::optional<std::vector<Choosing::Option>> Choosing::options(const proto::Workload &workload) {
  const Costs &there = costs(workload, priced(workload));
  const std::vector<bool> &open = allowed(workload, look(workload));
  const std::vector<bool> distant = far(workload);
  std::vector<size_t> near;
  for (size_t place = 0; place < places_.size(); ++place) {
    if (open[place] && !there[place])
      return std::nullopt;
    if (open[place] && (distant.empty() || !distant[place]))
      near.push_back(place);
  }
  return options(workload, near, there);
}

std::vector<Candidates::Choice> Choosing::nodes(const proto::Workload &workload) {
  const Costs &there = costs(workload, priced(workload));
  const std::vector<bool> &open = allowed(workload, look(workload)), distant = far(workload);
  std::vector<Candidates::Choice> list;
  for (size_t place = 0; place < places_.size(); ++place) {
    if (!open[place] || (!distant.empty() && distant[place]))
      continue;
    if (!there[place])
      return {};
    list.push_back({places_[place].node->name(), there[place]});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto &a, const auto &b) { return *a.cost < *b.cost; });
  return list;
}

const Candidates &Choosing::of(const proto::Workload &workload, uint32_t replicas) {
  const std::string prices = priced(workload);
  const std::string plain = look(workload);
  const std::vector<bool> distant = far(workload);
  // Workloads that all of this is the same for have the same choice.
  std::string all = prices + '|' + workload.place().spread() + '|' + std::to_string(replicas) +
                    '|' + std::to_string(domains(workload, replicas)) + '|' + plain + '|';
  for (const bool one : distant)
    all += one ? '1' : '0';
  auto [known, fresh] = of_look_.try_emplace(std::move(all));
  if (fresh)
    known->second = choose(workload, replicas, allowed(workload, plain), distant, prices);
  return known->second;
}

} // namespace nemo::verify
