// The capability check. An intent may say more than the backend at hand delivers; it is refused
// here, naming the object, the need, and the nearest node or backend that could.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/network/network.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

class Check {
public:
  Check(const stages::Inputs &inputs, const stages::Resolved &resolved)
      : inputs_(inputs), intent_(inputs.intent()), world_(resolved.world()),
        backend_(inputs.backend().name().empty()
                     ? std::string("nothing here delivers")
                     : fmt::format("the {} backend does not deliver", inputs.backend().name())) {}

  std::vector<Diagnostic> run() {
    for (const proto::Object &object : intent_.objects())
      if (object.kind() == "flow")
        flow(object);
      else
        block(object, (object.labels().empty() ? std::string() : " " + object.labels(0)), "");
    for (const proto::Cluster &cluster : intent_.clusters())
      if (!cluster.kind().empty() && !delivers("cluster." + cluster.kind()))
        refuse(fmt::format("cluster {} is managed by {}", cluster.name(), cluster.kind()),
               "cluster." + cluster.kind(), cluster.span(), "leave `kind` out");
    for (const proto::Workload &workload : intent_.workloads())
      of(workload);
    for (const proto::Tenant &tenant : intent_.tenants())
      if (!tenant.tariff().empty())
        refuse(fmt::format("tenant {} has a tariff", tenant.name()), "metering",
               tenant.tariff(0).span().line() ? tenant.tariff(0).span() : tenant.span(),
               "leave `tariff` out");
    gates();
    return std::move(out_);
  }

private:
  // Who comes nearest: the backend, if it says that it can; else any node; else nobody.
  std::string nearest(const std::string &capability) const {
    for (const proto::Capability &known : inputs_.backend().capabilities())
      if (known.name() == capability)
        return known.available()
                   ? fmt::format("backend {} says that it could", inputs_.backend().name())
                   : fmt::format("backend {}: {}", inputs_.backend().name(),
                                 known.reason().empty() ? "cannot" : known.reason());
    std::string said;
    for (const proto::Node &node : world_.nodes())
      for (const proto::Capability &known : node.capabilities())
        if (known.name() == capability) {
          if (known.available())
            return fmt::format("node {} says that it could, but nothing here plans for it",
                               node.name());
          if (said.empty())
            said = fmt::format("nearest: node {}, which cannot{}", node.name(),
                               known.reason().empty() ? "" : ": " + known.reason());
        }
    return said.empty() ? "no node and no backend here can" : said;
  }

  bool delivers(const std::string &capability) const {
    return std::any_of(
        inputs_.backend().capabilities().begin(), inputs_.backend().capabilities().end(),
        [&](const auto &known) { return known.name() == capability && known.available(); });
  }

  void refuse(std::string what, const std::string &capability, const proto::Span &span,
              std::string fix) {
    Diagnostic fault =
        report(diag::N0601, fmt::format("{}, which {}", what, backend_), intent_, span);
    fault.notes.push_back(note(fmt::format("needed: {}; {}", capability, nearest(capability))));
    fault.fix = std::move(fix);
    out_.push_back(std::move(fault));
  }

  void block(const proto::Object &object, const std::string &name, const std::string &owner) {
    refuse(fmt::format("{}{}{} is asked for", owner, object.kind(), name), object.kind(),
           object.span(), fmt::format("leave the block `{}` out", object.kind()));
  }

  // What a plan can promise of a flow is predicted; what would have to be done for it is not here.
  void flow(const proto::Object &object) {
    static const std::map<std::string, std::pair<std::string, std::string>> asked = {
        {"paths", {"1", "redundancy"}},
        {"disjoint", {"none", "redundancy"}},
        {"cipher", {"none", "cipher"}},
        {"priority", {"0", "priority"}}};
    const std::string name = object.labels().empty() ? "" : object.labels(0);
    for (const proto::Attribute &attribute : object.attributes())
      if (const auto known = asked.find(attribute.name());
          known != asked.end() && formula::to_string(attribute.value()) != known->second.first)
        refuse(fmt::format("flow {} has {} = {}", name, attribute.name(),
                           formula::to_string(attribute.value())),
               known->second.second, attribute.span(),
               fmt::format("leave `{}` out", attribute.name()));
    for (const proto::Object &child : object.children())
      if (child.kind() != "labels")
        block(child, "", fmt::format("flow {}: ", name));
  }

  void of(const proto::Workload &workload) {
    for (const proto::Object &other : workload.others())
      block(other, other.labels().empty() ? "" : " " + other.labels(0),
            fmt::format("workload {}: ", workload.name()));
    if (workload.privileged())
      refuse(fmt::format("workload {} is privileged", workload.name()), "privileged",
             workload.span(), "leave `privileged` out: sandboxes drop every capability");
    const std::string sandbox = workload.sandbox().empty() ? "process" : workload.sandbox();
    offered(workload, "sandbox." + sandbox, workload.sandbox_span());
    if (workload.network() == "own")
      offered(workload, "network.own", workload.span());
    for (const proto::Mount &mount : workload.mounts())
      if (!mount.kind().empty())
        offered(workload, "volume." + mount.kind(), mount.span());
    if (sandbox == "process" && workload.exec().empty())
      refuse(fmt::format("workload {} runs an image in a process sandbox", workload.name()),
             "sandbox.container",
             workload.sandbox_span().line() ? workload.sandbox_span() : workload.span(),
             "use `sandbox = container`, or give `exec`");
  }

  void offered(const proto::Workload &workload, const std::string &capability,
               const proto::Span &span) {
    if (world_.nodes().empty())
      return; // said once, by placement
    auto [known, fresh] = offered_.try_emplace(capability, false);
    if (fresh)
      known->second =
          std::any_of(world_.nodes().begin(), world_.nodes().end(), [&](const proto::Node &node) {
            return offers(node, capability) == Offer::yes;
          });
    if (known->second)
      return;
    Diagnostic fault = report(
        diag::N0602,
        fmt::format("workload {} needs {}, and no node offers it", workload.name(), capability),
        intent_, is_known(span) ? span : workload.span());
    // Nearest are those that know of it and say what is in the way.
    std::vector<std::pair<const proto::Node *, std::string>> near, far;
    for (const proto::Node &node : world_.nodes()) {
      const proto::Capability *known = nullptr;
      for (const proto::Capability &said : node.capabilities())
        if (said.name() == capability)
          known = &said;
      if (known)
        near.emplace_back(&node, known->reason().empty() ? "cannot" : "cannot: " + known->reason());
      else
        far.emplace_back(&node, "does not say that it can");
    }
    near.insert(near.end(), far.begin(), far.end());
    near.resize(std::min<size_t>(near.size(), 3));
    for (const auto &[node, cause] : near) {
      std::vector<std::string> kinds(node->sandboxes().begin(), node->sandboxes().end());
      fault.notes.push_back(
          note(fmt::format("node {} {} (sandboxes: {})", node->name(), cause,
                           kinds.empty() ? std::string("none") : enumerate(kinds))));
    }
    fault.fix = "ask for what a node offers, or add a node that offers it";
    out_.push_back(std::move(fault));
  }

  // Order between workloads needs a backend that keeps it.
  void gates() {
    const auto &known = inputs_.backend().capabilities();
    if (known.empty() || std::any_of(known.begin(), known.end(), [](const auto &capability) {
          return capability.name() == "gates" && capability.available();
        }))
      return;
    for (const proto::Workload &workload : intent_.workloads())
      if (!workload.after().empty()) {
        refuse(fmt::format("workload {} starts after {}", workload.name(), workload.after(0)),
               "gates", is_known(workload.after_span()) ? workload.after_span() : workload.span(),
               "leave `after` out, or use a backend with gates");
        return;
      }
  }

  const stages::Inputs &inputs_;
  const proto::Intent &intent_;
  const proto::Fleet &world_;
  std::string backend_; ///< "the local backend does not deliver"
  std::map<std::string, bool> offered_;
  std::vector<Diagnostic> out_;
};

} // namespace

std::vector<Diagnostic> undeliverable(const stages::Inputs &inputs,
                                      const stages::Resolved &resolved) {
  if (inputs.destroy())
    return {};
  return Check(inputs, resolved).run();
}

} // namespace nemo::compiler
