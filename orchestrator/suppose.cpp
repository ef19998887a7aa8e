#include "orchestrator/suppose.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include "base/diagnostics/registry.h"
#include "compiler/resolve/overlay.h"
#include "intent/units/units.h"

namespace nemo::orchestrator {

namespace {

template <typename List> auto *named(List &list, const std::string &name) {
  for (auto &item : list)
    if (item.name() == name)
      return &item;
  return static_cast<decltype(&*list.begin())>(nullptr);
}

/// What the intent declares of it goes, so that the fleet's value counts.
void undeclare(proto::Intent &intent, llvm::StringRef kind, const std::string &name,
               llvm::StringRef attribute) {
  for (proto::Inventory &item : *intent.mutable_inventory()) {
    if (item.kind() != kind || item.name() != name)
      continue;
    auto &attributes = *item.mutable_facts()->mutable_attributes();
    attributes.erase(std::remove_if(attributes.begin(), attributes.end(),
                                    [&](const auto &known) { return known.name() == attribute; }),
                     attributes.end());
  }
}

template <typename List> std::vector<std::string> names_of(const List &list) {
  std::vector<std::string> names;
  for (const auto &item : list)
    names.push_back(item.name());
  return names;
}

std::string joined(const std::vector<std::string> &names) {
  constexpr size_t most = 6;
  std::string text;
  for (size_t i = 0; i < names.size() && i < most; ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > most ? text + fmt::format(" and {} more", names.size() - most) : text;
}

} // namespace

struct Supposer::Change {
  std::optional<Rational> factor;
  uint64_t value = 0; ///< without a factor
  std::string text;   ///< "+30%"

  std::optional<uint64_t> of(uint64_t now) const {
    if (!factor)
      return value;
    const auto known = Rational::make(static_cast<Rational::Int>(now), 1);
    const auto then = known ? known->times(*factor) : std::nullopt;
    const auto whole = then ? then->nearest() : std::nullopt;
    return whole && *whole >= 0 ? std::optional(static_cast<uint64_t>(*whole)) : std::nullopt;
  }
};

struct Supposer::Place {
  std::string kind, name; ///< kind: zone | site | node, or empty
};

void Supposer::refuse(const std::string &message, std::string fix) {
  Diagnostic fault = diag::make(diag::N0840, message);
  fault.fix = std::move(fix);
  diagnostics.push_back(std::move(fault));
}

void Supposer::unknown(const std::string &what, const std::string &name,
                       const std::vector<std::string> &known) {
  Diagnostic fault = diag::make(
      diag::N0841, fmt::format("there is no {} '{}' in the fleet", what, shortened(name, 80)));
  fault.notes.push_back({known.empty() ? "the fleet has none" : "there are: " + joined(known)});
  if (const auto meant = did_you_mean(name, known))
    fault.fix = "did you mean " + *meant + "?";
  diagnostics.push_back(std::move(fault));
}

void remove_node(proto::Fleet &fleet, const std::string &name) {
  auto &nodes = *fleet.mutable_nodes();
  nodes.erase(std::remove_if(nodes.begin(), nodes.end(),
                             [&](const proto::Node &node) { return node.name() == name; }),
              nodes.end());
  auto &links = *fleet.mutable_links();
  links.erase(std::remove_if(links.begin(), links.end(),
                             [&](const proto::Link &link) {
                               return link.from() == name || link.to() == name;
                             }),
              links.end());
}

void Supposer::lose_node(const std::string &name) {
  remove_node(fleet_, name);
  // That it is declared and not there is what is supposed, not a fault to be warned of.
  auto &declared = *intent_.mutable_inventory();
  declared.erase(std::remove_if(declared.begin(), declared.end(),
                                [&](const proto::Inventory &item) {
                                  const auto &ends = item.facts().labels();
                                  return (item.kind() == "node" && item.name() == name) ||
                                         (item.kind() == "link" &&
                                          std::find(ends.begin(), ends.end(), name) != ends.end());
                                }),
                 declared.end());
}

void Supposer::lose(const std::string &what) {
  const auto [before, after] = llvm::StringRef(what).split('.');
  const bool dotted = before == "node" || before == "site";
  const std::string name = dotted ? after.str() : what;
  const proto::Fleet world = compiler::overlay(intent_, fleet_).world;
  std::vector<std::string> of_site;
  for (const proto::Node &node : world.nodes())
    if (node.site() == name)
      of_site.push_back(node.name());
  const bool node = before != "site" && named(world.nodes(), name) != nullptr;
  const bool site = (!dotted || before == "site") && named(world.sites(), name) != nullptr;
  if (node && site && !dotted) {
    refuse(fmt::format("'{}' is a node and a site", name),
           fmt::format("say which: --lose node.{0}, or --lose site.{0}", name));
  } else if (node) {
    lose_node(name);
    changes.push_back(fmt::format("node {} is lost", name));
  } else if (site) {
    for (const std::string &lost : of_site)
      lose_node(lost);
    changes.push_back(
        fmt::format("site {} is lost ({})", name, of_site.empty() ? "no node" : joined(of_site)));
  } else if (dotted) {
    unknown(before.str(), name,
            before == "node" ? names_of(world.nodes()) : names_of(world.sites()));
  } else {
    std::vector<std::string> known = names_of(world.nodes());
    const auto sites = names_of(world.sites());
    known.insert(known.end(), sites.begin(), sites.end());
    unknown("node or site", name, known);
  }
}

bool Supposer::split(const std::string &what, bool carbon, Place &place, Change &change) {
  const auto [left, right] = llvm::StringRef(what).split('=');
  const bool of_node = left.startswith("node.") && !carbon;
  const std::string fix =
      std::string("write NAME=+30%, NAME=-30%, or NAME=") + (carbon    ? "90gCO2e/kWh"
                                                             : of_node ? "0.10EUR/h"
                                                                       : "0.30EUR/kWh");
  const char *step = carbon ? "mgCO2e/kWh" : of_node ? "nEUR/h" : "nEUR/kWh";
  if (left.empty() || right.empty()) {
    refuse(fmt::format("'{}' does not say what changes and by how much", shortened(what, 80)), fix);
    return false;
  }
  const auto [kind, name] = left.split('.');
  const bool dotted = !name.empty() && (kind == "zone" || kind == "site" || kind == "node");
  place = {dotted ? kind.str() : "", dotted ? name.str() : left.str()};
  change.text = right.str();
  if (llvm::StringRef number = right; number.consume_back("%")) {
    const bool more = number.consume_front("+");
    const auto percent = more && number.startswith("-") ? std::nullopt : Rational::parse(number);
    const auto share = percent ? percent->over(Rational(100)) : std::nullopt;
    change.factor = share ? share->plus(Rational(1)) : std::nullopt;
    if (!change.factor || number.startswith("+") || !(more || number.startswith("-"))) {
      refuse(fmt::format("'{}' is no change in percent", shortened(right, 40)), fix);
      return false;
    }
    if (change.factor->sign() < 0) {
      refuse(fmt::format("'{}' would leave less than nothing", right.str()), fix);
      return false;
    }
    return true;
  }
  const units::Parsed parsed = units::parse(right);
  const units::Whole whole = parsed ? units::to_nearest(*parsed.quantity, step) : units::Whole{};
  if (!whole || *whole.value < 0) {
    refuse(fmt::format("'{}' is no change: {}", shortened(right, 40),
                       !parsed                 ? parsed.error.message
                       : whole.message.empty() ? "it is less than nothing"
                                               : whole.message),
           fix);
    return false;
  }
  change.value = static_cast<uint64_t>(*whole.value);
  return true;
}

std::vector<std::string> Supposer::sites_of(const Place &place) {
  const proto::Fleet world = compiler::overlay(intent_, fleet_).world;
  std::vector<std::string> of_zone, of_site, known;
  std::set<std::string> zones;
  for (const proto::Site &site : world.sites()) {
    if (site.has_zone() && site.zone() == place.name && place.kind != "site")
      of_zone.push_back(site.name());
    if (site.name() == place.name && place.kind != "zone")
      of_site.push_back(site.name());
    if (site.has_zone() && place.kind != "site")
      zones.insert(site.zone());
    if (place.kind != "zone")
      known.push_back(site.name());
  }
  if (!of_zone.empty())
    return of_zone;
  if (of_site.empty()) {
    known.insert(known.end(), zones.begin(), zones.end());
    unknown(place.kind.empty() ? "zone or site" : place.kind, place.name, known);
  }
  return of_site;
}

void Supposer::change_sites(const std::string &what, bool carbon) {
  Place place;
  Change change;
  if (!split(what, carbon, place, change))
    return;
  if (place.kind == "node" && carbon)
    return refuse("a node has no carbon intensity of its own", "name its site or zone");
  if (place.kind == "node")
    return change_node(place, change);
  const std::vector<std::string> sites = sites_of(place);
  if (sites.empty())
    return;
  const char *figure = carbon ? "carbon" : "price of electricity";
  const proto::Fleet world = compiler::overlay(intent_, fleet_).world;
  std::vector<std::string> told;
  for (const std::string &name : sites) {
    const proto::Site &seen = *named(world.sites(), name);
    const bool known = carbon ? seen.has_carbon_mg_per_kwh() : seen.has_price_neur_per_kwh();
    const uint64_t now = carbon ? seen.carbon_mg_per_kwh() : seen.price_neur_per_kwh();
    if (!known && change.factor)
      continue;
    const auto then = change.of(now);
    if (!then) {
      refuse(fmt::format("the {} of site {} would be too large", figure, name),
             "write a smaller change");
      return;
    }
    proto::Site *site = named(*fleet_.mutable_sites(), name);
    if (site == nullptr) {
      site = fleet_.add_sites();
      site->set_name(name);
    }
    if (carbon)
      site->set_carbon_mg_per_kwh(*then);
    else
      site->set_price_neur_per_kwh(*then);
    undeclare(intent_, "site", name, carbon ? "carbon" : "price");
    auto shown = [&](uint64_t value) {
      return carbon ? units::show_carbon(value) : units::show_energy_price(value);
    };
    told.push_back(
        fmt::format("{}: {} instead of {}", name, shown(*then), known ? shown(now) : "unknown"));
  }
  if (told.empty()) {
    refuse(
        fmt::format("the {} of {} is not known, so a percentage of it is not either", figure,
                    place.name),
        fmt::format("give the value: {}={}", place.name, carbon ? "90gCO2e/kWh" : "0.30EUR/kWh"));
    return;
  }
  changes.push_back(
      fmt::format("{} of {} is {} ({})", figure, place.name, change.text, joined(told)));
}

void Supposer::carbon(const std::string &what) { change_sites(what, true); }
void Supposer::price(const std::string &what) { change_sites(what, false); }

void Supposer::change_node(const Place &place, const Change &change) {
  const proto::Fleet world = compiler::overlay(intent_, fleet_).world;
  const proto::Node *seen = named(world.nodes(), place.name);
  proto::Node *node = named(*fleet_.mutable_nodes(), place.name);
  if (seen == nullptr || node == nullptr) {
    unknown("node", place.name, names_of(world.nodes()));
    return;
  }
  const bool known = seen->has_price_neur_per_hour();
  const auto then = known || !change.factor ? change.of(seen->price_neur_per_hour()) : std::nullopt;
  if (!then) {
    refuse(known ? fmt::format("the price of node {} would be too large", place.name)
                 : fmt::format("the price of node {} is not known", place.name),
           fmt::format("give the value: node.{}=0.10EUR/h", place.name));
    return;
  }
  node->set_price_neur_per_hour(*then);
  undeclare(intent_, "node", place.name, "price");
  auto shown = [](uint64_t value) {
    return units::show_money_rate(static_cast<int64_t>(std::min<uint64_t>(value, INT64_MAX)));
  };
  changes.push_back(fmt::format("price of node {} is {} ({} instead of {})", place.name,
                                change.text, shown(*then),
                                known ? shown(seen->price_neur_per_hour()) : "unknown"));
}

void Supposer::add(const fleet::FleetFile &file) {
  auto clash = [&](const char *what, const std::string &name, const char *fix) {
    Diagnostic fault = diag::make(
        diag::N0842, fmt::format("{} {} of {} is in the fleet already", what, name, file.path));
    fault.fix = fix;
    diagnostics.push_back(std::move(fault));
  };
  for (const proto::Site &site : file.fleet.sites()) {
    const proto::Site *known = named(fleet_.sites(), site.name());
    proto::Site bare;
    bare.set_name(site.name());
    using google::protobuf::util::MessageDifferencer;
    if (known == nullptr)
      *fleet_.add_sites() = site;
    else if (!MessageDifferencer::Equals(site, bare) && !MessageDifferencer::Equals(site, *known))
      clash("site", site.name(),
            "say the same of it, or nothing; --carbon and --price change what is there");
  }
  std::vector<std::string> nodes;
  for (const proto::Node &node : file.fleet.nodes()) {
    if (named(fleet_.nodes(), node.name()) != nullptr)
      clash("node", node.name(), "give the new node a name of its own");
    else
      *fleet_.add_nodes() = node;
    nodes.push_back(node.name());
  }
  fleet_.mutable_links()->MergeFrom(file.fleet.links());
  changes.push_back(nodes.empty()
                        ? fmt::format("{} is added", file.path)
                        : fmt::format("{} {} of {} {} added", nodes.size() == 1 ? "node" : "nodes",
                                      joined(nodes), file.path, nodes.size() == 1 ? "is" : "are"));
}

} // namespace nemo::orchestrator
