// What controllers and operators tell each other in the bucket `control` of their fleet's broker:
// who leads, which plan waits for an approval, and which was approved. All of it is signed; the
// broker, and whoever has stolen it, can only withhold it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orchestrator/lead/election.h"
#include "protocol/link/connection.h"

namespace nemo::lead {

struct Value {
  std::string bytes; ///< empty: there is none
  uint64_t revision = 0;
};

/// The last value of a key. N0801 where the bucket is not there.
llvm::Expected<Value> read(link::Connection &broker, const std::string &subject,
                           link::milliseconds patience);
/// Replaces it if its revision is still this one. \returns the new revision; nothing: it is not.
llvm::Expected<std::optional<uint64_t>> replace(link::Connection &broker,
                                                const std::string &subject, llvm::StringRef bytes,
                                                uint64_t revision, link::milliseconds patience);
/// Whatever lies there.
llvm::Error put(link::Connection &broker, const std::string &subject, llvm::StringRef bytes,
                link::milliseconds patience);

/// \param lead  its name. \param process  16 random bytes.
llvm::Expected<std::string> sign_claim(const membership::Member &me, llvm::StringRef lead,
                                       llvm::StringRef process, const Write &write);
/// What is not believed still has a revision.
Held judge_claim(const membership::Member &me, llvm::StringRef lead, const Value &value);

struct Asked {
  std::string digest; ///< of the plan, as plans say it
  std::string commit;
  std::vector<std::string> actions, objections; ///< a line each
  std::string by;                               ///< the member that asks
  /// Of the facts that it was made from, RFC 3339: a plan is a function of these and the intent, so
  /// that whoever leads next can make the same one, and go on with it. Empty: not known.
  std::string at;
};
llvm::Expected<std::string> sign_asked(const membership::Member &me, const Asked &asked);
llvm::Expected<Asked> read_asked(const membership::Member &me, llvm::StringRef bytes);

llvm::Expected<std::string> sign_approval(const membership::Member &me, llvm::StringRef digest);
/// \returns the digest of the plan; an error for what no operator has signed of late.
llvm::Expected<std::string> read_approval(const membership::Member &me, llvm::StringRef bytes);

} // namespace nemo::lead
