// A fleet as the text that reads back equal. Only what the form can say is written: measurements
// (load, states, addresses) and who reported them are left out, as no plan is made from them.
#include <set>

#include <fmt/format.h>

#include "llvm/ADT/StringExtras.h"

#include "intent/fleet/capabilities.h"
#include "intent/fleet/fleet_file.h"
#include "intent/units/units.h"

namespace nemo::fleet {

namespace {

/// A word as it stands where no reader could take it for something else, else in double quotes.
std::string word(llvm::StringRef text) {
  static const std::set<std::string> special = {"true", "false", "null", "yes", "no",
                                                "on",   "off",   "y",    "n"};
  const bool plain = !text.empty() && text.size() < 64 && llvm::isAlpha(text.front()) &&
                     special.count(text.lower()) == 0 && llvm::all_of(text, [](char c) {
                       return llvm::isAlnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
                     });
  if (plain)
    return text.str();
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else if (c == '\n')
      quoted += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      quoted += c;
  }
  return quoted + "\"";
}

/// An exact decimal: 1000 thousandths are "1".
std::string decimal(int64_t number, int64_t parts) {
  const auto value = Rational::make(number, parts);
  return value ? value->to_string() : std::to_string(number / parts);
}

std::string decimal(uint64_t number, int64_t parts) {
  const auto value = Rational::make(static_cast<Rational::Int>(number), parts);
  return value ? value->to_string() : std::to_string(number / static_cast<uint64_t>(parts));
}

std::string euros(uint64_t neur, llvm::StringRef per) {
  return decimal(neur, 1'000'000'000) + "EUR/" + per.str();
}

std::string share(uint64_t ppb) { return decimal(ppb, 10'000'000) + "%"; }

std::string bytes(uint64_t number) {
  return units::write_whole(number, "B", {"PiB", "TiB", "GiB", "MiB", "KiB", "MB", "kB", "B"});
}

/// The pairs of one map, in braces.
class Pairs {
public:
  void add(llvm::StringRef key, llvm::StringRef value) {
    text_ += (text_.empty() ? "" : ", ") + key.str() + ": " + value.str();
  }
  bool empty() const { return text_.empty(); }
  std::string braces() const { return "{" + text_ + "}"; }

private:
  std::string text_;
};

std::string value_text(const proto::Value &value) {
  if (value.has_boolean())
    return value.boolean() ? "true" : "false";
  if (value.has_quantity()) {
    if (const auto quantity = formula::from_proto(value.quantity()))
      if (const auto number = formula::number_in(*quantity, quantity->unit)) {
        const std::string text = number->to_string() + quantity->unit;
        if (units::parse(text))
          return text;
      }
    return word(formula::to_string(value));
  }
  return word(value.has_enumerator() ? value.enumerator() : value.text());
}

template <typename Facts> void add_labels(Pairs &pairs, const Facts &facts) {
  Pairs labels;
  for (const proto::Fact &fact : facts)
    labels.add(word(fact.key()), value_text(fact.value()));
  if (!labels.empty())
    pairs.add("labels", labels.braces());
}

std::string site_text(const proto::Site &site) {
  Pairs pairs;
  if (site.has_country())
    pairs.add("country", word(site.country()));
  if (site.has_zone())
    pairs.add("zone", word(site.zone()));
  if (site.has_region())
    pairs.add("region", word(site.region()));
  if (site.has_carbon_mg_per_kwh())
    pairs.add("carbon", decimal(site.carbon_mg_per_kwh(), 1000) + "gCO2e/kWh");
  if (site.has_price_neur_per_kwh())
    pairs.add("price", euros(site.price_neur_per_kwh(), "kWh"));
  if (site.has_location())
    pairs.add("location", word(site.location()));
  if (site.has_availability_ppb())
    pairs.add("availability", share(site.availability_ppb()));
  std::vector<std::string> carbon, price;
  for (uint64_t figure : site.carbon_forecast_mg_per_kwh())
    carbon.push_back(decimal(figure, 1000) + "gCO2e/kWh");
  for (uint64_t figure : site.price_forecast_neur_per_kwh())
    price.push_back(euros(figure, "kWh"));
  if (!carbon.empty())
    pairs.add("carbon-forecast", "[" + llvm::join(carbon, ", ") + "]");
  if (!price.empty())
    pairs.add("price-forecast", "[" + llvm::join(price, ", ") + "]");
  add_labels(pairs, site.labels());
  return word(site.name()) + ": " + pairs.braces();
}

std::string list_text(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &one : words)
    text += (text.empty() ? "" : ", ") + word(one);
  return "[" + text + "]";
}

/// What a node can do beside its sandboxes; nothing to write when that is the usual.
void add_capabilities(Pairs &pairs, const proto::Node &node) {
  std::set<std::string> names;
  for (const proto::Capability &capability : node.capabilities())
    if (capability.available())
      names.insert(capability.name());
  for (const std::string &sandbox : node.sandboxes())
    names.erase("sandbox." + sandbox);
  const std::vector<std::string> list(names.begin(), names.end());
  if (list != usual_capabilities())
    pairs.add("capabilities", list_text(list));
}

std::string gpus_text(const proto::Node &node) {
  std::string text;
  for (const proto::Gpu &gpu : node.gpus()) {
    Pairs pairs;
    pairs.add("model", word(gpu.model()));
    if (gpu.has_memory_bytes())
      pairs.add("memory", bytes(gpu.memory_bytes()));
    if (!gpu.profile().empty())
      pairs.add("profile", word(gpu.profile()));
    text += (text.empty() ? "" : ", ") + pairs.braces();
  }
  return "[" + text + "]";
}

std::string node_text(const proto::Node &node) {
  Pairs pairs, resources, power, suspend;
  pairs.add("name", word(node.name()));
  pairs.add("site", word(node.site()));
  if (node.has_node_class())
    pairs.add("class", word(node.node_class()));
  if (node.has_arch())
    pairs.add("arch", word(node.arch()));
  resources.add("cpu", decimal(node.cpu_millicores(), 1000) + "core");
  resources.add("memory", bytes(node.memory_bytes()));
  if (node.has_disk_bytes())
    resources.add("disk", bytes(node.disk_bytes()));
  if (node.has_gpu_milli() && node.gpus().empty())
    resources.add("gpu", std::to_string(node.gpu_milli() / 1000));
  if (node.has_pids())
    resources.add("pids", std::to_string(node.pids()));
  if (!node.devices().empty()) {
    Pairs devices;
    for (const proto::NamedDevice &device : node.devices())
      devices.add(word(device.name()), std::to_string(device.count()));
    resources.add("devices", devices.braces());
  }
  pairs.add("resources", resources.braces());
  if (!node.gpus().empty())
    pairs.add("gpus", gpus_text(node));
  if (node.has_power_idle_mw() && node.has_power_max_mw()) {
    power.add("idle", decimal(node.power_idle_mw(), 1000) + "W");
    power.add("max", decimal(node.power_max_mw(), 1000) + "W");
    pairs.add("power", power.braces());
  }
  if (node.has_power_suspended_mw()) {
    suspend.add("power", decimal(node.power_suspended_mw(), 1000) + "W");
    if (node.has_wake_ms())
      suspend.add("wake", std::to_string(node.wake_ms()) + "ms");
    pairs.add("suspend", suspend.braces());
  }
  if (node.has_price_neur_per_hour())
    pairs.add("price", euros(node.price_neur_per_hour(), "h"));
  pairs.add("sandboxes", list_text({node.sandboxes().begin(), node.sandboxes().end()}));
  if (node.has_tpm())
    pairs.add("tpm", node.tpm() ? "true" : "false");
  if (node.has_trust())
    pairs.add("trust", std::to_string(node.trust()));
  if (node.has_temperature_mdegc())
    pairs.add("temperature", decimal(node.temperature_mdegc(), 1000) + "degC");
  if (node.has_availability_ppb())
    pairs.add("availability", share(node.availability_ppb()));
  if (node.has_supply_mw())
    pairs.add("supply", decimal(node.supply_mw(), 1000) + "W");
  if (node.has_duty_ppb())
    pairs.add("duty-cycle", share(node.duty_ppb()));
  if (node.has_duty_period_ms())
    pairs.add("duty-period", std::to_string(node.duty_period_ms()) + "ms");
  if (node.has_pull_bps())
    pairs.add("pull", std::to_string(node.pull_bps()) + "bit/s");
  if (!node.images().empty())
    pairs.add("images", list_text({node.images().begin(), node.images().end()}));
  if (node.has_cordon())
    pairs.add(node.cordon().drained() ? "drained" : "cordoned",
              node.cordon().reason().empty() ? "true" : word(node.cordon().reason()));
  add_labels(pairs, node.labels());
  add_capabilities(pairs, node);
  return pairs.braces();
}

std::string link_text(const proto::Link &link) {
  Pairs pairs;
  pairs.add("from", word(link.from()));
  pairs.add("to", word(link.to()));
  if (link.has_latency_ns())
    pairs.add("latency", units::write_whole(link.latency_ns(), "ns", {"s", "ms", "us"}));
  if (link.has_bandwidth_bps())
    pairs.add("bandwidth",
              units::write_whole(link.bandwidth_bps(), "bit/s", {"Gbit/s", "Mbit/s", "kbit/s"}));
  if (link.has_price_neur_per_gib())
    pairs.add("price", euros(link.price_neur_per_gib(), "GiB"));
  return pairs.braces();
}

std::string running_text(const proto::Running &running) {
  Pairs pairs;
  pairs.add("stack", word(running.stack()));
  pairs.add("workload", word(running.workload()));
  pairs.add("replica", std::to_string(running.replica()));
  pairs.add("node", word(running.node()));
  if (!running.revision().empty())
    pairs.add("revision", word(running.revision()));
  if (running.protect())
    pairs.add("protect", "true");
  if (!running.since().empty())
    pairs.add("since", running.since());
  if (running.state() == proto::Running::EXITED && running.exit_code() == 0)
    pairs.add("finished", "true");
  return pairs.braces();
}

} // namespace

std::string write_fleet(const proto::Fleet &fleet) {
  std::string text = "fleet: 1\n";
  if (!fleet.at().empty())
    text += "at: " + fleet.at() + "\n";
  if (!fleet.sites().empty())
    text += "sites:\n";
  for (const proto::Site &site : fleet.sites())
    text += "  " + site_text(site) + "\n";
  if (!fleet.nodes().empty())
    text += "nodes:\n";
  for (const proto::Node &node : fleet.nodes())
    text += "  - " + node_text(node) + "\n";
  if (!fleet.links().empty())
    text += "links:\n";
  for (const proto::Link &link : fleet.links())
    text += "  - " + link_text(link) + "\n";
  if (!fleet.running().empty())
    text += "running:\n";
  for (const proto::Running &running : fleet.running())
    text += "  - " + running_text(running) + "\n";
  return text;
}

} // namespace nemo::fleet
