#include "compiler/network/ways.h"

#include <map>
#include <string>

namespace nemo::compiler {

namespace {

std::vector<std::optional<uint32_t>> sites_of(const proto::Fleet &world,
                                              const std::vector<NodeView> &nodes) {
  std::map<const proto::Site *, uint32_t> index;
  for (int s = 0; s < world.sites_size(); ++s)
    index.emplace(&world.sites(s), s);
  std::vector<std::optional<uint32_t>> result;
  for (const NodeView &node : nodes)
    result.push_back(node.site ? std::optional(index.at(node.site)) : std::nullopt);
  return result;
}

} // namespace

Ways::Ways(const proto::Fleet &world, const std::vector<NodeView> &nodes)
    : world_(world),
      network_(sites_of(world, nodes), static_cast<uint32_t>(world.sites_size()), wires(nodes)) {}

std::vector<predict::Wire> Ways::wires(const std::vector<NodeView> &nodes) {
  std::map<std::string, predict::End> ends;
  for (uint32_t n = 0; n < nodes.size(); ++n)
    ends.emplace(nodes[n].node->name(), predict::End{false, n});
  for (int s = 0; s < world_.sites_size(); ++s) // a node goes before a site of its name
    ends.emplace(world_.sites(s).name(), predict::End{true, static_cast<uint32_t>(s)});
  std::vector<predict::Wire> made;
  for (int l = 0; l < world_.links_size(); ++l) {
    const proto::Link &link = world_.links(l);
    const auto from = ends.find(link.from()), to = ends.find(link.to());
    if (from == ends.end() || to == ends.end())
      continue; // a warning has said so
    made.push_back({from->second, to->second,
                    link.has_latency_ns() ? std::optional(link.latency_ns()) : std::nullopt});
    link_of_.push_back(l);
  }
  return made;
}

} // namespace nemo::compiler
