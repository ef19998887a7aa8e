// One formula at a time with the one evaluator: a deny holds unless it is known to be false, a
// require only when it is known to be true.
#include "compiler/verify/rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "compiler/verify/rooms.h"

namespace nemo::verify {

namespace {

llvm::Expected<formula::Evaluation> ask(const proto::Expr &formula, const Question &question,
                                        bool parts) {
  return formula::evaluate(
      formula, [&](const proto::Ref &ref) { return value_of(ref, question); }, parts);
}

enum class Truth { yes, no, unknown };

Truth known_truth(const proto::Expr &formula, const Question &question) {
  auto value = ask(formula, question, false);
  if (!value) {
    llvm::consumeError(value.takeError());
    return Truth::unknown; // has no value: judged on the safe side
  }
  return value->is_true() ? Truth::yes : value->is_false() ? Truth::no : Truth::unknown;
}

std::string values(const proto::Rule &rule, const Question &question) {
  auto value = ask(rule.formula(), question, true);
  if (!value)
    return llvm::toString(value.takeError());
  return formula::explain(rule.text(), rule.formula(), *value);
}

void judge(std::vector<Broken> &broken, const proto::Rule &rule, const std::string &owner,
           const Question &question) {
  if (!is_hard(rule) || !removes(rule, question))
    return;
  std::string what = owner + ": " + rule.text();
  broken.push_back({std::move(what), values(rule, question), rule.span()});
}

std::string sandbox_of(const proto::Workload &workload) {
  return workload.sandbox().empty() ? "process" : workload.sandbox();
}

/// The node has as much of a processor, and is not given the power for it.
bool too_dear(const proto::Workload &workload, const proto::Node &node) {
  const uint64_t asked = workload.resources().cpu_millicores();
  return asked <= node.cpu_millicores() && asked > fed(node);
}

/// As many of every device as is asked for, whoever holds them.
bool has_devices(const proto::Workload &workload, const proto::Node &node) {
  const auto &asked = workload.resources().devices();
  return std::all_of(asked.begin(), asked.end(), [&](const proto::NamedDevice &device) {
    return devices_named(node.devices(), device.name()) >= device.count();
  });
}

} // namespace

bool is_hard(const proto::Rule &rule) {
  return (rule.verb() == proto::Rule::REQUIRE || rule.verb() == proto::Rule::DENY) &&
         !asks_predicted(rule.formula()) && !asks_predicted(rule.where());
}

// With `where` under Kleene's logic: a deny acts unless
// (where and formula) is false, a require unless (not where or formula) is true.
bool removes(const proto::Rule &rule, const Question &question) {
  const Truth about = rule.has_where() ? known_truth(rule.where(), question) : Truth::yes;
  if (about == Truth::no)
    return false;
  const Truth value = known_truth(rule.formula(), question);
  return rule.verb() == proto::Rule::DENY ? value != Truth::no : value != Truth::yes;
}

bool selected(const proto::Select &select, const Place &place, const proto::Intent &intent) {
  const Question question{intent, nullptr, place};
  for (const proto::Rule &rule : select.rules()) {
    const Truth value = known_truth(rule.formula(), question);
    if (rule.verb() == proto::Rule::DENY ? value != Truth::no : value != Truth::yes)
      return false;
  }
  return true;
}

bool truth(const proto::Expr &formula, const Question &question, bool when_unknown) {
  const Truth value = known_truth(formula, question);
  return value == Truth::unknown ? when_unknown : value == Truth::yes;
}

const proto::Capability *said_of(const proto::Node &node, const std::string &capability) {
  for (const proto::Capability &item : node.capabilities())
    if (item.name() == capability)
      return &item;
  return nullptr;
}

bool offers(const proto::Node &node, const std::string &capability) {
  for (const proto::Capability &item : node.capabilities())
    if (item.name() == capability && !item.available())
      return false;
  const std::string sandbox = "sandbox.";
  if (capability.compare(0, sandbox.size(), sandbox) == 0)
    return std::find(node.sandboxes().begin(), node.sandboxes().end(),
                     capability.substr(sandbox.size())) != node.sandboxes().end();
  return said_of(node, capability) != nullptr;
}

std::string spread_group(const Place &place, const std::string &spread) {
  if (spread == "node")
    return place.node->name();
  if (spread == "site")
    return place.node->site();
  if (spread == "zone")
    return place.site ? place.site->zone() : "";
  if (spread == "region")
    return place.site ? place.site->region() : "";
  return "";
}

bool offered(const proto::Workload &workload, const proto::Node &node) {
  return !too_dear(workload, node) && has_devices(workload, node) &&
         offers(node, "sandbox." + sandbox_of(workload)) &&
         (workload.network() != "own" || offers(node, "network.own")) &&
         std::all_of(workload.mounts().begin(), workload.mounts().end(), [&](const auto &mount) {
           return mount.kind().empty() || offers(node, "volume." + mount.kind());
         });
}

std::vector<Broken> broken_rules(const Question &question) {
  const proto::Workload &workload = *question.workload;
  const proto::Node &node = *question.place.node;
  std::vector<Broken> broken;
  for (const proto::Policy &policy : question.intent.policies())
    for (const proto::Rule &rule : policy.rules())
      judge(broken, rule, "policy " + policy.name(), question);
  for (const proto::Rule &rule : workload.place().rules())
    judge(broken, rule, "place of workload " + workload.name(), question);
  if (!workload.place().on().empty()) {
    bool inside = false;
    for (const std::string &name : workload.place().on())
      for (const proto::Select &select : question.intent.selects())
        inside |= select.name() == name && selected(select, question.place, question.intent);
    if (!inside)
      broken.push_back({"place of workload " + workload.name() + ": on",
                        fmt::format("{} is in none of the selections", node.name()),
                        workload.place().on_span()});
  }
  const std::string sandbox = sandbox_of(workload);
  if (!offers(node, "sandbox." + sandbox))
    broken.push_back({"sandbox " + sandbox, node.name() + " does not offer it",
                      workload.sandbox_span().line() ? workload.sandbox_span() : workload.span()});
  if (workload.network() == "own" && !offers(node, "network.own"))
    broken.push_back({"network = own", node.name() + " cannot give one", workload.span()});
  for (const proto::Mount &mount : workload.mounts())
    if (!mount.kind().empty() && !offers(node, "volume." + mount.kind()))
      broken.push_back({fmt::format("volume {} is {}", mount.volume(), mount.kind()),
                        node.name() + " does not keep such volumes", mount.span()});
  if (!has_devices(workload, node))
    broken.push_back({"devices of workload " + workload.name(),
                      node.name() + " has too few of them", workload.resources().span()});
  if (too_dear(workload, node))
    broken.push_back({"cpu of workload " + workload.name(),
                      node.name() + " would draw more power than it is given",
                      workload.resources().span()});
  return broken;
}

} // namespace nemo::verify
