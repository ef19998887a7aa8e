// Every change that can be made to one field of a message, one after the other.
#pragma once

#include <functional>
#include <string>

#include <google/protobuf/message.h>

namespace nemo::test {

/// Calls `look` with what was changed ("placements[0].node: 'gw1' changed") while `root` holds the
/// change, and undoes it. Walks messages in depth: scalars are changed, optional fields cleared or
/// set, elements of lists dropped, doubled and exchanged with their neighbours.
void for_each_change(google::protobuf::Message &root,
                     const std::function<void(const std::string &)> &look);

} // namespace nemo::test
