#include "backends/fleet/entry.h"

#include <algorithm>

#include "llvm/ADT/StringExtras.h"

#include "backends/wire/refusal.h"
#include "base/error.h"

namespace nemo::backends::fleet {

llvm::Error refuse(proto::BackendError::Code code, std::string message, std::string holder) {
  proto::BackendError error;
  error.set_code(code);
  error.set_message(std::move(message));
  error.set_holder(std::move(holder));
  return llvm::make_error<Refusal>("fleet", std::move(error));
}

llvm::Expected<Word> word_of(Member &member, UnixNanos time, milliseconds lifetime) {
  const membership::Member &me = member.membership();
  Word word{time + lifetime, {}};
  if (me.id().role == trust::Role::controller) {
    if (me.delegation().empty())
      return refuse(proto::BackendError::DENIED,
                    fmt::format("No operator has delegated anything to {}: `nemo fleet delegate "
                                "{}`, where the fleet is held, does.",
                                me.id().text(), me.id().name));
    auto delegation = trust::verify(
        me.delegation(), trust::Expectation::delegation(me.id().fleet, time), member.trust());
    if (!delegation)
      return delegation.takeError();
    word.until = std::min(word.until, trust::from_unix_ms(delegation->statement.expires_unix_ms()));
    const proto::Delegation &body = delegation->statement.delegation();
    word.tenants.assign(body.tenants().begin(), body.tenants().end());
  }
  if (word.tenants.empty())
    word.tenants.emplace_back(); // of those who have none
  return word;
}

namespace {

/// The 32 bytes of what a plan calls its digest.
std::string plan_digest(llvm::StringRef text) {
  std::string bytes;
  if (text.size() >= 64 && llvm::tryGetFromHex(text.take_back(64), bytes) && bytes.size() == 32)
    return bytes;
  return trust::sha256_bytes(text);
}

} // namespace

llvm::Expected<Next> make_entry(Member &member, const proto::DeliverCall &call,
                                llvm::StringRef sealing_key, const Accepted &accepted,
                                std::optional<uint64_t> term, llvm::StringRef before,
                                const How &how) {
  const membership::Member &me = member.membership();
  const std::string &stack = call.part().stack(), &node = call.part().node();
  proto::NodeDesired desired;
  if (!desired.ParseFromArray(before.data(), static_cast<int>(before.size())))
    desired.Clear(); // no node could act on it either
  auto expected = trust::Expectation::desired_state(member.node_id(node), {}, now());
  expected.may_be_expired = true;
  proto::NodeDesired kept;
  std::optional<Number> stored;
  for (proto::NodeDesired::Entry &one : *desired.mutable_entries()) {
    auto held = trust::verify(one.signed_(), expected, member.trust());
    if (!held) {
      llvm::consumeError(held.takeError());
      continue;
    }
    if (one.stack() == stack) {
      const Number number{held->statement.epoch(), held->statement.generation()};
      // The node has yet to take what lies there, which must not go back to what it has.
      if (how.renewal && !held->expired && number > accepted.number.value_or(Number{}))
        return refuse(proto::BackendError::CONFLICT,
                      fmt::format("What '{}' runs of the stack '{}' is not renewed: something "
                                  "newer waits for it.",
                                  node, stack));
      stored = std::max(stored.value_or(Number{}), number);
    } else
      *kept.add_entries() = std::move(one);
  }
  desired = std::move(kept);
  proto::NodeDesired::Entry *entry = desired.add_entries();
  entry->set_stack(stack);
  Next next;
  const auto number = next_number(accepted, stored, term);
  if (!number)
    return refuse(proto::BackendError::CONFLICT,
                  term ? fmt::format("What '{}' runs was delivered in a later term than {}: "
                                     "another controller leads, or has led.",
                                     node, *term)
                       : fmt::format("'{}' says that it has accepted a number that none can "
                                     "follow: `nemo fleet remove {}` ends its part in the fleet.",
                                     node, node));
  next.number = *number;
  const UnixNanos time = now();
  auto word = word_of(member, time, how.lifetime);
  if (!word)
    return word.takeError();
  proto::Statement statement;
  proto::DesiredState &state = *statement.mutable_desired_state();
  state.mutable_tenants()->Assign(word->tenants.begin(), word->tenants.end());
  state.set_renewal(how.renewal);
  state.set_plan_digest(plan_digest(call.part().plan_digest()));
  statement.set_fleet(me.id().fleet);
  statement.set_signer(me.id().text());
  statement.set_node(node);
  statement.set_epoch(next.number.epoch);
  statement.set_generation(next.number.generation);
  statement.set_issued_unix_ms(trust::to_unix_ms(time));
  statement.set_expires_unix_ms(trust::to_unix_ms(word->until));
  if (auto error = trust::seal_payload(statement, me.id(), sealing_key, call.SerializeAsString()))
    return error;
  auto bytes = trust::sign(std::move(statement), me.signer());
  if (!bytes)
    return bytes.takeError();
  next.digest = trust::sha256_bytes(*bytes);
  entry->set_signed_(std::move(*bytes));
  next.value = desired.SerializeAsString();
  return next;
}

} // namespace nemo::backends::fleet
