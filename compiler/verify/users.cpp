// Which old instances use which: whoever was given an address goes before what serves there.
#include "compiler/verify/changes.h"

namespace nemo::verify {

namespace {

std::vector<std::set<size_t>> users_of(const Case &subject, const Difference &difference) {
  const std::vector<Leaving> &leaving = difference.leaving;
  std::vector<std::set<size_t>> users(leaving.size());
  std::map<std::pair<std::string, uint32_t>, std::vector<size_t>> named;
  for (size_t o = 0; o < leaving.size(); ++o)
    if (leaving[o].reachable)
      named[{leaving[o].there->workload, leaving[o].there->replica}].push_back(o);
  auto uses = [&](size_t user, const std::string &workload, uint32_t replica) {
    if (const auto found = named.find({workload, replica}); found != named.end())
      for (size_t o : found->second)
        if (o != user)
          users[o].insert(user);
  };
  for (size_t o = 0; o < leaving.size(); ++o) {
    const There &there = *leaving[o].there;
    if (!leaving[o].reachable)
      continue;
    if (there.spec) {
      for (const proto::Peer &peer : there.spec->peers())
        uses(o, subject.moves.name_of_now(peer.workload()), peer.replica());
      continue;
    }
    for (const proto::Workload &workload : subject.intent.workloads())
      if (workload.name() == there.workload)
        for (const std::string &name : workload.after())
          for (uint32_t number = 0; number < 64; ++number)
            uses(o, name, number);
  }
  return users;
}

} // namespace

std::vector<std::set<size_t>> users_first(const Case &subject, const Difference &difference) {
  std::vector<std::set<size_t>> users = users_of(subject, difference);
  // Take away what nobody uses until nothing more can be taken: what is left is in a circle.
  std::vector<char> ordered(users.size(), 0);
  std::vector<std::vector<size_t>> used(users.size());
  std::vector<size_t> waiting(users.size()), ready;
  for (size_t o = 0; o < users.size(); ++o) {
    for (size_t user : users[o])
      used[user].push_back(o);
    if ((waiting[o] = users[o].size()) == 0)
      ready.push_back(o);
  }
  while (!ready.empty()) {
    const size_t user = ready.back();
    ready.pop_back();
    ordered[user] = 1;
    for (size_t o : used[user])
      if (--waiting[o] == 0)
        ready.push_back(o);
  }
  for (size_t o = 0; o < users.size(); ++o)
    if (!ordered[o])
      users[o].clear();
  return users;
}

} // namespace nemo::verify
