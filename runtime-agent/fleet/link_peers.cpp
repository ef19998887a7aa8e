// Streams of other nodes, which do not pass through the broker.
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include "base/error.h"
#include "protocol/membership/address.h"
#include "protocol/peer.pb.h"
#include "runtime-agent/fleet/link.h"

namespace nemo::agent::fleet {

/// What they said before counts until they say something else: the broker may be away.
void Link::recall_peers() {
  auto bytes = llvm::MemoryBuffer::getFile(member_.file(membership::peers));
  if (!bytes)
    return; // nobody was needed yet
  llvm::SmallVector<llvm::StringRef> lines;
  (*bytes)->getBuffer().split(lines, '\n', -1, false);
  for (const llvm::StringRef line : lines)
    if (const auto [node, address] = line.split(' '); trust::is_member_name(node))
      peer_addresses_[node.str()] = address.str();
}

void Link::know_peer(const std::string &node, const std::string &address) {
  if (address.empty() || address.size() > 300 || llvm::any_of(address, llvm::isSpace))
    return;
  std::string &known = peer_addresses_[node];
  if (known == address)
    return;
  known = address;
  std::string lines;
  for (const auto &[name, place] : peer_addresses_)
    lines += fmt::format("{} {}\n", name, place);
  if (auto error = membership::replace_file(member_.file(membership::peers), lines, 0600))
    failed("addresses of other nodes", std::move(error));
}

/// Again where it failed before: an address may be there later.
void Link::open_peers() {
  if (peers_)
    return;
  auto made = peer::Peers::start(
      loop_, member_, place_.peer_listen,
      {[this](peer::Peers::Opened opened) { take_stream(std::move(opened)); },
       [this](const std::string &text) { note("streams of other nodes", text); }});
  if (!made)
    return failed("streams of other nodes", made.takeError());
  peers_ = std::move(*made);
  told_.forget("streams of other nodes");
  say("takes streams of other nodes on " + peers_->listening());
}

std::string Link::own_peer_address() const {
  auto listening = membership::parse_address(peers_ ? peers_->listening() : "", 0);
  if (!listening)
    return llvm::consumeError(listening.takeError()), "";
  if (listening->host != "::" && listening->host != "0.0.0.0")
    return listening->text();
  auto own = membership::parse_address(place_.address, listening->port);
  if (!own)
    return llvm::consumeError(own.takeError()), "";
  own->port = listening->port;
  return own->text();
}

void Link::open_stream(const std::string &node, std::string hello, peer::Peers::Done done) {
  follow(node);
  const auto address = peer_addresses_.find(node);
  if (peers_ && address != peer_addresses_.end())
    return peers_->connect(node, address->second, std::move(hello), std::move(done));
  loop_.at(0, [node, done = std::move(done)] {
    done(failure("nobody has heard yet where node {} takes streams", node));
  });
}

void Link::open_leases() {
  leases_ = std::make_unique<Leases>(
      loop_, member_,
      Leases::Ends{agent_.leases, agent_.hold_lease,
                   [this](const std::string &node, std::string hello, peer::Peers::Done done) {
                     open_stream(node, std::move(hello), std::move(done));
                   },
                   [this](const std::string &text) {
                     note("leases, " + llvm::StringRef(text).split(' ').first.str(), text);
                   }});
  leases_->look();
}

void Link::take_stream(peer::Peers::Opened opened) {
  proto::PeerHello hello;
  if (!hello.ParseFromString(opened.hello))
    return note("a stream", opened.peer.text() + " opens a stream and does not say what for");
  switch (hello.what_case()) {
  case proto::PeerHello::kMove:
    return agent_.take_offer(opened.peer.name, hello.move(), std::move(opened.stream));
  case proto::PeerHello::kLease:
    return leases_->serve(std::move(opened));
  case proto::PeerHello::WHAT_NOT_SET:
    note("a stream", opened.peer.text() + " opens a stream for what this agent does not know");
  }
}

} // namespace nemo::agent::fleet
