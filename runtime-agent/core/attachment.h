// Where an agent and its fleet meet. There are two programs of one agent, so that who is in no
// fleet loads neither TLS nor the broker's client: nemo-agent, which becomes nemo-agent-fleet where
// its state directory holds a membership (alone.cpp), and that one
// (runtime-agent/fleet/attach.cpp).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime-agent/core/agent.h"
#include "runtime-agent/core/facts.h"

namespace nemo::agent {

/// Before anything is opened. Does not return where another program takes over this process.
/// \param place  where it says nothing, the membership does.
llvm::Error take_part(const std::string &state, char **argv, Place &place);

struct Attachment {
  std::shared_ptr<void> link; ///< attached for as long as this is kept
  std::function<void()> on_news = [] {};
};
/// \param agent  outlives the attachment.
llvm::Expected<Attachment> attach(Loop &loop, const std::string &state, const Place &place,
                                  Agent &agent);

} // namespace nemo::agent
