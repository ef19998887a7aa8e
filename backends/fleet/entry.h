// The entry of a stack in what a node shall run, signed and sealed to the node; and for how long a
// member's word holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/fleet/member.h"
#include "backends/fleet/number.h"
#include "protocol/backend.pb.h"

namespace nemo::backends::fleet {

llvm::Error refuse(proto::BackendError::Code code, std::string message, std::string holder = {});

/// What a member may decide.
struct Word {
  UnixNanos until;                  ///< of a controller, at most as long as its delegation
  std::vector<std::string> tenants; ///< "": of those who have none
};
/// \returns a Refusal where nothing was delegated to a controller.
llvm::Expected<Word> word_of(Member &member, UnixNanos time, milliseconds lifetime);

struct How {
  milliseconds lifetime{};
  bool renewal = false; ///< nothing changes but until when it holds
};

/// What is to be put in place of the stack's entry; the others are carried along, as far as they
/// are to be believed: what a thief has left there goes.
struct Next {
  std::string value;
  std::string digest; ///< of the entry's Signed
  Number number;
};
/// \param before  the bucket's value, from anywhere.
llvm::Expected<Next> make_entry(Member &member, const proto::DeliverCall &call,
                                llvm::StringRef sealing_key, const Accepted &accepted,
                                std::optional<uint64_t> term, llvm::StringRef before,
                                const How &how);

} // namespace nemo::backends::fleet
