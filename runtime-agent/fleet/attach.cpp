#include "runtime-agent/core/attachment.h"

#include "base/membership.h"
#include "runtime-agent/fleet/link.h"

namespace nemo::agent {

llvm::Error take_part(const std::string &, char **) { return llvm::Error::success(); }

llvm::Expected<Attachment> attach(Loop &loop, const std::string &state, const std::string &node,
                                  Server::Handler handler) {
  const std::string directory = state + "/" + membership::folder.str();
  if (!link::has_membership(directory)) // it left the fleet
    return Attachment();
  auto link = fleet::Link::open(loop, directory, node, std::move(handler));
  if (!link)
    return link.takeError();
  std::shared_ptr<fleet::Link> kept = std::move(*link);
  return Attachment{kept, [kept = kept.get()] { kept->news(); }};
}

} // namespace nemo::agent
