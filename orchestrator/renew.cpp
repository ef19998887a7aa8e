#include "orchestrator/renew.h"

#include <algorithm>
#include <tuple>

namespace nemo::orchestrator {

namespace {

constexpr size_t most_at_once = 500; ///< the others are as urgent in a moment, too

} // namespace

std::vector<proto::DeliverCall> renewals(const proto::Fleet &fleet,
                                         std::vector<backends::fleet::Validity> due,
                                         const std::string &stack, const std::string &source) {
  std::sort(due.begin(), due.end(), [](const auto &a, const auto &b) {
    return std::tie(a.until, a.node) < std::tie(b.until, b.node);
  });
  std::map<std::string, const proto::PartState *> parts;
  for (const proto::PartState &state : fleet.parts())
    if (state.part().stack() == stack && state.part().source() == source &&
        !state.part().instances().empty())
      parts[state.part().node()] = &state;
  std::vector<proto::DeliverCall> calls;
  for (const backends::fleet::Validity &one : due) {
    const auto found = parts.find(one.node);
    if (one.stack != stack || found == parts.end() || found->second->generation() != one.generation)
      continue;
    proto::DeliverCall &call = calls.emplace_back();
    *call.mutable_part() = found->second->part();
    call.set_expected_generation(one.generation);
    call.set_holder(found->second->holder()); // whose delivery it is stays as it was
  }
  return calls;
}

llvm::Error
renew(backends::Backend &backend, const proto::Fleet &fleet, const std::string &stack,
      const std::string &source, const std::set<std::string> &without,
      llvm::function_ref<void(const std::string &node, const proto::Delivered &)> on_renewed) {
  auto due = backend.due(stack, now());
  if (!due)
    return due.takeError();
  std::erase_if(*due, [&](const auto &one) { return without.count(one.node) != 0; });
  std::vector<proto::DeliverCall> calls = renewals(fleet, std::move(*due), stack, source);
  if (calls.empty())
    return llvm::Error::success();
  calls.resize(std::min(calls.size(), most_at_once));
  return backend.renew(calls, on_renewed);
}

} // namespace nemo::orchestrator
