#include "orchestrator/silent.h"

#include <set>

namespace nemo::orchestrator {

void keep_silent(proto::Fleet &fleet, const proto::Fleet &before,
                 const std::map<std::string, proto::Cordon> &closed) {
  std::set<std::string> silent;
  for (const proto::Node &node : before.nodes())
    silent.insert(node.name());
  for (const proto::Node &node : fleet.nodes())
    silent.erase(node.name());
  if (silent.empty())
    return;
  for (const proto::Node &node : before.nodes()) {
    if (!silent.contains(node.name()))
      continue;
    proto::Node &kept = *fleet.add_nodes();
    kept = node;
    kept.clear_cordon();
    if (const auto cordon = closed.find(node.name()); cordon != closed.end())
      *kept.mutable_cordon() = cordon->second;
  }
  for (const proto::Running &running : before.running())
    if (silent.contains(running.node()))
      *fleet.add_running() = running;
  for (const proto::PartState &part : before.parts())
    if (silent.contains(part.part().node()))
      *fleet.add_parts() = part;
  std::set<std::pair<std::string, std::string>> links;
  for (const proto::Link &link : fleet.links())
    links.emplace(link.from(), link.to());
  for (const proto::Link &link : before.links())
    if ((silent.contains(link.from()) || silent.contains(link.to())) &&
        links.emplace(link.from(), link.to()).second)
      *fleet.add_links() = link;
  std::set<std::string> sites;
  for (const proto::Site &site : fleet.sites())
    sites.insert(site.name());
  for (const proto::Site &site : before.sites())
    if (sites.insert(site.name()).second)
      *fleet.add_sites() = site;
}

} // namespace nemo::orchestrator
