// Declared inventory over discovered inventory. A declared node that no agent reports stays out: it
// cannot be given work, and a warning says so.
#include "compiler/resolve/overlay.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/resolve/report.h"
#include "protocol/formula/evaluate.h"

namespace nemo::compiler {

namespace {

std::string word(const proto::Value &value) {
  switch (value.kind_case()) {
  case proto::Value::kText:
    return value.text();
  case proto::Value::kEnumerator:
    return value.enumerator();
  case proto::Value::kReference: {
    llvm::StringRef name = value.reference();
    return name.substr(name.find('.') + 1).str();
  }
  default:
    return {};
  }
}

// A quantity in base units times `num`/`den`, as an integer; nullopt for what does not fit.
std::optional<int64_t> scaled(const proto::Value &value, int64_t num, int64_t den) {
  if (!value.has_quantity())
    return std::nullopt;
  std::optional<formula::Quantity> quantity = formula::from_proto(value.quantity());
  std::optional<Rational> factor = Rational::make(num, den);
  std::optional<Rational> result =
      quantity && factor ? quantity->value.times(*factor) : std::nullopt;
  return result ? result->nearest() : std::nullopt;
}

const proto::Value *find(const proto::Object &object, llvm::StringRef name,
                         const proto::Span **span = nullptr) {
  for (const proto::Attribute &attribute : object.attributes())
    if (attribute.name() == name) {
      if (span)
        *span = &attribute.span();
      return &attribute.value();
    }
  return nullptr;
}

const proto::Object *child(const proto::Object &object, llvm::StringRef kind) {
  for (const proto::Object &candidate : object.children())
    if (candidate.kind() == kind)
      return &candidate;
  return nullptr;
}

void overlay_labels(const proto::Object &declared,
                    google::protobuf::RepeatedPtrField<proto::Fact> &labels) {
  const proto::Object *block = child(declared, "labels");
  if (!block)
    return;
  for (const proto::Attribute &attribute : block->attributes()) {
    auto known = std::find_if(labels.begin(), labels.end(), [&](const proto::Fact &fact) {
      return fact.key() == attribute.name();
    });
    proto::Fact *fact = known == labels.end() ? labels.Add() : &*known;
    fact->set_key(attribute.name());
    *fact->mutable_value() = attribute.value();
  }
}

constexpr int64_t joule_per_kwh = 3600000;

void overlay_site(const proto::Object &declared, proto::Site &site) {
  auto fill = [&](const char *name, bool known, auto set) {
    if (const proto::Value *value = find(declared, name); value && !known)
      set(word(*value));
  };
  fill("country", site.has_country(), [&](std::string text) { site.set_country(text); });
  fill("zone", site.has_zone(), [&](std::string text) { site.set_zone(text); });
  fill("region", site.has_region(), [&](std::string text) { site.set_region(text); });
  fill("location", site.has_location(), [&](std::string text) { site.set_location(text); });
  if (const proto::Value *value = find(declared, "carbon"))
    if (auto carbon = scaled(*value, 1000 * joule_per_kwh, 1); carbon && *carbon >= 0)
      site.set_carbon_mg_per_kwh(static_cast<uint64_t>(*carbon));
  if (const proto::Value *value = find(declared, "price"))
    if (auto price = scaled(*value, 1000000000 * joule_per_kwh, 1); price && *price >= 0)
      site.set_price_neur_per_kwh(static_cast<uint64_t>(*price));
  if (const proto::Value *value = find(declared, "availability"))
    if (auto share = scaled(*value, 1000000000, 1); share && *share >= 0)
      site.set_availability_ppb(static_cast<uint64_t>(*share));
  overlay_labels(declared, *site.mutable_labels());
}

struct ResourceField {
  const char *name;
  int64_t num, den; ///< from base units to the field's unit
  std::optional<uint64_t> (*get)(const proto::Node &);
  void (*set)(proto::Node &, uint64_t);
};
constexpr ResourceField resource_fields[] = {
    {"cpu", 1000, 1,
     [](const proto::Node &n) { return std::optional<uint64_t>(n.cpu_millicores()); },
     [](proto::Node &n, uint64_t v) { n.set_cpu_millicores(v); }},
    {"memory", 1, 8, [](const proto::Node &n) { return std::optional<uint64_t>(n.memory_bytes()); },
     [](proto::Node &n, uint64_t v) { n.set_memory_bytes(v); }},
    {"disk", 1, 8,
     [](const proto::Node &n) {
       return n.has_disk_bytes() ? std::optional<uint64_t>(n.disk_bytes()) : std::nullopt;
     },
     [](proto::Node &n, uint64_t v) { n.set_disk_bytes(v); }},
    {"gpu", 1000, 1,
     [](const proto::Node &n) {
       return n.has_gpu_milli() ? std::optional<uint64_t>(n.gpu_milli()) : std::nullopt;
     },
     [](proto::Node &n, uint64_t v) { n.set_gpu_milli(v); }},
    {"pids", 1, 1,
     [](const proto::Node &n) {
       return n.has_pids() ? std::optional<uint64_t>(n.pids()) : std::nullopt;
     },
     [](proto::Node &n, uint64_t v) { n.set_pids(v); }},
};

void overlay_resources(const proto::Intent &intent, const proto::Object &block, proto::Node &node,
                       std::vector<Diagnostic> &out) {
  for (const ResourceField &field : resource_fields) {
    const proto::Span *span = nullptr;
    const proto::Value *value = find(block, field.name, &span);
    std::optional<int64_t> declared = value ? scaled(*value, field.num, field.den) : std::nullopt;
    if (!declared || *declared < 0)
      continue;
    std::optional<uint64_t> known = field.get(node);
    if (known && static_cast<uint64_t>(*declared) > *known) {
      Diagnostic fault = report(
          diag::N0508,
          fmt::format("node {} is declared with more {} than it has", node.name(), field.name),
          intent, *span);
      fault.notes.push_back(note(fmt::format("declared: {}; its agent found {} ({})",
                                             formula::to_string(*value), *known,
                                             field.den == 8      ? "bytes"
                                             : field.num == 1000 ? "thousandths"
                                                                 : "in all")));
      fault.fix = "declare at most what is there; declaring less keeps the rest free";
      out.push_back(std::move(fault));
      continue;
    }
    field.set(node, static_cast<uint64_t>(*declared));
  }
}

template <typename Named> void sort_by_name(google::protobuf::RepeatedPtrField<Named> &list) {
  std::stable_sort(list.pointer_begin(), list.pointer_end(),
                   [](const Named *a, const Named *b) { return a->name() < b->name(); });
}

void overlay_devices(const proto::Intent &intent, const proto::Object &block, proto::Node &node,
                     std::vector<Diagnostic> &out) {
  for (const proto::Attribute &declared : block.attributes()) {
    const std::optional<int64_t> count = scaled(declared.value(), 1, 1);
    if (!count || *count < 0)
      continue;
    const auto known =
        std::find_if(node.mutable_devices()->begin(), node.mutable_devices()->end(),
                     [&](const proto::NamedDevice &one) { return one.name() == declared.name(); });
    if (known == node.mutable_devices()->end()) {
      proto::NamedDevice &device = *node.add_devices();
      device.set_name(declared.name());
      device.set_count(static_cast<uint32_t>(*count));
    } else if (static_cast<uint64_t>(*count) <= known->count()) {
      known->set_count(static_cast<uint32_t>(*count));
    } else {
      Diagnostic fault = report(diag::N0508,
                                fmt::format("node {} is declared with more devices {} than it has",
                                            node.name(), declared.name()),
                                intent, declared.span());
      fault.notes.push_back(
          note(fmt::format("declared: {}; its agent found {}", *count, known->count())));
      fault.fix = "declare at most what is there; declaring less keeps the rest free";
      out.push_back(std::move(fault));
    }
  }
  sort_by_name(*node.mutable_devices());
}

void overlay_node(const proto::Intent &intent, const proto::Object &declared, proto::Node &node,
                  std::vector<Diagnostic> &out) {
  if (const proto::Value *value = find(declared, "site"); value && node.site().empty())
    node.set_site(word(*value));
  if (const proto::Value *value = find(declared, "class"))
    node.set_node_class(word(*value));
  if (const proto::Value *value = find(declared, "arch"); value && !node.has_arch())
    node.set_arch(word(*value));
  if (const proto::Value *value = find(declared, "tpm");
      value && value->kind_case() == proto::Value::kBoolean && !node.has_tpm())
    node.set_tpm(value->boolean());
  if (const proto::Value *value = find(declared, "trust"))
    if (auto trust = scaled(*value, 1, 1); trust && *trust >= 0)
      node.set_trust(static_cast<uint64_t>(*trust));
  if (const proto::Value *value = find(declared, "price"))
    if (auto price = scaled(*value, 1000000000 * int64_t{3600}, 1); price && *price >= 0)
      node.set_price_neur_per_hour(static_cast<uint64_t>(*price));
  if (const proto::Value *value = find(declared, "availability"))
    if (auto share = scaled(*value, 1000000000, 1); share && *share >= 0)
      node.set_availability_ppb(static_cast<uint64_t>(*share));
  if (const proto::Value *value = find(declared, "supply"))
    if (auto supply = scaled(*value, 1000, 1); supply && *supply >= 0)
      node.set_supply_mw(static_cast<uint64_t>(*supply));
  if (const proto::Value *value = find(declared, "duty-cycle"))
    if (auto share = scaled(*value, 1000000000, 1); share && *share >= 0)
      node.set_duty_ppb(static_cast<uint64_t>(*share));
  if (const proto::Value *value = find(declared, "duty-period"))
    if (auto period = scaled(*value, 1000, 1); period && *period >= 0)
      node.set_duty_period_ms(static_cast<uint64_t>(*period));
  if (const proto::Value *value = find(declared, "pull"))
    if (auto pull = scaled(*value, 1, 1); pull && *pull >= 0)
      node.set_pull_bps(static_cast<uint64_t>(*pull));
  // A declared list of sandboxes narrows what the agent found: declaring one does not install it.
  if (const proto::Value *value = find(declared, "sandboxes"); value && value->has_list()) {
    std::vector<std::string> kept;
    for (const std::string &kind : node.sandboxes())
      for (const proto::Value &item : value->list().items())
        if (word(item) == kind)
          kept.push_back(kind);
    node.clear_sandboxes();
    for (const std::string &kind : kept)
      node.add_sandboxes(kind);
  }
  if (const proto::Object *power = child(declared, "power")) {
    if (const proto::Value *value = find(*power, "idle"))
      if (auto idle = scaled(*value, 1000, 1); idle && *idle >= 0)
        node.set_power_idle_mw(static_cast<uint64_t>(*idle));
    if (const proto::Value *value = find(*power, "max"))
      if (auto most = scaled(*value, 1000, 1); most && *most >= 0)
        node.set_power_max_mw(static_cast<uint64_t>(*most));
  }
  if (const proto::Object *suspend = child(declared, "suspend")) {
    if (const proto::Value *value = find(*suspend, "power"))
      if (auto drawn = scaled(*value, 1000, 1); drawn && *drawn >= 0)
        node.set_power_suspended_mw(static_cast<uint64_t>(*drawn));
    if (const proto::Value *value = find(*suspend, "wake"))
      if (auto wake = scaled(*value, 1000, 1); wake && *wake >= 0)
        node.set_wake_ms(static_cast<uint64_t>(*wake));
  }
  if (const proto::Object *resources = child(declared, "resources")) {
    overlay_resources(intent, *resources, node, out);
    if (const proto::Object *devices = child(*resources, "devices"))
      overlay_devices(intent, *devices, node, out);
  }
  overlay_labels(declared, *node.mutable_labels());
}

void overlay_link(const proto::Object &declared, proto::Fleet &world) {
  if (declared.labels_size() < 2)
    return;
  proto::Link *link = nullptr;
  for (proto::Link &known : *world.mutable_links())
    if (known.from() == declared.labels(0) && known.to() == declared.labels(1))
      link = &known;
  if (!link) {
    link = world.add_links();
    link->set_from(declared.labels(0));
    link->set_to(declared.labels(1));
  }
  if (const proto::Value *value = find(declared, "latency"); value && !link->has_latency_ns())
    if (auto latency = scaled(*value, 1000000000, 1); latency && *latency >= 0)
      link->set_latency_ns(static_cast<uint64_t>(*latency));
  if (const proto::Value *value = find(declared, "bandwidth"); value && !link->has_bandwidth_bps())
    if (auto bandwidth = scaled(*value, 1, 1); bandwidth && *bandwidth >= 0)
      link->set_bandwidth_bps(static_cast<uint64_t>(*bandwidth));
  if (const proto::Value *value = find(declared, "price"))
    if (auto price = scaled(*value, (int64_t{1} << 33) * 1000000000, 1); price && *price >= 0)
      link->set_price_neur_per_gib(static_cast<uint64_t>(*price));
}

} // namespace

Overlaid overlay(const proto::Intent &intent, const proto::Fleet &fleet) {
  Overlaid result;
  proto::Fleet &world = result.world;
  world.set_version(fleet.version());
  world.set_at(fleet.at());
  *world.mutable_sites() = fleet.sites();
  *world.mutable_nodes() = fleet.nodes();
  *world.mutable_links() = fleet.links();
  std::map<std::string, proto::Site *> sites;
  std::map<std::string, proto::Node *> nodes;
  for (proto::Site &site : *world.mutable_sites())
    sites.emplace(site.name(), &site);
  for (proto::Node &node : *world.mutable_nodes())
    nodes.emplace(node.name(), &node);

  for (const proto::Inventory &item : intent.inventory()) {
    if (item.kind() == "site") {
      proto::Site *&site = sites[item.name()];
      if (!site) {
        site = world.add_sites();
        site->set_name(item.name());
      }
      overlay_site(item.facts(), *site);
    } else if (item.kind() == "node") {
      auto node = nodes.find(item.name());
      if (node == nodes.end()) {
        Diagnostic warning = report(
            diag::N0509, fmt::format("node {} is declared, and no agent reports it", item.name()),
            intent, item.facts().span());
        warning.fix = "start nemo-agent there, or correct the name";
        result.diagnostics.push_back(std::move(warning));
        continue;
      }
      overlay_node(intent, item.facts(), *node->second, result.diagnostics);
    } else if (item.kind() == "link") {
      overlay_link(item.facts(), world);
    }
  }
  for (const proto::Inventory &item : intent.inventory())
    for (const std::string &end : item.facts().labels())
      if (item.kind() == "link" && !sites.count(end) && !nodes.count(end)) {
        Diagnostic warning = report(
            diag::N0509, fmt::format("link {}: there is no node or site {}", item.name(), end),
            intent, item.facts().span());
        warning.fix = "name a node of the fleet, or a site that is declared or reported";
        result.diagnostics.push_back(std::move(warning));
      }
  sort_by_name(*world.mutable_sites());
  sort_by_name(*world.mutable_nodes());
  return result;
}

} // namespace nemo::compiler
