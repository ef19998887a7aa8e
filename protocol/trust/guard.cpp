#include "protocol/trust/guard.h"

#include <compare>

#include "base/error.h"
#include "protocol/trust/id.h"

namespace nemo::trust {

llvm::Error may_follow(const Mark &last, const Mark &next) {
  if (last.digest == next.digest && !last.digest.empty())
    return llvm::Error::success();
  // The difference, as the sum could overflow. Unsigned: a step back is looked at below.
  const bool forward = next.epoch > last.epoch;
  if (forward && next.epoch - last.epoch > (last.digest.empty() ? max_first_epoch : max_epoch_step))
    return failure("epoch {} is further from epoch {} than any fleet gets", next.epoch, last.epoch);
  if (last.digest.empty())
    return llvm::Error::success();
  const auto order =
      std::pair(next.epoch, next.generation) <=> std::pair(last.epoch, last.generation);
  if (std::is_lt(order))
    return failure("epoch {}, generation {} is older than epoch {}, generation {}, which was "
                   "accepted before",
                   next.epoch, next.generation, last.epoch, last.generation);
  if (std::is_eq(order))
    return failure("epoch {}, generation {} was accepted before, and said something else",
                   next.epoch, next.generation);
  if (next.issued_unix_ms < last.issued_unix_ms - max_skew.count())
    return failure("it says that it was issued before what was accepted last");
  return llvm::Error::success();
}

const Mark &Guard::mark(Kind kind, llvm::StringRef node) const {
  static const Mark none;
  const auto found = marks_.find({kind, node.str()});
  return found == marks_.end() ? none : found->second;
}

llvm::Error Guard::admit(Kind kind, llvm::StringRef node, Mark next) {
  Mark &last = marks_[{kind, node.str()}];
  if (auto error = may_follow(last, next))
    return error;
  last = std::move(next);
  return llvm::Error::success();
}

void Guard::drop(llvm::StringRef node) {
  std::erase_if(marks_, [&](const auto &entry) { return entry.first.second == node; });
}

std::string Guard::to_bytes() const {
  proto::GuardState state;
  for (const auto &[key, mark] : marks_) {
    proto::GuardState::Mark &out = *state.add_marks();
    out.set_kind(static_cast<Kind>(key.first));
    out.set_node(key.second);
    out.set_epoch(mark.epoch);
    out.set_generation(mark.generation);
    out.set_issued_unix_ms(mark.issued_unix_ms);
    out.set_digest(mark.digest);
  }
  return state.SerializeAsString();
}

llvm::Expected<Guard> Guard::from_bytes(llvm::StringRef bytes) {
  proto::GuardState state;
  if (bytes.size() > (64u << 20) ||
      !state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return failure("what was remembered of accepted statements cannot be read");
  Guard guard;
  for (const proto::GuardState::Mark &mark : state.marks()) {
    const Mark value{mark.epoch(), mark.generation(), mark.issued_unix_ms(), mark.digest()};
    if (value.digest.size() != 32 ||
        !guard.marks_.emplace(std::pair(mark.kind(), mark.node()), value).second)
      return failure("what was remembered of accepted statements is damaged at {}",
                     shown(mark.node()));
  }
  return guard;
}

} // namespace nemo::trust
