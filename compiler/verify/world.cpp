// Declared facts fill what is unknown; declared price, power, carbon, availability, labels, class
// and trust win; declared resources lower what was found and never exceed it.
#include "compiler/verify/world.h"

#include <functional>
#include <set>

#include <fmt/format.h>

#include "base/rational.h"
#include "protocol/formula/evaluate.h"

namespace nemo::verify {

namespace {

const proto::Value *attribute(const proto::Object *block, const char *name) {
  if (block)
    for (const proto::Attribute &item : block->attributes())
      if (item.name() == name)
        return &item.value();
  return nullptr;
}

const proto::Object *inner(const proto::Object *block, const char *kind) {
  if (block)
    for (const proto::Object &item : block->children())
      if (item.kind() == kind)
        return &item;
  return nullptr;
}

std::string name_in(const proto::Value &value) {
  if (value.has_text())
    return value.text();
  if (value.has_enumerator())
    return value.enumerator();
  if (value.has_reference())
    return value.reference().substr(value.reference().find('.') + 1);
  return {};
}

/// The value times `factor`, rounded to the nearest unit of the protocol's integer.
std::optional<uint64_t> units(const proto::Value *value, std::optional<Rational> factor) {
  if (!value || !value->has_quantity() || !factor)
    return std::nullopt;
  const auto quantity = formula::from_proto(value->quantity());
  const auto product = quantity ? quantity->value.times(*factor) : std::nullopt;
  const auto number = product ? product->nearest() : std::nullopt;
  if (!number || *number < 0)
    return std::nullopt;
  return static_cast<uint64_t>(*number);
}

template <typename Owner> void declare_labels(const proto::Object *block, Owner &owner) {
  const proto::Object *labels = inner(block, "labels");
  if (!labels)
    return;
  for (const proto::Attribute &declared : labels->attributes()) {
    proto::Fact *fact = nullptr;
    for (proto::Fact &known : *owner.mutable_labels())
      if (known.key() == declared.name())
        fact = &known;
    if (!fact)
      fact = owner.add_labels();
    fact->set_key(declared.name());
    *fact->mutable_value() = declared.value();
  }
}

const Rational kilowatt_hour = 3600000; // J

void declare_site(const proto::Object &block, proto::Site &site) {
  if (const auto *value = attribute(&block, "country"); value && !site.has_country())
    site.set_country(name_in(*value));
  if (const auto *value = attribute(&block, "zone"); value && !site.has_zone())
    site.set_zone(name_in(*value));
  if (const auto *value = attribute(&block, "region"); value && !site.has_region())
    site.set_region(name_in(*value));
  if (const auto *value = attribute(&block, "location"); value && !site.has_location())
    site.set_location(name_in(*value));
  if (auto carbon = units(attribute(&block, "carbon"), kilowatt_hour.times(1000)))
    site.set_carbon_mg_per_kwh(*carbon);
  if (auto price = units(attribute(&block, "price"), kilowatt_hour.times(1000000000)))
    site.set_price_neur_per_kwh(*price);
  if (auto share = units(attribute(&block, "availability"), Rational(1000000000)))
    site.set_availability_ppb(*share);
  declare_labels(&block, site);
}

void lower(Faults &faults, const proto::Node &node, const char *what, bool known, uint64_t found,
           std::optional<uint64_t> declared, const std::function<void(uint64_t)> &set) {
  if (!declared)
    return;
  if (known && *declared > found)
    faults.add(diag::N0712, fmt::format("node {} is declared with more {} than was found: {} of {}",
                                        node.name(), what, *declared, found));
  else
    set(*declared);
}

void declare_devices(Faults &faults, const proto::Object &block, proto::Node &node) {
  std::map<std::string, uint64_t> all;
  for (const proto::NamedDevice &device : node.devices())
    all[device.name()] = device.count();
  for (const proto::Attribute &declared : block.attributes())
    if (const auto count = units(&declared.value(), Rational(1))) {
      const auto found = all.find(declared.name());
      if (found != all.end() && *count > found->second)
        faults.add(diag::N0712, fmt::format("node {} is declared with {} of {}, and has {}",
                                            node.name(), *count, declared.name(), found->second));
      else
        all[declared.name()] = *count;
    }
  node.clear_devices();
  for (const auto &[name, count] : all) {
    proto::NamedDevice &device = *node.add_devices();
    device.set_name(name);
    device.set_count(static_cast<uint32_t>(count));
  }
}

void declare_node(Faults &faults, const proto::Object &block, proto::Node &node) {
  if (const auto *value = attribute(&block, "site"); value && node.site().empty())
    node.set_site(name_in(*value));
  if (const auto *value = attribute(&block, "class"))
    node.set_node_class(name_in(*value));
  if (const auto *value = attribute(&block, "arch"); value && !node.has_arch())
    node.set_arch(name_in(*value));
  if (const auto *value = attribute(&block, "tpm");
      value && value->kind_case() == proto::Value::kBoolean && !node.has_tpm())
    node.set_tpm(value->boolean());
  if (auto trust = units(attribute(&block, "trust"), Rational(1)))
    node.set_trust(*trust);
  if (auto price = units(attribute(&block, "price"), Rational(3600).times(1000000000)))
    node.set_price_neur_per_hour(*price);
  if (auto share = units(attribute(&block, "availability"), Rational(1000000000)))
    node.set_availability_ppb(*share);
  if (auto supply = units(attribute(&block, "supply"), Rational(1000)))
    node.set_supply_mw(*supply);
  if (auto share = units(attribute(&block, "duty-cycle"), Rational(1000000000)))
    node.set_duty_ppb(*share);
  if (auto period = units(attribute(&block, "duty-period"), Rational(1000)))
    node.set_duty_period_ms(*period);
  if (auto pull = units(attribute(&block, "pull"), Rational(1)))
    node.set_pull_bps(*pull);
  if (const auto *value = attribute(&block, "sandboxes"); value && value->has_list()) {
    std::set<std::string> declared;
    for (const proto::Value &item : value->list().items())
      declared.insert(name_in(item));
    google::protobuf::RepeatedPtrField<std::string> both;
    for (const std::string &kind : node.sandboxes())
      if (declared.count(kind))
        *both.Add() = kind;
    *node.mutable_sandboxes() = both;
  }
  const proto::Object *power = inner(&block, "power");
  if (auto idle = units(attribute(power, "idle"), Rational(1000)))
    node.set_power_idle_mw(*idle);
  if (auto most = units(attribute(power, "max"), Rational(1000)))
    node.set_power_max_mw(*most);
  const proto::Object *suspend = inner(&block, "suspend");
  if (auto drawn = units(attribute(suspend, "power"), Rational(1000)))
    node.set_power_suspended_mw(*drawn);
  if (auto wake = units(attribute(suspend, "wake"), Rational(1000)))
    node.set_wake_ms(*wake);
  const proto::Object *resources = inner(&block, "resources");
  const auto eighth = Rational::make(1, 8);
  lower(faults, node, "cpu", true, node.cpu_millicores(),
        units(attribute(resources, "cpu"), Rational(1000)),
        [&](uint64_t value) { node.set_cpu_millicores(value); });
  lower(faults, node, "memory", true, node.memory_bytes(),
        units(attribute(resources, "memory"), eighth),
        [&](uint64_t value) { node.set_memory_bytes(value); });
  lower(faults, node, "disk", node.has_disk_bytes(), node.disk_bytes(),
        units(attribute(resources, "disk"), eighth),
        [&](uint64_t value) { node.set_disk_bytes(value); });
  lower(faults, node, "gpu", node.has_gpu_milli(), node.gpu_milli(),
        units(attribute(resources, "gpu"), Rational(1000)),
        [&](uint64_t value) { node.set_gpu_milli(value); });
  lower(faults, node, "pids", node.has_pids(), node.pids(),
        units(attribute(resources, "pids"), Rational(1)),
        [&](uint64_t value) { node.set_pids(value); });
  if (const proto::Object *devices = inner(resources, "devices"))
    declare_devices(faults, *devices, node);
  declare_labels(&block, node);
}

void declare_link(const proto::Object &block, std::vector<proto::Link> &links) {
  if (block.labels_size() < 2)
    return;
  proto::Link *link = nullptr; // the last of several between the same ends
  for (proto::Link &known : links)
    if (known.from() == block.labels(0) && known.to() == block.labels(1))
      link = &known;
  if (!link) {
    link = &links.emplace_back();
    link->set_from(block.labels(0));
    link->set_to(block.labels(1));
  }
  const auto latency = units(attribute(&block, "latency"), Rational(1000000000));
  if (latency && !link->has_latency_ns())
    link->set_latency_ns(*latency);
  if (auto price =
          units(attribute(&block, "price"), Rational(int64_t{1} << 33).times(Rational(1000000000))))
    link->set_price_neur_per_gib(*price);
  const auto bandwidth = units(attribute(&block, "bandwidth"), Rational(1));
  if (bandwidth && !link->has_bandwidth_bps())
    link->set_bandwidth_bps(*bandwidth);
}

} // namespace

Place World::at(const std::string &node) const {
  Place place;
  if (const auto found = nodes.find(node); found != nodes.end()) {
    place.node = &found->second;
    if (const auto site = sites.find(found->second.site()); site != sites.end())
      place.site = &site->second;
  }
  return place;
}

World make_world(const proto::Intent &intent, const proto::Fleet &facts, Faults &faults) {
  World world;
  for (const proto::Site &site : facts.sites())
    if (site.name().empty() || !world.sites.emplace(site.name(), site).second)
      faults.add(diag::N0712, fmt::format("two sites, or one without a name: '{}'", site.name()));
  for (const proto::Node &node : facts.nodes())
    if (node.name().empty() || !world.nodes.emplace(node.name(), node).second)
      faults.add(diag::N0712, fmt::format("two nodes, or one without a name: '{}'", node.name()));
  world.links.assign(facts.links().begin(), facts.links().end());
  for (const proto::Inventory &item : intent.inventory()) {
    if (item.kind() == "site") {
      proto::Site &site = world.sites[item.name()];
      site.set_name(item.name());
      declare_site(item.facts(), site);
    } else if (item.kind() == "node") {
      if (auto node = world.nodes.find(item.name()); node != world.nodes.end())
        declare_node(faults, item.facts(), node->second);
    } else if (item.kind() == "link") {
      declare_link(item.facts(), world.links);
    }
  }
  return world;
}

} // namespace nemo::verify
