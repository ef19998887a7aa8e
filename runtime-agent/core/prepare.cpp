// What a start waits for and what it is given: the kinds of sandboxes that are here, the addresses
// of peers, the image.
#include "runtime-agent/core/agent.h"

#include <utility>

#include <fmt/format.h>

namespace nemo::agent {

/// When somebody first wants to know: it takes half a second.
void Agent::look_for_sandboxes() {
  if (std::exchange(sandboxes_probed_, true))
    return;
  sandbox::probe_machines(host_, layout_.machines());
  sandbox::probe_containers(host_, layout_.machines());
}

/// Whether it can be started as far as its image goes; else it waits, or has failed.
bool Agent::has_image(Known &known) {
  Record &record = known.record;
  const proto::Spec &spec = record.instance.spec();
  if (spec.image().empty() || artifacts_.have(image_digest(spec)))
    return true;
  Pulls::State state = pulls_->want(spec.image());
  if (state.failed) {
    fail(known, std::move(state.text));
    return false;
  }
  record.phase = Phase::waiting;
  record.reason = std::move(state.text);
  return false;
}

void Agent::clean(const std::string &sandbox_id) {
  sandbox::clean(sandbox_id, host_);
  sandbox::clean_machine(layout_.control(sandbox_id));
}

bool Agent::prepare(Known &known, std::optional<sandbox::Sandbox> &sandbox) {
  Record &record = known.record;
  if (const proto::Instance *instance = desired(record.key))
    record.instance = *instance;
  std::string peer;
  const PeerAddress address_of = [&](const proto::Peer &asked) {
    return peer_address(record.key.stack, asked);
  };
  auto variables = environment(record, options_.place.node, address_of, peer);
  if (!variables) {
    record.phase = Phase::waiting;
    record.reason = fmt::format("waits for the address of {}", peer);
    return false;
  }
  if (is_machine(record.instance.spec()) || is_container(record.instance.spec()))
    look_for_sandboxes();
  if (!has_image(known))
    return false;
  auto made = launch_sandbox(record, identities_.at(replica_of(record.key)), layout_, artifacts_,
                             host_, address_of, std::move(*variables));
  if (!made) {
    fail(known, llvm::toString(made.takeError()));
    return false;
  }
  sandbox::common(*made).deadline = deadline(record);
  sandbox = std::move(*made);
  return true;
}

} // namespace nemo::agent
