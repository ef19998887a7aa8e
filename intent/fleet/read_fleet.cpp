// The fleet's keys, one function for each kind of thing. Names are checked against each other last,
// when all of them are known.
#include <set>

#include <fmt/format.h>

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include "base/clock.h"
#include "intent/fleet/capabilities.h"
#include "intent/fleet/read_fleet.h"
#include "intent/fleet/reader.h"
#include "intent/schema/schema.h"

namespace nemo::fleet {

namespace {

using Keys = llvm::ArrayRef<llvm::StringRef>;

constexpr Measure carbon{"mgCO2e/kWh", "350gCO2e/kWh", false};
constexpr Measure energy_price{"nEUR/kWh", "0.21EUR/kWh", false};
constexpr Measure node_price{"nEUR/h", "0.010EUR/h", false};
constexpr Measure data_price{"nEUR/GiB", "0.02EUR/GiB", false};
constexpr Measure cpu{"mcore", "4core", true, true};
constexpr Measure memory{"B", "4GiB", true, true};
constexpr Measure disk{"B", "100GiB"};
constexpr Measure power{"mW", "12W"};
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
      : reader_(tree, file), fleet_(file.fleet), words_(Words::from_schema()) {}

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
  struct Words {
    std::vector<std::string> classes, architectures, sandboxes;

    static Words from_schema() {
      Words words;
      const schema::Block *node = schema::find_block("node");
      const auto of = [&](llvm::StringRef name) {
        const schema::Attribute *attribute =
            node == nullptr ? nullptr : schema::find_attribute(*node, name);
        return attribute == nullptr ? std::vector<std::string>() : schema::words(attribute->words);
      };
      words.classes = of("class");
      words.architectures = of("arch");
      words.sandboxes = of("sandboxes");
      return words;
    }
  };

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

  void labels(const Yaml &map, google::protobuf::RepeatedPtrField<proto::Fact> &facts) {
    reader_.each_named(map, "labels", [&](const Yaml &key, const Yaml &value) {
      if (auto found = reader_.value(value, key.text)) {
        proto::Fact &fact = *facts.Add();
        fact.set_key(key.text);
        fact.mutable_value()->Swap(&*found);
      }
    });
  }

  void read_site(const Yaml &name, const Yaml &map) {
    proto::Site &site = *fleet_.add_sites();
    if (auto label = reader_.name(name, "the site's name")) {
      site.set_name(*label);
      sites_.insert(*label);
    }
    static constexpr llvm::StringRef keys[] = {"country", "zone",     "region", "carbon",
                                               "price",   "location", "labels", "availability"};
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
        return labels(value, *site.mutable_labels());
      case 7:
        if (auto share = reader_.share(value, "availability"))
          site.set_availability_ppb(*share);
        return;
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
    static constexpr llvm::StringRef keys[] = {
        "name", "site",      "resources", "class",       "arch",   "power",        "price",
        "tpm",  "sandboxes", "trust",     "temperature", "labels", "availability", "capabilities"};
    bool sandboxes = false;
    const Yaml *capabilities = nullptr;
    const uint32_t seen = reader_.each(map, "a node", keys, [&](size_t key, const Yaml &value) {
      switch (key) {
      case 0:
        return node_name(value, node);
      case 1:
        if (auto site = reader_.name(value, "site")) {
          node.set_site(*site);
          site_uses_.push_back({&value, *site});
        }
        return;
      case 2:
        return resources(value, node);
      case 3:
        if (auto word = reader_.text(value, "class")) {
          reader_.expect_word(value, "class", *word, words_.classes);
          node.set_node_class(*word);
        }
        return;
      case 4:
        if (auto word = reader_.text(value, "arch")) {
          reader_.expect_word(value, "arch", *word, words_.architectures);
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
        return labels(value, *node.mutable_labels());
      case 12:
        if (auto share = reader_.share(value, "availability"))
          node.set_availability_ppb(*share);
        return;
      default:
        capabilities = &value;
        return;
      }
    });
    reader_.require(map, "a node", keys, seen, {0, 1, 2});
    if (!sandboxes)
      node.add_sandboxes("process");
    if (capabilities == nullptr)
      set_capabilities(node, usual_capabilities());
    else
      read_capabilities(*capabilities, node);
  }

  void node_name(const Yaml &value, proto::Node &node) {
    const auto name = reader_.name(value, "the node's name");
    if (!name)
      return;
    node.set_name(*name);
    const auto [before, is_new] = nodes_.try_emplace(*name, &value);
    if (is_new)
      return;
    if (Diagnostic *diagnostic = reader_.fault(
            diag::N0406, value, fmt::format("there are two nodes {}", *name), "rename one of them"))
      diagnostic->notes.push_back(reader_.note(*before->second, "the first is here"));
  }

  void resources(const Yaml &map, proto::Node &node) {
    static constexpr llvm::StringRef keys[] = {"cpu", "memory", "disk", "gpu", "pids"};
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
        if (auto number = reader_.count(value, "gpu", 1'000'000))
          node.set_gpu_milli(*number * 1000);
        return;
      default:
        if (auto number = reader_.count(value, "pids", 1'000'000'000))
          node.set_pids(*number);
        return;
      }
    });
    reader_.require(map, "resources", keys, seen, {0, 1});
  }

  void read_power(const Yaml &map, proto::Node &node) {
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

  void read_sandboxes(const Yaml &list, proto::Node &node) {
    reader_.each_item(list, "sandboxes", [&](const Yaml &item) {
      const auto word = reader_.text(item, "a sandbox");
      if (!word)
        return;
      if (!llvm::is_contained(words_.sandboxes, *word)) {
        const auto near = did_you_mean(*word, words_.sandboxes);
        reader_.fault(diag::N0418, item, fmt::format("{} is no kind of sandbox", *word),
                      near ? "did you mean " + *near + "?"
                           : fmt::format("{}", fmt::join(words_.sandboxes, ", ")));
      } else if (!llvm::is_contained(node.sandboxes(), *word)) {
        node.add_sandboxes(*word);
      }
    });
  }

  void read_capabilities(const Yaml &list, proto::Node &node) {
    std::set<std::string> names;
    reader_.each_item(list, "capabilities", [&](const Yaml &item) {
      if (auto name = reader_.text(item, "a capability")) {
        reader_.expect_word(item, "capability", *name, known_capabilities());
        names.insert(*name);
      }
    });
    set_capabilities(node, std::vector<std::string>(names.begin(), names.end()));
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
                                               "revision", "protect", "since"};
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
  const Words words_;
  llvm::StringSet<> sites_;
  llvm::StringMap<const Yaml *> nodes_;
  std::set<std::string> running_;
  std::vector<Use> site_uses_, end_uses_, node_uses_;
};

} // namespace

void read_fleet(const YamlTree &tree, FleetFile &file) { FleetReader(tree, file).read(); }

} // namespace nemo::fleet
