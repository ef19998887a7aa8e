// A vertex is a name with what it is before it: "0 gw1" a node, "1 athens 0" a site on the way out,
// "1 athens 1" on the way in, so that names sort as ways are told apart.
#include "compiler/verify/ways.h"

#include <set>
#include <tuple>

namespace nemo::verify {

namespace {

std::string vertex(const World &world, const std::string &name, bool on_the_way_in) {
  return world.nodes.count(name) ? "0 " + name : "1 " + name + (on_the_way_in ? " 1" : " 0");
}

bool is_end(const World &world, const std::string &name) {
  return world.nodes.count(name) || world.sites.count(name);
}

} // namespace

Ways::Ways(const World &world) : world_(world) {
  std::set<std::string> apart; // nodes that reach their site over a link
  for (size_t i = 0; i < world.links.size(); ++i) {
    const proto::Link &link = world.links[i];
    const std::string &from = link.from(), &to = link.to();
    if (!is_end(world, from) || !is_end(world, to))
      continue;
    for (const auto &[node, site] : {std::pair{from, to}, std::pair{to, from}})
      if (world.nodes.count(node) && !world.nodes.count(site) && world.at(node).site &&
          world.at(node).site->name() == site)
        apart.insert(node);
    if (!link.has_latency_ns() || (from == to && world.nodes.count(from)))
      continue;
    const bool sites = !world.nodes.count(from) && !world.nodes.count(to) && from != to;
    edges_[vertex(world, from, false)].push_back(
        {vertex(world, to, true), Crossed{i, false}, link.latency_ns(), sites});
    if (from != to)
      edges_[vertex(world, to, false)].push_back(
          {vertex(world, from, true), Crossed{i, true}, link.latency_ns(), sites});
  }
  for (const auto &[name, site] : world.sites)
    edges_["1 " + name + " 1"].push_back({"1 " + name + " 0", std::nullopt, 0, false});
  for (const auto &[name, node] : world.nodes)
    if (const proto::Site *site = world.at(name).site; site && !apart.count(name)) {
      edges_["0 " + name].push_back({"1 " + site->name() + " 0", std::nullopt, 0, false});
      edges_["1 " + site->name() + " 1"].push_back({"0 " + name, std::nullopt, 0, false});
    }
}

void Ways::search(const std::string &from, bool within_site) {
  using Step = std::pair<std::string, size_t>; // vertex, link
  using Label = std::tuple<uint64_t, size_t, std::vector<Step>>;
  std::map<std::string, std::optional<Way>> &found = found_[{from, within_site}];
  std::map<std::string, Label> best;
  std::map<std::string, std::vector<Crossed>> links;
  std::set<std::pair<Label, std::string>> open;
  best["0 " + from] = {0, 0, {}};
  open.insert({best["0 " + from], "0 " + from});
  while (!open.empty()) {
    const auto [label, at] = *open.begin();
    open.erase(open.begin());
    if (at[0] == '0')
      found[at.substr(2)] = Way{std::get<0>(label), links[at]};
    const auto edges = edges_.find(at);
    if (edges == edges_.end())
      continue;
    for (const Edge &edge : edges->second) {
      Label next = label;
      if ((within_site && edge.between_sites) ||
          __builtin_add_overflow(std::get<0>(next), edge.latency_ns, &std::get<0>(next)))
        continue;
      std::get<1>(next) += edge.link.has_value();
      std::get<2>(next).emplace_back(edge.to, edge.link ? edge.link->first : SIZE_MAX);
      const auto known = best.find(edge.to);
      if (known != best.end()) {
        if (known->second <= next)
          continue;
        open.erase({known->second, edge.to});
      }
      best[edge.to] = next;
      links[edge.to] = links[at];
      if (edge.link)
        links[edge.to].push_back(*edge.link);
      open.insert({next, edge.to});
    }
  }
}

const std::optional<Way> &Ways::between(const std::string &from, const std::string &to) {
  const proto::Site *here = world_.at(from).site, *there = world_.at(to).site;
  const bool within_site = here && here == there;
  if (!found_.count({from, within_site}))
    search(from, within_site);
  return found_[{from, within_site}][to];
}

} // namespace nemo::verify
