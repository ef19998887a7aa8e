// Keeps what nodes run from expiring, whatever becomes of the next plan: one that waits for
// approval, or that cannot be made, must not be why a node starts nothing any more.
#include <fmt/format.h>

#include "base/error.h"
#include "orchestrator/loop/controller.h"
#include "orchestrator/renew.h"

namespace nemo::loop {

namespace {

using namespace std::chrono_literals;

constexpr auto try_again = 30s; ///< a node that does not confirm it costs a while each time

} // namespace

void Controller::renew() {
  if (Clock::now() < renew_again_)
    return;
  // A dead node's part is to end: it runs elsewhere.
  std::set<std::string> lost;
  if (settings_.watchman != nullptr)
    for (const LostNode &one : settings_.watchman->lost())
      lost.insert(one.name);
  auto error = orchestrator::renew(
      seen_->backend, seen_->fleet, checked_.intent.stack(), wanted_->source, lost,
      [&](const std::string &node, const proto::Delivered &delivered) {
        tell("renewed", fmt::format("what {} runs was about to expire, and holds anew", node),
             {{"node", node}, {"generation", static_cast<int64_t>(delivered.generation())}});
      });
  if (!error)
    return faults_.forget("renewing");
  renew_again_ = Clock::now() + try_again;
  fault("renewing", std::move(error));
}

} // namespace nemo::loop
