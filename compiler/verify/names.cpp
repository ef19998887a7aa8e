#include "compiler/verify/names.h"

#include <fmt/format.h>

namespace nemo::verify {

namespace {

using Words = std::vector<std::string>;

/// value * num / den in the base units of `dimension`.
proto::Value measured(uint64_t value, Rational::Int num, Rational::Int den, const char *dimension,
                      const char *unit) {
  const auto whole = Rational::make(static_cast<Rational::Int>(value), 1);
  const auto factor = Rational::make(num, den);
  const auto product = whole && factor ? whole->times(*factor) : std::nullopt;
  const auto kind = formula::Dimension::parse(dimension);
  if (!product || !kind)
    return formula::unknown("a number beyond 128 bits");
  return formula::quantity({*product, *kind, unit});
}

proto::Value object(const std::string &kind, const std::string &name) {
  proto::Value value;
  value.set_reference(kind + "." + name);
  return value;
}

template <typename List>
std::optional<proto::Value> label(const List &labels, const Words &path, size_t at) {
  if (path.size() > at + 1 && path[at] == "labels")
    for (const auto &item : labels)
      if (item.key() == path[at + 1])
        return item.value();
  return std::nullopt;
}

std::optional<proto::Value> of_site(const proto::Site &site, const Words &path, size_t at) {
  const std::string what = at < path.size() ? path[at] : "name";
  if (what == "name")
    return formula::text(site.name());
  if (what == "country" && site.has_country())
    return formula::text(site.country());
  if (what == "zone" && site.has_zone())
    return formula::text(site.zone());
  if (what == "region" && site.has_region())
    return formula::text(site.region());
  if (what == "location" && site.has_location())
    return formula::text(site.location());
  if (what == "carbon" && site.has_carbon_mg_per_kwh())
    return measured(site.carbon_mg_per_kwh(), 1, Rational::Int(1000) * 3600000, "gCO2e J^-1",
                    "gCO2e/kWh");
  if (what == "price" && site.has_price_neur_per_kwh())
    return measured(site.price_neur_per_kwh(), 1, Rational::Int(1000000000) * 3600000, "EUR J^-1",
                    "EUR/kWh");
  if (what == "availability" && site.has_availability_ppb())
    return measured(site.availability_ppb(), 1, 1000000000, "", "%");
  return label(site.labels(), path, at);
}

std::optional<proto::Value> of_node(const proto::Node &node, const Words &path) {
  if (path.size() < 2)
    return object("node", node.name());
  const std::string &what = path[1];
  if (what == "name")
    return formula::text(node.name());
  if (what == "class" && node.has_node_class())
    return formula::enumerator(node.node_class());
  if (what == "arch" && node.has_arch())
    return formula::enumerator(node.arch());
  if (what == "cpu")
    return measured(node.cpu_millicores(), 1, 1000, "core", "core");
  if (what == "memory")
    return measured(node.memory_bytes(), 8, 1, "bit", "MiB");
  if (what == "disk" && node.has_disk_bytes())
    return measured(node.disk_bytes(), 8, 1, "bit", "MiB");
  if (what == "gpu" && node.has_gpu_milli())
    return measured(node.gpu_milli(), 1, 1000, "", "");
  if (what == "tpm" && node.has_tpm())
    return formula::boolean(node.tpm());
  if (what == "trust" && node.has_trust())
    return measured(node.trust(), 1, 1, "", "");
  if (what == "price" && node.has_price_neur_per_hour())
    return measured(node.price_neur_per_hour(), 1, Rational::Int(1000000000) * 3600, "EUR s^-1",
                    "EUR/h");
  if (what == "availability" && node.has_availability_ppb())
    return measured(node.availability_ppb(), 1, 1000000000, "", "%");
  if (what == "temperature" && node.has_temperature_mdegc()) {
    const auto kelvin = Rational::make(Rational::Int(node.temperature_mdegc()) + 273150, 1000);
    return formula::quantity({*kelvin, *formula::Dimension::parse("K"), "degC"});
  }
  if (what == "sandboxes") {
    proto::Value list;
    list.mutable_list();
    for (const std::string &kind : node.sandboxes())
      *list.mutable_list()->add_items() = formula::enumerator(kind);
    return list;
  }
  return label(node.labels(), path, 1);
}

std::optional<proto::Value> of_tenant(const Question &question, const Words &path, size_t at) {
  const proto::Tenant *tenant = nullptr;
  for (const proto::Tenant &item : question.intent.tenants())
    if (item.name() == question.workload->tenant())
      tenant = &item;
  if (!tenant)
    return std::nullopt;
  if (at >= path.size())
    return object("tenant", tenant->name());
  if (path[at] == "name")
    return formula::text(tenant->name());
  if (path[at] == "quota" && at + 1 < path.size()) {
    const proto::Resources &quota = tenant->quota();
    const std::string &what = path[at + 1];
    if (what == "cpu" && quota.cpu_millicores())
      return measured(quota.cpu_millicores(), 1, 1000, "core", "core");
    if (what == "memory" && quota.memory_bytes())
      return measured(quota.memory_bytes(), 8, 1, "bit", "GiB");
    if (what == "disk" && quota.disk_bytes())
      return measured(quota.disk_bytes(), 8, 1, "bit", "GiB");
    if (what == "gpu" && quota.gpu_milli())
      return measured(quota.gpu_milli(), 1, 1000, "", "");
    for (const proto::Attribute &rate : tenant->quota_rates())
      if (rate.name() == what)
        return rate.value();
  }
  return label(tenant->labels(), path, at);
}

std::optional<proto::Value> of_workload(const Question &question, const Words &path) {
  const proto::Workload &workload = *question.workload;
  if (path.size() < 2)
    return object("workload", workload.name());
  const std::string &what = path[1];
  if (what == "name")
    return formula::text(workload.name());
  if (what == "tenant")
    return of_tenant(question, path, 2);
  if (what == "sandbox")
    return formula::enumerator(workload.sandbox());
  if (what == "privileged")
    return formula::boolean(workload.privileged());
  if (what == "replicas")
    return measured(workload.replicas_min(), 1, 1, "", "");
  if (what == "data" && path.size() > 2) {
    const proto::Data &data = workload.data();
    if (path[2] == "class" && !data.data_class().empty())
      return formula::enumerator(data.data_class());
    if (path[2] == "location" && !data.location().empty())
      return formula::enumerator(data.location());
    if (path[2] == "subjects" && !data.subjects().empty()) {
      proto::Value list;
      for (const std::string &subject : data.subjects())
        *list.mutable_list()->add_items() = formula::text(subject);
      return list;
    }
  }
  return label(workload.labels(), path, 1);
}

} // namespace

proto::Value value_of(const proto::Ref &ref, const Question &question) {
  const Words path(ref.path().begin(), ref.path().end());
  const std::string root = path.empty() ? "" : path[0];
  std::optional<proto::Value> value;
  std::string whose;
  if (root == "node" || root == "site" || root == "grid") {
    if (question.place.node) {
      whose = question.place.node->name();
      const bool through_node = root == "node" && path.size() > 1 && path[1] == "site";
      if (root == "node" && !through_node)
        value = of_node(*question.place.node, path);
      else if (question.place.site)
        value = of_site(*question.place.site, path, through_node ? 2 : 1);
    }
  } else if (question.workload && (root == "workload" || root == "tenant")) {
    whose = question.workload->name();
    value = root == "workload" ? of_workload(question, path) : of_tenant(question, path, 1);
  }
  if (value)
    return *value;
  const std::string name = formula::to_string(ref);
  return formula::unknown(whose.empty() ? name : fmt::format("{} of {}", name, whose));
}

std::string values_of(const std::vector<const proto::Ref *> &refs, const Question &question) {
  std::string bytes;
  for (const proto::Ref *ref : refs) {
    proto::Value value = value_of(*ref, question);
    if (value.kind_case() == proto::Value::kUnknown)
      value.set_unknown(""); // whose fact is missing decides nothing
    const std::string one = value.SerializeAsString();
    bytes += std::to_string(one.size()) + ':' + one;
  }
  return bytes;
}

bool is_predicted(const proto::Ref &ref) {
  static constexpr const char *roots[] = {"energy",       "carbon",     "cost",  "latency",
                                          "availability", "throughput", "error", "frame",
                                          "jitter",       "downtime"};
  for (const char *root : roots)
    if (ref.path_size() && ref.path(0) == root)
      return true;
  return false;
}

bool is_of_node(const proto::Ref &ref) {
  return ref.path_size() &&
         (ref.path(0) == "node" || ref.path(0) == "site" || ref.path(0) == "grid");
}

bool asks_predicted(const proto::Expr &formula) {
  for (const proto::Ref *ref : formula::references(formula))
    if (is_predicted(*ref))
      return true;
  return false;
}

} // namespace nemo::verify
