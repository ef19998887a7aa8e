#include "runtime-agent/core/attachment.h"

#include "base/error.h"
#include "base/membership.h"
#include "protocol/membership/address.h"
#include "runtime-agent/fleet/link.h"
#include "runtime-agent/fleet/moves.h"

namespace nemo::agent {

llvm::Error take_part(const std::string &state, char **, Place &place) {
  const std::string directory = membership::place(state, "node");
  if (!membership::Member::is_there(directory)) // it left the fleet
    return llvm::Error::success();
  auto member = membership::Member::load(directory);
  if (!member)
    return member.takeError();
  auto fill = [](std::string &name, const std::string &own) {
    if (name.empty())
      name = own;
  };
  fill(place.node, member->id().name);
  fill(place.site, member->settings().site);
  fill(place.node_class, member->settings().node_class);
  fill(place.address, member->settings().address);
  fill(place.peer_listen, member->settings().peer_listen);
  if (!place.peer_listen.empty())
    if (auto listen = membership::parse_address(place.peer_listen, 0); !listen)
      return failure("--peer-listen: {}", llvm::toString(listen.takeError()));
  place.in_fleet = true;
  return llvm::Error::success();
}

llvm::Expected<Attachment> attach(Loop &loop, const std::string &state, const Place &place,
                                  Agent &agent) {
  const std::string directory = membership::place(state, "node");
  if (!membership::Member::is_there(directory))
    return Attachment();
  struct Both {
    std::unique_ptr<fleet::Link> link;
    std::unique_ptr<fleet::Moves> moves; ///< over the link
  };
  auto both = std::make_shared<Both>();
  auto link = fleet::Link::open(
      loop, directory, place,
      {[&agent](const proto::BackendRequest &request) { return agent.answer(request); },
       [&agent](const std::string &other, std::optional<std::vector<proto::Running>> running) {
         agent.learn(other, std::move(running));
       },
       [&agent](std::map<std::string, Agent::HeldBack> held) { agent.hold_back(std::move(held)); },
       [raw = both.get()](const std::string &other, const proto::MoveOffer &offer, Fd stream) {
         if (raw->moves)
           raw->moves->take_stream(other, offer, std::move(stream));
       },
       [&agent] { return agent.leases(); },
       [&agent](const std::string &name, std::optional<Ticks> until, std::string why) {
         agent.hold_lease(name, until, std::move(why));
       }});
  if (!link)
    return link.takeError();
  both->link = std::move(*link);
  fleet::Link *raw = both->link.get();
  both->moves = std::make_unique<fleet::Moves>(
      loop, agent, [raw](const std::string &other, std::string hello, fleet::Moves::Done done) {
        raw->open_stream(other, std::move(hello), std::move(done));
      });
  return Attachment{both, [raw] { raw->news(); }};
}

} // namespace nemo::agent
