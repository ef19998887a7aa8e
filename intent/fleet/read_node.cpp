// A node's keys.
#include "intent/fleet/read_node.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "intent/fleet/capabilities.h"
#include "intent/schema/schema.h"

namespace nemo::fleet {

namespace {

constexpr Measure node_price{"nEUR/h", "0.010EUR/h", false};
constexpr Measure cpu{"mcore", "4core", true, true};
constexpr Measure memory{"B", "4GiB", true, true};
constexpr Measure disk{"B", "100GiB"};
constexpr Measure power{"mW", "12W"};
constexpr uint64_t most_gpus = 64;
constexpr uint64_t most_devices = 1'000'000; ///< of one name
constexpr Measure pull{"bit/s", "100Mbit/s", true, true};
constexpr Measure period{"ms", "10min", true, true};
constexpr Measure waking{"ms", "30s"};
constexpr uint64_t most_waking_ms = 3'600'000;

} // namespace

NodeReader::NodeReader(Reader &reader) : reader_(reader) {
  const schema::Block *node = schema::find_block("node");
  const auto of = [&](llvm::StringRef name) {
    const schema::Attribute *attribute =
        node == nullptr ? nullptr : schema::find_attribute(*node, name);
    return attribute == nullptr ? std::vector<std::string>() : schema::words(attribute->words);
  };
  classes_ = of("class");
  architectures_ = of("arch");
  sandboxes_ = of("sandboxes");
}

NodeReader::Places NodeReader::read(const Yaml &map, proto::Node &node) {
  NodeReader::Places places;
  static constexpr llvm::StringRef keys[] = {
      "name",         "site",         "resources", "class",    "arch",        "power",
      "price",        "tpm",          "sandboxes", "trust",    "temperature", "labels",
      "availability", "capabilities", "gpus",      "supply",   "duty-cycle",  "duty-period",
      "pull",         "images",       "suspend",   "cordoned", "drained"};
  bool sandboxes = false;
  const Yaml *gpus = nullptr;
  const Yaml *capabilities = nullptr;
  const Yaml *suspend = nullptr;
  const uint32_t seen = reader_.each(map, "a node", keys, [&](size_t key, const Yaml &value) {
    switch (key) {
    case 0:
      if (auto name = reader_.name(value, "the node's name")) {
        node.set_name(*name);
        places.name = &value;
      }
      return;
    case 1:
      if (auto site = reader_.name(value, "site")) {
        node.set_site(*site);
        places.site = &value;
      }
      return;
    case 2:
      return resources(value, node);
    case 3:
      if (auto word = reader_.text(value, "class")) {
        reader_.expect_word(value, "class", *word, classes_);
        node.set_node_class(*word);
      }
      return;
    case 4:
      if (auto word = reader_.text(value, "arch")) {
        reader_.expect_word(value, "arch", *word, architectures_);
        node.set_arch(*word);
      }
      return;
    case 5:
      return read_power(value, node);
    case 6:
      if (auto number = reader_.measure(value, "price", node_price))
        node.set_price_neur_per_hour(*number);
      return;
    case 7:
      if (auto truth = reader_.truth(value, "tpm"))
        node.set_tpm(*truth);
      return;
    case 8:
      sandboxes = true;
      return read_sandboxes(value, node);
    case 9:
      if (auto number = reader_.count(value, "trust", 1'000'000))
        node.set_trust(*number);
      return;
    case 10:
      if (auto degrees = reader_.temperature(value, "temperature"))
        node.set_temperature_mdegc(*degrees);
      return;
    case 11:
      return reader_.labels(value, *node.mutable_labels());
    case 12:
      if (auto share = reader_.share(value, "availability"))
        node.set_availability_ppb(*share);
      return;
    case 13:
      capabilities = &value;
      return;
    case 15:
      if (auto number = reader_.measure(value, "supply", power))
        node.set_supply_mw(*number);
      return;
    case 16:
      if (auto share = reader_.share(value, "duty-cycle")) {
        if (*share == 0)
          reader_.fault(diag::N0411, value, "duty-cycle is more than 0%");
        node.set_duty_ppb(*share);
      }
      return;
    case 17:
      if (auto number = reader_.measure(value, "duty-period", period))
        node.set_duty_period_ms(*number);
      return;
    case 18:
      if (auto number = reader_.measure(value, "pull", pull))
        node.set_pull_bps(*number);
      return;
    case 19:
      return reader_.each_item(value, "images", [&](const Yaml &item) {
        if (auto image = reader_.text(item, "an image");
            image && !llvm::is_contained(node.images(), *image))
          node.add_images(*image);
      });
    case 20:
      suspend = &value;
      return;
    case 21:
    case 22:
      return read_cordon(value, keys[key], node);
    default:
      gpus = &value;
      return;
    }
  });
  reader_.require(map, "a node", keys, seen, {0, 1, 2});
  if (gpus != nullptr)
    read_gpus(*gpus, node);
  if (suspend != nullptr) // against its idle power, wherever that stands
    read_suspend(*suspend, node);
  if (!sandboxes)
    node.add_sandboxes("process");
  if (capabilities == nullptr)
    set_capabilities(node, usual_capabilities());
  else
    read_capabilities(*capabilities, node);
  return places;
}

/// `true`, or why. Who says that it is drained need not say that it is cordoned.
void NodeReader::read_cordon(const Yaml &value, llvm::StringRef key, proto::Node &node) {
  if (!value.quoted && value.text == "false")
    return;
  const auto text = reader_.text(value, key);
  if (!text)
    return;
  proto::Cordon &cordon = *node.mutable_cordon();
  if (value.quoted || *text != "true")
    cordon.set_reason(*text);
  cordon.set_drained(cordon.drained() || key == "drained");
}

void NodeReader::resources(const Yaml &map, proto::Node &node) {
  static constexpr llvm::StringRef keys[] = {"cpu", "memory", "disk", "gpu", "pids", "devices"};
  const uint32_t seen = reader_.each(map, "resources", keys, [&](size_t key, const Yaml &value) {
    switch (key) {
    case 0:
      if (auto number = reader_.measure(value, "cpu", cpu))
        node.set_cpu_millicores(*number);
      return;
    case 1:
      if (auto number = reader_.measure(value, "memory", memory))
        node.set_memory_bytes(*number);
      return;
    case 2:
      if (auto number = reader_.measure(value, "disk", disk))
        node.set_disk_bytes(*number);
      return;
    case 3:
      if (auto number = reader_.count(value, "gpu", most_gpus))
        node.set_gpu_milli(*number * 1000);
      return;
    case 4:
      if (auto number = reader_.count(value, "pids", 1'000'000'000))
        node.set_pids(*number);
      return;
    default:
      return read_devices(value, node);
    }
  });
  reader_.require(map, "resources", keys, seen, {0, 1});
}

void NodeReader::read_devices(const Yaml &map, proto::Node &node) {
  reader_.each_named(map, "devices", [&](const Yaml &key, const Yaml &value) {
    if (!schema::is_device_name(key.text)) {
      reader_.fault(diag::N0411, key, fmt::format("`{}` cannot name a device", key.text),
                    "1 to 253 of letters, 0-9, '.', '/', '_' and '-'");
    } else if (auto number = reader_.count(value, key.text, most_devices)) {
      proto::NamedDevice &device = *node.add_devices();
      device.set_name(key.text);
      device.set_count(static_cast<uint32_t>(*number));
    }
  });
  std::sort(node.mutable_devices()->pointer_begin(), node.mutable_devices()->pointer_end(),
            [](const auto *a, const auto *b) { return a->name() < b->name(); });
}

void NodeReader::read_gpus(const Yaml &list, proto::Node &node) {
  reader_.each_item(list, "gpus", [&](const Yaml &map) {
    proto::Gpu &gpu = *node.add_gpus();
    static constexpr llvm::StringRef keys[] = {"model", "memory", "profile"};
    const uint32_t seen = reader_.each(map, "a GPU", keys, [&](size_t key, const Yaml &value) {
      if (key == 1) {
        if (auto number = reader_.measure(value, "memory", memory))
          gpu.set_memory_bytes(*number);
      } else if (auto text = reader_.text(value, keys[key])) {
        (key == 0 ? *gpu.mutable_model() : *gpu.mutable_profile()) = *text;
      }
    });
    reader_.require(map, "a GPU", keys, seen, {0});
  });
  const auto listed = static_cast<uint64_t>(node.gpus_size());
  if (listed > most_gpus)
    reader_.fault(diag::N0411, list, fmt::format("{} devices are more than {}", listed, most_gpus));
  else if (node.has_gpu_milli() && node.gpu_milli() != listed * 1000)
    reader_.fault(diag::N0411, list,
                  fmt::format("{} devices are listed, and resources say gpu: {}", listed,
                              node.gpu_milli() / 1000),
                  "leave `gpu` out: the list says how many there are");
  node.set_gpu_milli(listed * 1000);
}

void NodeReader::read_power(const Yaml &map, proto::Node &node) {
  static constexpr llvm::StringRef keys[] = {"idle", "max"};
  const uint32_t seen = reader_.each(map, "power", keys, [&](size_t key, const Yaml &value) {
    if (auto number = reader_.measure(value, keys[key], power)) {
      if (key == 0)
        node.set_power_idle_mw(*number);
      else
        node.set_power_max_mw(*number);
    }
  });
  reader_.require(map, "power", keys, seen, {0, 1});
  if (node.has_power_idle_mw() && node.has_power_max_mw() &&
      node.power_idle_mw() > node.power_max_mw())
    reader_.fault(diag::N0411, map,
                  fmt::format("idle power {} is more than max {}",
                              units::show_power(node.power_idle_mw()),
                              units::show_power(node.power_max_mw())));
}

void NodeReader::read_suspend(const Yaml &map, proto::Node &node) {
  static constexpr llvm::StringRef keys[] = {"power", "wake"};
  const uint32_t seen = reader_.each(map, "suspend", keys, [&](size_t key, const Yaml &value) {
    if (auto number = reader_.measure(value, keys[key], key == 0 ? power : waking)) {
      if (key == 0)
        node.set_power_suspended_mw(*number);
      else if (*number > most_waking_ms)
        reader_.fault(diag::N0411, value, "waking takes no more than 1h");
      else
        node.set_wake_ms(*number);
    }
  });
  reader_.require(map, "suspend", keys, seen, {0});
  if (node.has_power_suspended_mw() && node.has_power_idle_mw() &&
      node.power_suspended_mw() > node.power_idle_mw())
    reader_.fault(diag::N0411, map,
                  fmt::format("suspended power {} is more than idle power {}",
                              units::show_power(node.power_suspended_mw()),
                              units::show_power(node.power_idle_mw())));
}

void NodeReader::read_sandboxes(const Yaml &list, proto::Node &node) {
  reader_.each_item(list, "sandboxes", [&](const Yaml &item) {
    const auto word = reader_.text(item, "a sandbox");
    if (!word)
      return;
    if (!llvm::is_contained(sandboxes_, *word)) {
      const auto near = did_you_mean(*word, sandboxes_);
      reader_.fault(diag::N0418, item, fmt::format("{} is no kind of sandbox", *word),
                    near ? "did you mean " + *near + "?"
                         : fmt::format("{}", fmt::join(sandboxes_, ", ")));
    } else if (!llvm::is_contained(node.sandboxes(), *word)) {
      node.add_sandboxes(*word);
    }
  });
}

void NodeReader::read_capabilities(const Yaml &list, proto::Node &node) {
  std::set<std::string> names;
  reader_.each_item(list, "capabilities", [&](const Yaml &item) {
    if (auto name = reader_.text(item, "a capability")) {
      reader_.expect_word(item, "capability", *name, known_capabilities());
      names.insert(*name);
    }
  });
  set_capabilities(node, std::vector<std::string>(names.begin(), names.end()));
}

} // namespace nemo::fleet
