// What the plan must show although nobody asked: limits and filters that nodes say they cannot
// enforce, and declarations about nodes that nobody reports.
#include "compiler/verify/case.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/verify/shortfalls.h"
#include "compiler/verify/there.h"

namespace nemo::verify {

std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>>
shortfalls_of(const Case &subject) {
  std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> all;
  for (const Replica &replica : subject.replicas) {
    const proto::Workload &workload = *replica.workload;
    std::set<std::string> relied;
    if (workload.resources().cpu_millicores())
      relied.insert("limit.cpu");
    if (workload.resources().memory_bytes())
      relied.insert("limit.memory");
    if (workload.resources().pids())
      relied.insert("limit.pids");
    if (std::any_of(workload.mounts().begin(), workload.mounts().end(),
                    [](const proto::Mount &mount) {
                      return mount.size_bytes() != 0 && mount.kind().empty();
                    }))
      relied.insert("limit.volume");
    const proto::Node &node = *subject.world.at(replica.node).node;
    if (workload.resources().gpu_milli()) {
      relied.insert("gpu");
      if (std::none_of(node.capabilities().begin(), node.capabilities().end(),
                       [](const proto::Capability &one) { return one.name() == "gpu"; }))
        all[{workload.name(), replica.node}].emplace("gpu", explain::hands_out_no_devices());
    }
    if (!workload.resources().devices().empty()) {
      relied.insert("devices");
      if (std::none_of(node.capabilities().begin(), node.capabilities().end(),
                       [](const proto::Capability &one) { return one.name() == "devices"; }))
        all[{workload.name(), replica.node}].emplace("devices", explain::hands_out_no_devices());
    }
    if (workload.sandbox().empty() || workload.sandbox() == "process")
      relied.insert({"landlock.files", "landlock.tcp", "seccomp"});
    for (const proto::Capability &capability : node.capabilities())
      if (!capability.available() && relied.count(capability.name()))
        all[{workload.name(), replica.node}].emplace(capability.name(), capability.reason());
  }
  return all;
}

void check_shortfalls(const Case &subject, Faults &faults) {
  google::protobuf::RepeatedPtrField<proto::Shortfall> expected;
  for (const auto &[where, lacking] : shortfalls_of(subject))
    for (const auto &[capability, reason] : lacking) {
      proto::Shortfall &item = *expected.Add();
      item.set_workload(where.first);
      item.set_node(where.second);
      item.set_capability(capability);
      item.set_reason(reason);
    }
  faults.compare_lists(diag::N0720, "shortfalls", subject.plan.shortfalls(), expected);
}

void check_findings(const Case &subject, Faults &faults) {
  google::protobuf::RepeatedPtrField<proto::Diagnostic> expected;
  auto warn = [&](const proto::Inventory &item, std::string message, const char *fix) {
    const proto::Span &span = item.facts().span();
    proto::Diagnostic &warning = *expected.Add();
    warning.set_id(diag::N0509.id);
    warning.set_severity("warning");
    warning.set_message(std::move(message));
    if (span.line() && span.file() < static_cast<uint32_t>(subject.intent.files_size())) {
      warning.set_file(subject.intent.files(static_cast<int>(span.file())).path());
      *warning.mutable_span() = span;
    }
    warning.set_fix(fix);
  };
  const World &world = subject.world;
  for (const proto::Inventory &item : subject.intent.inventory())
    if (item.kind() == "node" && !world.nodes.count(item.name()))
      warn(item, fmt::format("node {} is declared, and no agent reports it", item.name()),
           "start nemo-agent there, or correct the name");
  for (const proto::Inventory &item : subject.intent.inventory())
    for (const std::string &end : item.facts().labels())
      if (item.kind() == "link" && !world.nodes.count(end) && !world.sites.count(end))
        warn(item, fmt::format("link {}: there is no node or site {}", item.name(), end),
             "name a node of the fleet, or a site that is declared or reported");
  std::set<std::string> guarded;
  for (const There &there : subject.there)
    if (there.guarded && !there.retiring)
      guarded.insert(there.workload);
  for (const proto::Workload &workload : subject.intent.workloads())
    if (!subject.plan.destroy() && !workload.protect() && guarded.count(workload.name())) {
      proto::Diagnostic &warning = *expected.Add();
      warning.set_id(diag::N0753.id);
      warning.set_severity("warning");
      warning.set_message(explain::still_protected(workload.name()));
      if (workload.span().line() &&
          workload.span().file() < static_cast<uint32_t>(subject.intent.files_size())) {
        warning.set_file(subject.intent.files(static_cast<int>(workload.span().file())).path());
        *warning.mutable_span() = workload.span();
      }
      warning.set_fix(explain::unprotect_fix(workload.name(), subject.plan.stack()));
    }
  faults.compare_lists(diag::N0720, "diagnostics", subject.plan.diagnostics(), expected);
}

} // namespace nemo::verify
