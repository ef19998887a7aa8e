#include "compiler/placement/search/rules.h"

#include <algorithm>
#include <map>

namespace nemo::optimiser {

Rules::Rules(const Tables &tables) : tables_(tables), of_group_(tables.model.groups + 1) {
  const Model &model = tables.model;
  for (const Family &family : model.families)
    domain_of_.push_back(family.domain_of_node.data());

  std::map<std::pair<uint32_t, uint32_t>, uint32_t> known;
  auto tally = [&](uint32_t group, uint32_t family) {
    auto [at, added] = known.try_emplace({group, family}, 0);
    if (added)
      at->second = tallies_.add_tally(model.families[family].domains, tables.members.size(group));
    return at->second;
  };
  std::vector<std::vector<Bounded>> limits(model.groups);
  std::vector<std::vector<Foe>> foes(model.groups);
  for (const Apart &apart : model.aparts) {
    foes[apart.group].push_back(
        {apart.from, tally(apart.from, apart.family), apart.family, apart.relation, false});
    foes[apart.from].push_back(
        {apart.group, tally(apart.group, apart.family), apart.family, apart.relation, true});
  }
  std::vector<std::vector<Scattered>> spreads(model.groups);
  std::vector<std::vector<uint32_t>> nears(model.groups);
  for (const Limit &limit : model.limits)
    if (limit.most < tables.members.size(limit.group))
      limits[limit.group].push_back({tally(limit.group, limit.family), limit.family, limit.most});
  for (const Spread &spread : model.spreads)
    if (spread.least > 0) {
      spreads[spread.group].push_back(
          {tally(spread.group, spread.family), spread.family, spread.least});
      broken_ += spread.least;
    }
  for (const Near &near : model.nears) {
    const auto index = static_cast<uint32_t>(nears_.size());
    // Whoever is with itself is near; without a relation there is nothing to say.
    if (near.group == near.to && near.relation == UINT32_MAX)
      continue;
    nears_.push_back({near.group, near.to, tally(near.group, near.family),
                      tally(near.to, near.family), near.family, near.relation});
    nears[near.group].push_back(index);
    if (near.to != near.group)
      nears[near.to].push_back(index);
  }
  std::vector<std::vector<Counted>> counted(model.groups);
  for (const auto &[key, index] : known)
    counted[key.first].push_back({index, key.second});
  for (uint32_t group = 0; group < model.groups; ++group) {
    limits_.insert(limits_.end(), limits[group].begin(), limits[group].end());
    foes_.insert(foes_.end(), foes[group].begin(), foes[group].end());
    spreads_.insert(spreads_.end(), spreads[group].begin(), spreads[group].end());
    near_of_.insert(near_of_.end(), nears[group].begin(), nears[group].end());
    counted_.insert(counted_.end(), counted[group].begin(), counted[group].end());
    of_group_[group + 1] = {
        static_cast<uint32_t>(limits_.size()), static_cast<uint32_t>(foes_.size()),
        static_cast<uint32_t>(spreads_.size()), static_cast<uint32_t>(near_of_.size()),
        static_cast<uint32_t>(counted_.size())};
  }
  for (uint32_t replica = 0; replica < tables.replicas; ++replica)
    bound_.push_back(
        std::any_of(tables.groups_of.from(replica), tables.groups_of.to(replica), [&](uint32_t g) {
          return of_group_[g].tallies_end != of_group_[g + 1].tallies_end;
        }));
}

bool Rules::within_limits(uint32_t replica, uint32_t from, uint32_t to) const {
  for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica);
       ++g) {
    const OfGroup &begin = of_group_[*g], &end = of_group_[*g + 1];
    for (uint32_t i = begin.limits_end; i < end.limits_end; ++i) {
      const Bounded &limit = limits_[i];
      const uint32_t into = domain(limit.family, to);
      if (into != domain(limit.family, from) && tallies_.count(limit.tally, into) >= limit.most)
        return false;
    }
    for (uint32_t i = begin.foes_end; i < end.foes_end; ++i) {
      const Foe &foe = foes_[i];
      const uint32_t into = domain(foe.family, to);
      if (foe.relation == UINT32_MAX ? tallies_.count(foe.tally, into) > 0
                                     : tallies_.any(foe.tally, [&](uint32_t in, uint32_t) {
                                         return forbids(foe, in, into);
                                       }))
        return false;
    }
  }
  return true;
}

std::vector<uint32_t> Rules::rivals(uint32_t replica) const {
  std::vector<uint32_t> groups(tables_.groups_of.from(replica), tables_.groups_of.to(replica));
  for (size_t own = groups.size(); own-- > 0;)
    for (uint32_t i = of_group_[groups[own]].foes_end; i < of_group_[groups[own] + 1].foes_end; ++i)
      groups.push_back(foes_[i].group);
  return groups;
}

bool Rules::in_the_way(uint32_t other, uint32_t node_of_other, uint32_t replica,
                       uint32_t node) const {
  for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica); ++g)
    for (uint32_t i = of_group_[*g].limits_end; i < of_group_[*g + 1].limits_end; ++i) {
      const Bounded &limit = limits_[i];
      const uint32_t in = domain(limit.family, node);
      if (tallies_.count(limit.tally, in) >= limit.most &&
          domain(limit.family, node_of_other) == in && member(other, *g))
        return true;
    }
  for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica); ++g)
    for (uint32_t i = of_group_[*g].foes_end; i < of_group_[*g + 1].foes_end; ++i)
      if (forbids(foes_[i], domain(foes_[i].family, node_of_other),
                  domain(foes_[i].family, node)) &&
          member(other, foes_[i].group))
        return true;
  return false;
}

bool Rules::unsettled(uint32_t replica) const {
  for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica);
       ++g) {
    const OfGroup &begin = of_group_[*g], &end = of_group_[*g + 1];
    if (begin.nears_end != end.nears_end)
      return true;
    for (uint32_t i = begin.spreads_end; i < end.spreads_end; ++i)
      if (tallies_.domains(spreads_[i].tally) < spreads_[i].least)
        return true;
  }
  return false;
}

uint32_t Rules::stranded(uint32_t replica, uint32_t node) const {
  uint32_t out = 0;
  for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica); ++g)
    for (uint32_t i = of_group_[*g].nears_end; i < of_group_[*g + 1].nears_end; ++i) {
      const Reached &near = nears_[near_of_[i]];
      out += near.group == *g && !reached(near, domain(near.family, node));
    }
  return out;
}

std::vector<uint32_t> Rules::broken_groups() const {
  std::vector<bool> broken(tables_.model.groups);
  for (uint32_t group = 0; group < tables_.model.groups; ++group)
    for (uint32_t i = of_group_[group].spreads_end; i < of_group_[group + 1].spreads_end; ++i)
      if (tallies_.domains(spreads_[i].tally) < spreads_[i].least)
        broken[group] = true;
  for (const Reached &near : nears_)
    if (tallies_.any(near.group_tally, [&](uint32_t in, uint32_t) { return !reached(near, in); }))
      broken[near.group] = broken[near.to] = true;
  std::vector<uint32_t> out;
  for (uint32_t group = 0; group < tables_.model.groups; ++group)
    if (broken[group])
      out.push_back(group);
  return out;
}

bool Rules::reached(const Reached &near, uint32_t in) const {
  if (near.relation == UINT32_MAX)
    return tallies_.count(near.to_tally, in) > 0;
  const Relation &relation = tables_.model.relations[near.relation];
  const size_t row = size_t{in} * tables_.model.families[near.family].domains;
  return tallies_.any(near.to_tally,
                      [&](uint32_t other, uint32_t) { return relation.reaches[row + other]; });
}

int64_t Rules::change(uint32_t replica, uint32_t from, uint32_t to) const {
  int64_t change = 0;
  for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica);
       ++g) {
    const OfGroup &begin = of_group_[*g], &end = of_group_[*g + 1];
    for (uint32_t i = begin.spreads_end; i < end.spreads_end; ++i) {
      const Scattered &spread = spreads_[i];
      const uint32_t out = domain(spread.family, from), into = domain(spread.family, to);
      if (out == into)
        continue;
      const auto before = static_cast<int64_t>(tallies_.domains(spread.tally));
      int64_t after = before;
      after -= out != nowhere && tallies_.count(spread.tally, out) == 1;
      after += into != nowhere && tallies_.count(spread.tally, into) == 0;
      const int64_t least = spread.least;
      change += std::max<int64_t>(least - after, 0) - std::max<int64_t>(least - before, 0);
    }
    for (uint32_t i = begin.nears_end; i < end.nears_end; ++i) {
      const Reached &near = nears_[near_of_[i]];
      const bool is_group = near.group == *g || member(replica, near.group);
      if (is_group && near.group != *g)
        continue; // counted with that group
      change += near_change(near, is_group, near.to == *g || member(replica, near.to), from, to);
    }
  }
  return change;
}

// A domain is broken where some of the group are and nobody that they have to be near.
int64_t Rules::follower_change(const Reached &near, uint32_t out, uint32_t into) const {
  int64_t change = 0;
  if (into != nowhere)
    change +=
        tallies_.count(near.to_tally, into) == 0 && tallies_.count(near.group_tally, into) == 0;
  if (out != nowhere)
    change -= tallies_.count(near.to_tally, out) == 0 && tallies_.count(near.group_tally, out) == 1;
  return change;
}

int64_t Rules::leader_change(const Reached &near, uint32_t out, uint32_t into) const {
  int64_t change = 0;
  if (into != nowhere)
    change -=
        tallies_.count(near.to_tally, into) == 0 && tallies_.count(near.group_tally, into) > 0;
  if (out != nowhere)
    change += tallies_.count(near.to_tally, out) == 1 && tallies_.count(near.group_tally, out) > 0;
  return change;
}

int64_t Rules::near_change(const Reached &near, bool is_group, bool is_to, uint32_t from,
                           uint32_t to) const {
  const uint32_t out = domain(near.family, from), into = domain(near.family, to);
  if (out == into)
    return 0;
  if (near.relation == UINT32_MAX && is_group != is_to)
    return is_group ? follower_change(near, out, into) : leader_change(near, out, into);
  auto present = [&](uint32_t tally, bool counts, uint32_t in, bool after) {
    int64_t count = tallies_.count(tally, in);
    if (after && counts)
      count += (in == into) - (in == out);
    return count > 0;
  };
  const bool same_domain = near.relation == UINT32_MAX;
  auto reached = [&](uint32_t in, bool after) {
    if (same_domain)
      return present(near.to_tally, is_to, in, after);
    const Relation &relation = tables_.model.relations[near.relation];
    const size_t row = size_t{in} * tables_.model.families[near.family].domains;
    if (after && is_to && into != nowhere && relation.reaches[row + into])
      return true;
    return tallies_.any(near.to_tally, [&](uint32_t other, uint32_t count) {
      return relation.reaches[row + other] && !(after && is_to && other == out && count == 1);
    });
  };
  auto broken = [&](uint32_t in, bool after) {
    return present(near.group_tally, is_group, in, after) && !reached(in, after);
  };
  int64_t change = 0;
  auto compare = [&](uint32_t in) { change += broken(in, true) - broken(in, false); };
  const bool elsewhere = !same_domain && is_to;
  if (elsewhere)
    tallies_.any(near.group_tally, [&](uint32_t in, uint32_t) {
      if (in != out && in != into)
        compare(in);
      return false;
    });
  if (out != nowhere)
    compare(out);
  if (into != nowhere)
    compare(into);
  return change;
}

void Rules::shift(uint32_t replica, uint32_t from, uint32_t to) {
  if (!bound_[replica])
    return;
  broken_ += change(replica, from, to);
  for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica); ++g)
    for (uint32_t i = of_group_[*g].tallies_end; i < of_group_[*g + 1].tallies_end; ++i) {
      const uint32_t out = domain(counted_[i].family, from), into = domain(counted_[i].family, to);
      if (out == into)
        continue;
      if (out != nowhere)
        tallies_.remove(counted_[i].tally, out);
      if (into != nowhere)
        tallies_.add(counted_[i].tally, into);
    }
}

// Whether neither's move can matter to the rules of the other.
bool Rules::apart(uint32_t one, uint32_t other) const {
  for (const uint32_t *g = tables_.groups_of.from(one); g != tables_.groups_of.to(one); ++g) {
    if (member(other, *g))
      return false;
    for (uint32_t i = of_group_[*g].foes_end; i < of_group_[*g + 1].foes_end; ++i)
      if (member(other, foes_[i].group))
        return false;
    for (uint32_t i = of_group_[*g].nears_end; i < of_group_[*g + 1].nears_end; ++i) {
      const Reached &near = nears_[near_of_[i]];
      if (member(other, near.group) || member(other, near.to))
        return false;
    }
  }
  return true;
}

bool Rules::may_swap(uint32_t one, uint32_t node_of_one, uint32_t other, uint32_t node_of_other) {
  if (apart(one, other))
    return within_limits(one, node_of_one, node_of_other) &&
           within_limits(other, node_of_other, node_of_one) &&
           change(one, node_of_one, node_of_other) + change(other, node_of_other, node_of_one) <= 0;
  const int64_t before = broken_;
  shift(one, node_of_one, nowhere);
  bool may = within_limits(other, node_of_other, node_of_one);
  if (may) {
    shift(other, node_of_other, node_of_one);
    may = within_limits(one, nowhere, node_of_other);
    may = may && broken_ + change(one, nowhere, node_of_other) <= before;
    shift(other, node_of_one, node_of_other);
  }
  shift(one, nowhere, node_of_one);
  return may;
}

} // namespace nemo::optimiser
