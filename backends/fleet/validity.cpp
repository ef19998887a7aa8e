#include "backends/fleet/validity.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "protocol/trust/statement.h"

namespace nemo::backends::fleet {

std::vector<Validity> validities_of(const std::string &node, const proto::NodeState &state) {
  std::vector<Validity> all;
  for (const proto::Validity &said : state.validities()) {
    const int64_t since = said.since_unix_ms(), until = said.until_unix_ms();
    const bool is_there = std::any_of(state.fleet().parts().begin(), state.fleet().parts().end(),
                                      [&](const proto::PartState &part) {
                                        return part.part().node() == node &&
                                               part.part().stack() == said.stack() &&
                                               part.generation() == said.generation();
                                      });
    if (is_there && since >= 0 && until > since &&
        until - since <= trust::longest_desired_state.count())
      all.push_back({node, said.stack(), said.generation(), trust::from_unix_ms(since),
                     trust::from_unix_ms(until), said.held()});
  }
  return all;
}

bool is_due(const Validity &validity, UnixNanos now, UnixNanos anew) {
  // A third of the new life, since what is delivered under an ending delegation cannot be renewed
  // beyond its end, and would be again and again. Divided, as times of nodes may be any.
  return anew > now && (validity.until <= now || validity.until - now <= (anew - now) / 3);
}

std::vector<std::string> notes_of(const std::vector<Validity> &validities, UnixNanos now) {
  enum class Why { expired, unset_clock, ends };
  struct Group {
    std::vector<std::string> nodes;
    UnixNanos first = UnixNanos::max();
  };
  std::map<std::pair<std::string, Why>, Group> groups;
  for (const Validity &one : validities) {
    Why why = Why::ends;
    if (one.until <= now)
      why = Why::expired;
    else if (one.held)
      why = Why::unset_clock;
    else if (one.until - now >= (one.until - one.since) / 4)
      continue;
    Group &group = groups[{one.stack, why}];
    group.nodes.push_back("'" + one.node + "'");
    group.first = std::min(group.first, one.until);
  }
  std::vector<std::string> notes;
  for (const auto &[key, group] : groups) {
    constexpr size_t most = 5;
    const auto &[stack, why] = key;
    std::string names;
    for (size_t i = 0; i < std::min(group.nodes.size(), most); ++i)
      names += (i == 0 ? "" : ", ") + group.nodes[i];
    if (group.nodes.size() > most)
      names += fmt::format(" and {} more", group.nodes.size() - most);
    const std::string time = to_rfc3339(group.first, 0);
    switch (why) {
    case Why::expired:
      notes.push_back(fmt::format("the desired state of the stack '{}' on {} has expired at {}: "
                                  "what runs there runs on, and nothing new is started until it is "
                                  "applied again or a controller renews it",
                                  stack, names, time));
      break;
    case Why::unset_clock:
      notes.push_back(fmt::format("nothing new of the stack '{}' is started on {}: the clock there "
                                  "is not set",
                                  stack, names));
      break;
    case Why::ends:
      notes.push_back(fmt::format("the desired state of the stack '{}' on {} expires at {}: apply "
                                  "it again before, or nothing new is started there then",
                                  stack, names, time));
      break;
    }
  }
  return notes;
}

} // namespace nemo::backends::fleet
