// How members come, stay and go.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "backends/fleet/service/home.h"
#include "base/clock.h"
#include "protocol/membership/member.h"

namespace nemo::orchestrator {

/// \param name  of a node or of a person; an error that quotes it where it is no member's name.
llvm::Expected<trust::SpiffeId> member_id(const service::Home &home, trust::Role role,
                                          const std::string &name);

struct Invitation {
  trust::Secret token;
  UnixNanos expires;
};

llvm::Expected<Invitation> invite(const service::Home &home, const trust::SpiffeId &member,
                                  std::chrono::seconds lifetime);

/// What to run on the other machine: one command, whose token comes by its standard input.
/// \param options  of the command, as they are to be printed; empty or with a space before.
std::string join_command(const service::Home &home, const Invitation &invitation,
                         const std::string &options);

/// On a machine that becomes a member. \param token  text of it, with white space around it.
/// \param settings  of a node; where its address is not said it is that of the connection.
llvm::Expected<membership::Member> join_fleet(const std::string &address, llvm::StringRef token,
                                              membership::NodeSettings settings);

/// A new certificate for this machine's member of that role.
llvm::Expected<membership::Member> renew_member(trust::Role role);

/// Lets a controller decide, by the word of this machine's operator: its newest key, until then.
/// What was delegated to it before ends. \param tenants  for whom; empty: for everybody.
/// \returns when it ends.
llvm::Expected<UnixNanos> delegate(const service::Home &home, const trust::SpiffeId &controller,
                                   const std::vector<std::string> &tenants,
                                   std::chrono::seconds lifetime);

/// Revokes whatever the member was certified with and ends its sessions. \returns how many it had.
llvm::Expected<int> remove_member(const service::Home &home, const trust::SpiffeId &member,
                                  const std::string &why);

} // namespace nemo::orchestrator
