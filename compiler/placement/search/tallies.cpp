#include "compiler/placement/search/tallies.h"

#include <algorithm>
#include <bit>

namespace nemo::optimiser {

uint32_t Tallies::add_tally(uint32_t domains, uint32_t members) {
  const uint32_t hashed = std::bit_ceil(2 * members + 2);
  const bool dense = domains <= 2 * hashed;
  const uint32_t size = dense ? std::max(domains, 1u) : hashed;
  const auto begin = static_cast<uint32_t>(slots_.size());
  slots_.resize(slots_.size() + size);
  if (dense)
    for (uint32_t domain = 0; domain < domains; ++domain)
      slots_[begin + domain].domain = domain;
  tables_.push_back(
      {begin, size - 1, 32 - static_cast<uint32_t>(std::countr_zero(hashed)), 0, dense});
  return static_cast<uint32_t>(tables_.size() - 1);
}

void Tallies::add(uint32_t tally, uint32_t domain) {
  Table &table = tables_[tally];
  Slot *slots = slots_.data() + table.begin;
  uint32_t at = domain;
  if (!table.dense)
    for (at = hash(table, domain); slots[at].count > 0 && slots[at].domain != domain;)
      at = (at + 1) & table.mask;
  slots[at].domain = domain;
  table.occupied += slots[at].count++ == 0;
}

void Tallies::remove(uint32_t tally, uint32_t domain) {
  Table &table = tables_[tally];
  Slot *slots = slots_.data() + table.begin;
  uint32_t at = domain;
  if (!table.dense)
    for (at = hash(table, domain); slots[at].domain != domain;)
      at = (at + 1) & table.mask;
  if (--slots[at].count > 0)
    return;
  --table.occupied;
  if (table.dense)
    return;
  // What was put further on because this slot was taken moves up.
  for (uint32_t next = (at + 1) & table.mask; slots[next].count > 0;
       next = (next + 1) & table.mask) {
    const uint32_t wanted = hash(table, slots[next].domain);
    if (((next - wanted) & table.mask) >= ((next - at) & table.mask)) {
      slots[at] = slots[next];
      slots[next].count = 0;
      at = next;
    }
  }
}

} // namespace nemo::optimiser
