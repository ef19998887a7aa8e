// The fleet's keys, one function for each kind of thing. Names are checked against each other last,
// when all of them are known.
#include <set>

#include <fmt/format.h>

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include "base/clock.h"
#include "intent/fleet/read_fleet.h"
#include "intent/fleet/read_node.h"
#include "intent/fleet/reader.h"

namespace nemo::fleet {

namespace {

constexpr Measure carbon{"mgCO2e/kWh", "350gCO2e/kWh", false};
constexpr Measure energy_price{"nEUR/kWh", "0.21EUR/kWh", false};
constexpr Measure data_price{"nEUR/GiB", "0.02EUR/GiB", false};
constexpr Measure latency{"ns", "8ms"};
constexpr Measure bandwidth{"bit/s", "1Gbit/s"};

/// A name that another thing must have, and where it is used.
struct Use {
  const Yaml *place;
  std::string name;
};

class FleetReader {
public:
  FleetReader(const YamlTree &tree, FleetFile &file)
      : reader_(tree, file), fleet_(file.fleet), node_reader_(reader_) {}

  void read() {
    const Yaml *root = reader_.root();
    static const Yaml empty;
    if (root == nullptr)
      root = &empty;
    static constexpr llvm::StringRef keys[] = {"fleet", "at", "sites", "nodes", "links", "running"};
    const uint32_t seen =
        reader_.each(*root, "the fleet", keys, [&](size_t key, const Yaml &value) {
          switch (key) {
          case 0:
            return edition(value);
          case 1:
            if (auto at = time(value, "at"))
              fleet_.set_at(*at);
            return;
          case 2:
            return reader_.each_named(
                value, "sites", [&](const Yaml &name, const Yaml &site) { read_site(name, site); });
          case 3:
            return reader_.each_item(value, "nodes", [&](const Yaml &node) { read_node(node); });
          case 4:
            return reader_.each_item(value, "links", [&](const Yaml &link) { read_link(link); });
          default:
            return reader_.each_item(value, "running", [&](const Yaml &one) { read_running(one); });
          }
        });
    reader_.require(*root, "the fleet", keys, seen, {0});
    fleet_.set_version(1);
    fleet_.set_backend("file");
    check_names();
  }

private:
  void edition(const Yaml &value) {
    if (value.kind != Yaml::Kind::scalar || value.text != "1")
      reader_.fault(diag::N0416, value, "this edition of the fleet form is not known",
                    "write fleet: 1");
  }

  std::optional<std::string> time(const Yaml &value, const char *key) {
    const auto text = reader_.text(value, key);
    if (!text)
      return std::nullopt;
    const auto at = from_rfc3339(*text);
    if (!at) {
      reader_.fault(diag::N0415, value, fmt::format("{} {} is not a time", key, *text),
                    fmt::format("write it as in {}: 2026-11-24T08:00:00Z", key));
      return std::nullopt;
    }
    const auto fraction = at->time_since_epoch().count() % 1'000'000'000;
    return to_rfc3339(*at, fraction == 0 ? 0 : fraction % 1'000'000 == 0 ? 3 : 9);
  }

  void forecast(const Yaml &list, const char *key, const Measure &measure,
                google::protobuf::RepeatedField<uint64_t> &hours) {
    constexpr int most = 8784; // a leap year
    reader_.each_item(list, key, [&](const Yaml &item) {
      if (hours.size() == most)
        reader_.fault(diag::N0411, item, fmt::format("{} has more than {} hours", key, most));
      if (hours.size() <= most)
        hours.Add(reader_.measure(item, key, measure).value_or(0));
    });
  }

  void read_site(const Yaml &name, const Yaml &map) {
    proto::Site &site = *fleet_.add_sites();
    if (auto label = reader_.name(name, "the site's name")) {
      site.set_name(*label);
      sites_.insert(*label);
    }
    static constexpr llvm::StringRef keys[] = {
        "country",  "zone",   "region",       "carbon",          "price",
        "location", "labels", "availability", "carbon-forecast", "price-forecast"};
    reader_.each(map, "a site", keys, [&](size_t key, const Yaml &value) {
      switch (key) {
      case 3:
        if (auto number = reader_.measure(value, "carbon", carbon))
          site.set_carbon_mg_per_kwh(*number);
        return;
      case 4:
        if (auto number = reader_.measure(value, "price", energy_price))
          site.set_price_neur_per_kwh(*number);
        return;
      case 6:
        return reader_.labels(value, *site.mutable_labels());
      case 7:
        if (auto share = reader_.share(value, "availability"))
          site.set_availability_ppb(*share);
        return;
      case 8:
        return forecast(value, "carbon-forecast", carbon,
                        *site.mutable_carbon_forecast_mg_per_kwh());
      case 9:
        return forecast(value, "price-forecast", energy_price,
                        *site.mutable_price_forecast_neur_per_kwh());
      default:
        break;
      }
      const auto text = reader_.text(value, keys[key]);
      if (!text)
        return;
      if (key == 0)
        site.set_country(*text);
      else if (key == 1)
        site.set_zone(*text);
      else if (key == 2)
        site.set_region(*text);
      else
        site.set_location(*text);
    });
  }

  void read_node(const Yaml &map) {
    proto::Node &node = *fleet_.add_nodes();
    const NodeReader::Places places = node_reader_.read(map, node);
    if (places.site != nullptr)
      site_uses_.push_back({places.site, node.site()});
    if (places.name == nullptr)
      return;
    const auto [before, is_new] = nodes_.try_emplace(node.name(), places.name);
    if (is_new)
      return;
    if (Diagnostic *diagnostic =
            reader_.fault(diag::N0406, *places.name,
                          fmt::format("there are two nodes {}", node.name()), "rename one of them"))
      diagnostic->notes.push_back(reader_.note(*before->second, "the first is here"));
  }

  void read_link(const Yaml &map) {
    proto::Link &link = *fleet_.add_links();
    static constexpr llvm::StringRef keys[] = {"from", "to", "latency", "bandwidth", "price"};
    const uint32_t seen = reader_.each(map, "a link", keys, [&](size_t key, const Yaml &value) {
      switch (key) {
      case 0:
      case 1:
        if (auto name = reader_.name(value, keys[key])) {
          (key == 0 ? *link.mutable_from() : *link.mutable_to()) = *name;
          end_uses_.push_back({&value, *name});
        }
        return;
      case 2:
        if (auto number = reader_.measure(value, "latency", latency))
          link.set_latency_ns(*number);
        return;
      case 3:
        if (auto number = reader_.measure(value, "bandwidth", bandwidth))
          link.set_bandwidth_bps(*number);
        return;
      default:
        if (auto number = reader_.measure(value, "price", data_price))
          link.set_price_neur_per_gib(*number);
        return;
      }
    });
    reader_.require(map, "a link", keys, seen, {0, 1});
  }

  void read_running(const Yaml &map) {
    proto::Running &running = *fleet_.add_running();
    running.set_stack("default");
    running.set_state(proto::Running::RUNNING);
    running.set_healthy(true);
    static constexpr llvm::StringRef keys[] = {"workload", "node",    "stack", "replica",
                                               "revision", "protect", "since", "finished"};
    const uint32_t seen = reader_.each(map, "what runs", keys, [&](size_t key, const Yaml &value) {
      if (key == 3) {
        if (auto number = reader_.count(value, "replica", 1'000'000))
          running.set_replica(static_cast<uint32_t>(*number));
        return;
      }
      if (key == 4) {
        running.set_revision(reader_.text(value, "revision").value_or(""));
        return;
      }
      if (key == 5) {
        running.set_protect(reader_.truth(value, "protect").value_or(false));
        return;
      }
      if (key == 6) {
        running.set_since(time(value, "since").value_or(""));
        return;
      }
      if (key == 7) {
        if (reader_.truth(value, "finished").value_or(false)) {
          running.set_state(proto::Running::EXITED);
          running.set_healthy(false);
          running.set_exit_code(0);
        }
        return;
      }
      const auto name = reader_.name(value, keys[key]);
      if (!name)
        return;
      if (key == 0)
        running.set_workload(*name);
      else if (key == 2)
        running.set_stack(*name);
      else {
        running.set_node(*name);
        node_uses_.push_back({&value, *name});
      }
    });
    reader_.require(map, "what runs", keys, seen, {0, 1});
    const std::string key = fmt::format("{} {} {} {} {}", running.stack(), running.workload(),
                                        running.replica(), running.node(), running.revision());
    if (!running.workload().empty() && !running_.insert(key).second)
      reader_.fault(diag::N0406, map,
                    fmt::format("replica {} of {} runs twice on {}", running.replica(),
                                running.workload(), running.node()),
                    "number the replicas from 0");
  }

  void check_names() {
    const auto names = [](const auto &set) {
      std::vector<std::string> list;
      for (const auto &entry : set)
        list.push_back(entry.getKey().str());
      llvm::sort(list);
      return list;
    };
    const auto missing = [&](const Use &use, llvm::StringRef what,
                             const std::vector<std::string> &known) {
      const auto near = did_you_mean(use.name, known);
      reader_.fault(diag::N0414, *use.place, fmt::format("there is no {} {}", what.str(), use.name),
                    near ? "did you mean " + *near + "?" : "");
    };
    // Candidates are listed once something is missing: a right file needs none.
    std::optional<std::vector<std::string>> sites, nodes, ends;
    for (const Use &use : site_uses_)
      if (!sites_.contains(use.name))
        missing(use, "site", sites ? *sites : sites.emplace(names(sites_)));
    for (const Use &use : end_uses_) {
      if (nodes_.count(use.name) != 0 || sites_.contains(use.name))
        continue;
      if (!ends) {
        ends = names(nodes_);
        for (const std::string &site : names(sites_))
          ends->push_back(site);
      }
      missing(use, "node or site", *ends);
    }
    for (const Use &use : node_uses_)
      if (nodes_.count(use.name) == 0)
        missing(use, "node", nodes ? *nodes : nodes.emplace(names(nodes_)));
  }

  Reader reader_;
  proto::Fleet &fleet_;
  NodeReader node_reader_;
  llvm::StringSet<> sites_;
  llvm::StringMap<const Yaml *> nodes_;
  std::set<std::string> running_;
  std::vector<Use> site_uses_, end_uses_, node_uses_;
};

} // namespace

void read_fleet(const YamlTree &tree, FleetFile &file) { FleetReader(tree, file).read(); }

} // namespace nemo::fleet
