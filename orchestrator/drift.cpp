#include "orchestrator/drift.h"

#include "compiler/explain/texts.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::orchestrator {

namespace {

bool well(const proto::Running &instance) {
  return instance.state() == proto::Running::RUNNING ||
         // A fleet file says what runs, and nothing about how.
         instance.state() == proto::Running::UNKNOWN ||
         (instance.state() == proto::Running::EXITED && instance.exit_code() == 0);
}

const proto::Running *find(const proto::Fleet &fleet, const std::string &stack,
                           const proto::Action &action) {
  const auto [workload, replica] = explain::replica_of(action.object());
  for (const proto::Running &running : fleet.running())
    if (running.stack() == stack && running.workload() == workload &&
        running.replica() == replica && running.node() == action.node() && !running.retiring())
      return &running;
  return nullptr;
}

} // namespace

std::string state_name(proto::Running::State state) {
  return llvm::StringRef(proto::Running::State_Name(state)).lower();
}

std::string condition(const proto::Running &instance) {
  std::string text = state_name(instance.state());
  if (!instance.reason().empty())
    text += ": " + instance.reason();
  else if (instance.has_exit_code() && !well(instance))
    text += ": exited with code " + std::to_string(instance.exit_code());
  return text;
}

std::vector<Drift> drift(const proto::Plan &plan, const proto::Fleet &fleet) {
  std::vector<Drift> found;
  for (const proto::Action &action : plan.actions()) {
    Drift item{"", action.object(), action.node(), action.reason()};
    if (action.verb() == "create") {
      item.kind = "missing";
    } else if (action.verb() == "delete") {
      item.kind = "extra";
    } else if (action.verb() == "replace") {
      item.kind = "changed";
    } else if (action.verb() == "rename") {
      item.kind = "other-name";
    } else if (action.verb() == "protect") {
      item.kind = "not-protected";
    } else if (action.verb() == "move") {
      item.kind = "other-node";
      item.why = "runs on " + action.from_node() + "; " + action.reason();
    } else {
      const proto::Running *running = find(fleet, plan.stack(), action);
      if (running != nullptr && well(*running))
        continue;
      item.kind = running == nullptr ? "missing" : "not-healthy";
      item.why = running == nullptr ? "it was delivered, and the node reports nothing of it"
                                    : condition(*running);
    }
    found.push_back(std::move(item));
  }
  return found;
}

} // namespace nemo::orchestrator
