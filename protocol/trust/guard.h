// What a receiver remembers of the statements that it has accepted, so that none is believed twice
// or out of order: the highest (epoch, generation) of each kind for each node. A value; its owner
// writes it to a journal before acting on what it admitted.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust.pb.h"

namespace nemo::trust {

using Kind = proto::Signed::Kind;

/// How far two members' clocks may be apart.
inline constexpr std::chrono::milliseconds max_skew = std::chrono::minutes(2);

/// Epochs count, from 0; generations within one may be anything. One statement takes a receiver no
/// further than this, so that who steals a key for a while cannot use up the numbers: whoever
/// follows goes on in the next epoch.
inline constexpr uint64_t max_epoch_step = uint64_t{1} << 20;
inline constexpr uint64_t max_first_epoch = uint64_t{1} << 40; ///< where nothing was accepted yet

struct Mark {
  uint64_t epoch = 0;
  uint64_t generation = 0;
  int64_t issued_unix_ms = 0;
  std::string digest; ///< of the payload; empty: nothing has been accepted yet
  bool operator==(const Mark &) const = default;
};

/// Whether a statement may follow what `last` marks: a higher (epoch, generation), or the very same
/// statement again. The same numbers with another payload are a signer's fault or a theft, and are
/// refused, as is one whose epoch is out of reach, and one that claims to be issued more than
/// `max_skew` before the last one: a stolen key whose certificate has expired cannot speak from the
/// past.
llvm::Error may_follow(const Mark &last, const Mark &next);

class Guard {
public:
  const Mark &mark(Kind kind, llvm::StringRef node) const;

  /// Raises the mark; refuses what may_follow() refuses, and what verify() would.
  llvm::Error admit(Kind kind, llvm::StringRef node, Mark next);

  /// Forgets a node that is gone for good. A node that comes back under the name starts with a
  /// higher epoch.
  void drop(llvm::StringRef node);

  std::string to_bytes() const; ///< the same for equal values
  static llvm::Expected<Guard> from_bytes(llvm::StringRef bytes);

  bool operator==(const Guard &) const = default;

private:
  std::map<std::pair<int, std::string>, Mark> marks_;
};

} // namespace nemo::trust
