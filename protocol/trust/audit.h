// Who did what, in an append-only file: one JSON object a line, each with the digest of the line
// before. Whoever edits a line has to rewrite all that follow, and then no longer meets the head
// (number and digest of the last line), which is kept elsewhere: in a database, on other machines.
// Without a head an edit is found, and a cut at the end is not.
#pragma once

#include <cstdint>
#include <string>

#include "llvm/Support/Error.h"

#include "base/clock.h"

namespace nemo::trust {

struct AuditEntry {
  UnixNanos time;
  std::string who;    ///< SPIFFE ID, or the account on this machine
  std::string what;   ///< "invite", "join", "apply", ...
  std::string about;  ///< whom or what: SPIFFE ID, stack, digest of a plan
  std::string detail; ///< for people
};

struct AuditHead {
  uint64_t sequence = 0; ///< lines so far
  std::string digest;    ///< of the last one, hexadecimal; empty for none
  bool operator==(const AuditHead &) const = default;
};

/// Writes one line, on the disk when this returns, and \returns the new head. Processes take turns.
/// A line that a crash left unfinished is taken away; it was never told.
///
/// \param known  the head as it is kept: refused where the file has less, or another line there. A
/// file that has more is read as a whole first.
llvm::Expected<AuditHead> append_audit(const std::string &path, const AuditHead &known,
                                       const AuditEntry &entry);

/// Reads the whole file. \returns its head; an error names the first line that was edited, moved or
/// taken out, or says that the file ends before `known`.
llvm::Expected<AuditHead> verify_audit(const std::string &path, const AuditHead &known);

} // namespace nemo::trust
