#include "orchestrator/loop/silent.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace nemo::loop {

std::vector<health::Member> to_be_heard(const proto::Fleet &fleet) {
  // What leaves a node is not what it was told to keep: so nothing that is only being moved counts.
  using Replica = std::tuple<std::string, std::string, uint32_t>;
  std::map<Replica, std::set<std::string>> told;
  std::map<std::string, std::vector<Replica>> runs;
  for (const proto::PartState &state : fleet.parts())
    for (const proto::Instance &one : state.part().instances())
      if (!one.retiring()) {
        const Replica replica{state.part().stack(), one.workload(), one.replica()};
        told[replica].insert(state.part().node());
        runs[state.part().node()].push_back(replica);
      }
  std::vector<health::Member> members;
  for (const proto::Node &node : fleet.nodes()) {
    const auto own = runs.find(node.name());
    const bool replaced =
        own != runs.end() && std::all_of(own->second.begin(), own->second.end(),
                                         [&](const Replica &one) { return told[one].size() > 1; });
    members.push_back({node.name(), node.site(), replaced});
  }
  return members;
}

} // namespace nemo::loop
