// Every change that can be made to one field of a message, one after the other.
#pragma once

#include <functional>
#include <set>
#include <string>

#include <google/protobuf/message.h>

namespace nemo::test {

/// Calls `look` with what was changed ("placements[0].node: 'gw1' changed") while `root` holds the
/// change, and undoes it. Walks messages in depth: scalars are changed, optional fields cleared or
/// set, elements of lists dropped, doubled and exchanged with their neighbours.
void for_each_change(google::protobuf::Message &root,
                     const std::function<void(const std::string &)> &look);

/// Kinds of messages that `type` can hold, itself included: "Placement", ...
std::set<std::string> kinds_below(const google::protobuf::Descriptor &type);
/// Those that `root` does hold.
std::set<std::string> kinds_in(const google::protobuf::Message &root);

} // namespace nemo::test
