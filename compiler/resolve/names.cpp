// The lookup behind every formula that the compiler evaluates. A new fact of the language is one
// line in intent/schema and one line here.
#include "compiler/resolve/names.h"

#include <unordered_map>

#include <fmt/format.h>

namespace nemo::compiler {

namespace {

using Path = const google::protobuf::RepeatedPtrField<std::string> &;

proto::Value whole(uint64_t value, int64_t num, int64_t den, llvm::StringRef dimension,
                   llvm::StringRef unit) {
  std::optional<Rational> scale = Rational::make(num, den);
  std::optional<Rational> number = Rational::make(static_cast<Rational::Int>(value), 1);
  return measure(number && scale ? number->times(*scale) : std::nullopt, dimension, unit);
}

proto::Value missing(const proto::Ref &ref, llvm::StringRef whose) {
  return formula::unknown(fmt::format("{} of {}", formula::to_string(ref), whose.str()));
}

template <typename Facts>
proto::Value labelled(const Facts &labels, const std::string &key, const proto::Ref &ref,
                      llvm::StringRef whose) {
  for (const auto &label : labels)
    if (label.key() == key)
      return label.value();
  return missing(ref, whose);
}

// `at`: index in the path of the member after "site".
proto::Value site_fact(const proto::Ref &ref, int at, const NodeView &view) {
  Path path = ref.path();
  const proto::Site *site = view.site;
  std::string whose = site ? site->name() : view.node->name();
  const std::string member = at < path.size() ? path[at] : "name";
  if (!site)
    return missing(ref, view.node->name());
  if (member == "name")
    return formula::text(site->name());
  if (member == "country" && site->has_country())
    return formula::text(site->country());
  if (member == "zone" && site->has_zone())
    return formula::text(site->zone());
  if (member == "region" && site->has_region())
    return formula::text(site->region());
  if (member == "location" && site->has_location())
    return formula::text(site->location());
  if (member == "carbon" && site->has_carbon_mg_per_kwh())
    return whole(site->carbon_mg_per_kwh(), 1, 1000 * int64_t{3600000}, "gCO2e J^-1", "gCO2e/kWh");
  if (member == "price" && site->has_price_neur_per_kwh())
    return whole(site->price_neur_per_kwh(), 1, 1000000000 * int64_t{3600000}, "EUR J^-1",
                 "EUR/kWh");
  if (member == "availability" && site->has_availability_ppb())
    return whole(site->availability_ppb(), 1, 1000000000, "", "%");
  if (member == "labels" && at + 1 < path.size())
    return labelled(site->labels(), path[at + 1], ref, whose);
  return missing(ref, whose);
}

proto::Value node_fact(const proto::Ref &ref, const NodeView &view) {
  Path path = ref.path();
  const proto::Node &node = *view.node;
  const std::string member = path.size() > 1 ? path[1] : "";
  if (member.empty()) {
    proto::Value value;
    value.set_reference("node." + node.name());
    return value;
  }
  if (member == "site")
    return site_fact(ref, 2, view);
  if (member == "name")
    return formula::text(node.name());
  if (member == "class" && node.has_node_class())
    return formula::enumerator(node.node_class());
  if (member == "arch" && node.has_arch())
    return formula::enumerator(node.arch());
  if (member == "cpu")
    return whole(node.cpu_millicores(), 1, 1000, "core", "core");
  if (member == "memory")
    return whole(node.memory_bytes(), 8, 1, "bit", "MiB");
  if (member == "disk" && node.has_disk_bytes())
    return whole(node.disk_bytes(), 8, 1, "bit", "MiB");
  if (member == "gpu" && node.has_gpu_milli())
    return whole(node.gpu_milli(), 1, 1000, "", "");
  if (member == "tpm" && node.has_tpm())
    return formula::boolean(node.tpm());
  if (member == "trust" && node.has_trust())
    return whole(node.trust(), 1, 1, "", "");
  if (member == "price" && node.has_price_neur_per_hour())
    return whole(node.price_neur_per_hour(), 1, 1000000000 * int64_t{3600}, "EUR s^-1", "EUR/h");
  if (member == "availability" && node.has_availability_ppb())
    return whole(node.availability_ppb(), 1, 1000000000, "", "%");
  if (member == "temperature" && node.has_temperature_mdegc())
    return measure(Rational::make(Rational::Int(node.temperature_mdegc()) + 273150, 1000), "K",
                   "degC");
  if (member == "sandboxes") {
    proto::Value value;
    value.mutable_list();
    for (const std::string &kind : node.sandboxes())
      *value.mutable_list()->add_items() = formula::enumerator(kind);
    return value;
  }
  if (member == "labels" && path.size() > 2)
    return labelled(node.labels(), path[2], ref, node.name());
  return missing(ref, node.name());
}

const proto::Tenant *tenant_of(const Subject &subject) {
  if (subject.intent && subject.workload)
    for (const proto::Tenant &tenant : subject.intent->tenants())
      if (tenant.name() == subject.workload->tenant())
        return &tenant;
  return nullptr;
}

proto::Value tenant_reference(const proto::Ref &ref, const proto::Workload &workload) {
  if (workload.tenant().empty())
    return missing(ref, workload.name());
  proto::Value value;
  value.set_reference("tenant." + workload.tenant());
  return value;
}

proto::Value tenant_fact(const proto::Ref &ref, int at, const Subject &subject) {
  Path path = ref.path();
  if (at >= path.size())
    return tenant_reference(ref, *subject.workload);
  const proto::Tenant *tenant = tenant_of(subject);
  if (!tenant)
    return missing(ref, subject.workload->name());
  if (path[at] == "name")
    return formula::text(tenant->name());
  if (path[at] == "labels" && at + 1 < path.size())
    return labelled(tenant->labels(), path[at + 1], ref, tenant->name());
  if (path[at] == "quota" && at + 1 < path.size()) {
    const std::string &what = path[at + 1];
    const proto::Resources &quota = tenant->quota();
    if (what == "cpu" && quota.cpu_millicores())
      return whole(quota.cpu_millicores(), 1, 1000, "core", "core");
    if (what == "memory" && quota.memory_bytes())
      return whole(quota.memory_bytes(), 8, 1, "bit", "GiB");
    if (what == "disk" && quota.disk_bytes())
      return whole(quota.disk_bytes(), 8, 1, "bit", "GiB");
    if (what == "gpu" && quota.gpu_milli())
      return whole(quota.gpu_milli(), 1, 1000, "", "");
    for (const proto::Attribute &rate : tenant->quota_rates())
      if (rate.name() == what)
        return rate.value();
  }
  return missing(ref, tenant->name());
}

proto::Value workload_fact(const proto::Ref &ref, const Subject &subject) {
  Path path = ref.path();
  const proto::Workload &workload = *subject.workload;
  const std::string member = path.size() > 1 ? path[1] : "";
  if (member.empty()) {
    proto::Value value;
    value.set_reference("workload." + workload.name());
    return value;
  }
  if (member == "name")
    return formula::text(workload.name());
  if (member == "tenant")
    return tenant_fact(ref, 2, subject);
  if (member == "sandbox")
    return formula::enumerator(workload.sandbox());
  if (member == "privileged")
    return formula::boolean(workload.privileged());
  if (member == "replicas")
    return whole(workload.replicas_min(), 1, 1, "", "");
  if (member == "data" && path.size() > 2) {
    const proto::Data &data = workload.data();
    if (path[2] == "class" && !data.data_class().empty())
      return formula::enumerator(data.data_class());
    if (path[2] == "location" && !data.location().empty())
      return formula::enumerator(data.location());
    if (path[2] == "subjects" && !data.subjects().empty()) {
      proto::Value value;
      for (const std::string &subject_name : data.subjects())
        *value.mutable_list()->add_items() = formula::text(subject_name);
      return value;
    }
  }
  if (member == "labels" && path.size() > 2)
    return labelled(workload.labels(), path[2], ref, workload.name());
  return missing(ref, workload.name());
}

} // namespace

std::vector<NodeView> views(const proto::Fleet &world) {
  std::unordered_map<std::string, const proto::Site *> sites;
  for (const proto::Site &site : world.sites())
    sites.emplace(site.name(), &site);
  std::vector<NodeView> result;
  result.reserve(static_cast<size_t>(world.nodes_size()));
  for (const proto::Node &node : world.nodes()) {
    auto site = sites.find(node.site());
    result.push_back({&node, site == sites.end() ? nullptr : site->second});
  }
  return result;
}

proto::Value lookup(const proto::Ref &ref, const Subject &subject) {
  const std::string root = ref.path().empty() ? "" : ref.path(0);
  switch (supplier(ref)) {
  case Supplier::node:
    if (!subject.node)
      return formula::unknown(formula::to_string(ref));
    return root == "node" ? node_fact(ref, *subject.node) : site_fact(ref, 1, *subject.node);
  case Supplier::workload:
    if (!subject.workload)
      return formula::unknown(formula::to_string(ref));
    return root == "tenant" ? tenant_fact(ref, 1, subject) : workload_fact(ref, subject);
  default:
    return formula::unknown(formula::to_string(ref));
  }
}

Supplier supplier(const proto::Ref &ref) {
  const llvm::StringRef root = ref.path().empty() ? llvm::StringRef() : ref.path(0);
  if (root == "node" || root == "site" || root == "grid")
    return Supplier::node;
  if (root == "workload" || root == "tenant")
    return Supplier::workload;
  if (root == "energy" || root == "carbon" || root == "cost" || root == "latency" ||
      root == "availability" || root == "throughput" || root == "error" || root == "frame" ||
      root == "jitter" || root == "downtime")
    return Supplier::figure;
  return Supplier::nobody;
}

bool asks(const proto::Expr &formula, Supplier who) {
  for (const proto::Ref *ref : formula::references(formula))
    if (supplier(*ref) == who)
      return true;
  return false;
}

Offer offers(const proto::Node &node, const std::string &capability) {
  for (const proto::Capability &known : node.capabilities())
    if (known.name() == capability && !known.available())
      return Offer::no;
  llvm::StringRef kind = capability;
  if (kind.consume_front("sandbox.")) {
    for (const std::string &offered : node.sandboxes())
      if (kind == offered)
        return Offer::yes;
    return Offer::no;
  }
  for (const proto::Capability &known : node.capabilities())
    if (known.name() == capability)
      return Offer::yes;
  return Offer::unknown;
}

proto::Value measure(std::optional<Rational> value, llvm::StringRef dimension,
                     llvm::StringRef unit) {
  std::optional<formula::Dimension> parsed = formula::Dimension::parse(dimension);
  if (!value || !parsed)
    return formula::unknown("a figure that does not fit 128 bits");
  return formula::quantity({*value, *parsed, unit.str()});
}

} // namespace nemo::compiler
