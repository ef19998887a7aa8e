#include "compiler/placement/search/replan.h"

#include <algorithm>

#include "compiler/placement/search/construct.h"

namespace nemo::optimiser {

Resident::Resident(Model model) : model_(std::move(model)), tables_(model_), state_(tables_) {}

llvm::Expected<std::unique_ptr<Resident>> Resident::make(Model model, const Solution &solution) {
  std::unique_ptr<Resident> out(new Resident(std::move(model)));
  if (solution.node_of.size() != out->tables_.replicas || !out->state_.load(solution) ||
      out->state_.broken() > 0)
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "the placement does not keep the rules of the model");
  out->insertion_ = std::make_unique<Insertion>(out->state_);
  return out;
}

Replan Resident::lose(uint32_t node, uint64_t seed, uint64_t effort) {
  const std::vector<uint32_t> displaced = state_.hosted(node);
  for (uint32_t replica : displaced)
    insertion_->shift(replica, nowhere);
  empty(node);
  Replan out;
  out.whole = insert(displaced);
  std::vector<Moved> others;
  if (!out.whole)
    others = make_room(displaced, seed, effort, out.whole);
  for (uint32_t replica : displaced)
    out.changes.push_back({replica, node, state_.node_of(replica)});
  for (const auto &[replica, from] : others)
    out.changes.push_back({replica, from, state_.node_of(replica)});
  std::sort(out.changes.begin(), out.changes.end(),
            [](const Change &a, const Change &b) { return a.replica < b.replica; });
  return out;
}

// Constructs what is missing, then returns who did not have to move.
// \returns who of the others is elsewhere than before, and where that was: nobody if it fails.
std::vector<Resident::Moved> Resident::make_room(const std::vector<uint32_t> &displaced,
                                                 uint64_t seed, uint64_t effort, bool &whole) {
  const Solution before = state_.solution();
  Random random(seed);
  Options options;
  options.effort = effort;
  Budget budget(options, Budget::Clock::now());
  whole = construct(state_, random, budget);
  std::vector<Moved> moved;
  if (whole) {
    std::vector<bool> lost(tables_.replicas);
    for (uint32_t replica : displaced)
      lost[replica] = true;
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (!lost[replica] && state_.node_of(replica) != before.node_of[replica])
        moved.push_back({replica, before.node_of[replica]});
    while (std::erase_if(moved, [&](const Moved &one) { return returned(one); }) > 0) {
    }
  } else {
    state_.load(before);
  }
  insertion_ = std::make_unique<Insertion>(state_);
  return moved;
}

bool Resident::returned(const Moved &one) {
  if (one.from != nowhere && !state_.fits(one.replica, one.from))
    return false;
  if (one.from == nowhere && state_.strain(one.replica, nowhere) > 0)
    return false;
  state_.shift(one.replica, one.from);
  return true;
}

// In the model, the tables and the state alike.
void Resident::empty(uint32_t node) {
  for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
    if (tables_.home[replica] == node) {
      state_.forget_home(replica, tables_);
      model_.replicas[replica].home = nowhere;
    }
  state_.close(node);
  insertion_->update(node);
  const auto row = static_cast<std::ptrdiff_t>(size_t{node} * model_.resources.size());
  std::fill_n(model_.capacity.begin() + row, model_.resources.size(), 0);
  std::fill_n(model_.safety.begin() + row, model_.resources.size(), 0);
  for (uint32_t i = tables_.first_device[node]; i < tables_.first_device[node + 1]; ++i)
    model_.devices[i].capacity = 0;
}

// Largest first. \returns whether everybody found a place and every rule is kept.
bool Resident::insert(std::vector<uint32_t> replicas) {
  std::vector<int64_t> room(tables_.rooms, 1); ///< the most of any node
  for (uint32_t node = 0; node < tables_.nodes; ++node)
    for (uint32_t i = 0; i < tables_.rooms; ++i)
      room[i] = std::max(room[i], tables_.node_rows[size_t{node} * tables_.stride + i]);
  auto share = [&](uint32_t replica) {
    double most = 0;
    for (uint32_t i = 0; i < tables_.rooms; ++i)
      most = std::max(most,
                      static_cast<double>(tables_.row(replica)[i]) / static_cast<double>(room[i]));
    return most;
  };
  std::stable_sort(replicas.begin(), replicas.end(),
                   [&](uint32_t a, uint32_t b) { return share(a) > share(b); });
  constexpr Breadth breadth{256, 2048};
  uint64_t looked = 0;
  for (uint32_t replica : replicas) {
    const Choice best = insertion_->best(replica, breadth, looked);
    const bool optional = model_.replicas[replica].absence_price != must_be_placed;
    if (best.node != nowhere && !(optional && (best.strain > 0 || best.cost > 0)))
      insertion_->shift(replica, best.node);
  }
  return state_.broken() == 0;
}

} // namespace nemo::optimiser
