// How many replicas of a group each domain of a family has. A group of few in a family of many
// domains keeps a small hash table, so that all tallies together take memory by membership and not
// by groups times nodes.
#pragma once

#include <cstdint>
#include <vector>

namespace nemo::optimiser {

class Tallies {
public:
  /// \param members  how many replicas are ever counted.
  /// \returns the new tally's index.
  uint32_t add_tally(uint32_t domains, uint32_t members);

  uint32_t count(uint32_t tally, uint32_t domain) const {
    const Table &table = tables_[tally];
    const Slot *slots = slots_.data() + table.begin;
    if (table.dense)
      return slots[domain].count;
    for (uint32_t at = hash(table, domain); slots[at].count > 0; at = (at + 1) & table.mask)
      if (slots[at].domain == domain)
        return slots[at].count;
    return 0;
  }
  /// How many domains have any.
  uint32_t domains(uint32_t tally) const { return tables_[tally].occupied; }

  void add(uint32_t tally, uint32_t domain);
  /// \pre count(tally, domain) > 0
  void remove(uint32_t tally, uint32_t domain);

  /// Whether `holds(domain, count)` for a domain that has any.
  template <class F> bool any(uint32_t tally, F holds) const {
    const Table &table = tables_[tally];
    for (const Slot *slot = slots_.data() + table.begin, *end = slot + table.mask + 1; slot != end;
         ++slot)
      if (slot->count > 0 && holds(slot->domain, slot->count))
        return true;
    return false;
  }

private:
  struct Slot {
    uint32_t domain = 0, count = 0;
  };
  struct Table {
    uint32_t begin, mask, shift, occupied;
    bool dense; ///< indexed by domain; `mask` is then the last domain
  };
  static uint32_t hash(const Table &table, uint32_t domain) {
    return (domain * 0x9E3779B1u) >> table.shift;
  }

  std::vector<Table> tables_;
  std::vector<Slot> slots_;
};

} // namespace nemo::optimiser
