#include "runtime-agent/fleet/desired.h"

#include <set>

#include "base/error.h"
#include "runtime-agent/core/check.h"
#include "runtime-agent/fleet/validity.h"

namespace nemo::agent::fleet {

namespace {

constexpr size_t max_value = 64u << 20;
constexpr int max_entries = 1'000;

proto::Outcome outcome(const std::string &stack, llvm::StringRef digest) {
  proto::Outcome out;
  out.set_stack(stack);
  out.set_digest(digest.str());
  return out;
}

} // namespace

llvm::Error Desired::finish() {
  for (const auto &[stack, accepted] : std::map(memory_.accepted())) {
    if (accepted.response)
      continue;
    proto::DeliverCall call;
    if (!call.ParseFromString(accepted.call))
      return failure("what was accepted for the stack '{}' cannot be read any more", stack);
    // The agent may have written it to its journal before it ended.
    const std::string wanted = call.part().SerializeAsString();
    bool there = false;
    const proto::Fleet fleet = observe(); // named: the loop would not keep it
    for (const proto::PartState &state : fleet.parts())
      if (state.part().stack() == stack && state.holder() == call.holder() &&
          state.part().SerializeAsString() == wanted) {
        proto::BackendResponse response;
        response.mutable_delivered()->set_generation(state.generation());
        if (auto error = memory_.settle(stack, std::move(response)))
          return error;
        there = true;
      }
    if (!there)
      if (auto error = deliver(stack, call))
        return error;
  }
  return llvm::Error::success();
}

llvm::Expected<bool> Desired::take(llvm::StringRef value, UnixNanos now) {
  proto::NodeDesired desired;
  if (value.size() > max_value ||
      !desired.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      desired.entries_size() > max_entries)
    return failure("what should be the desired state of this node cannot be read");
  bool news = false;
  std::set<std::string> seen;
  std::map<std::string, proto::Outcome> refused;
  for (const proto::NodeDesired::Entry &entry : desired.entries()) {
    const std::string &stack = entry.stack();
    if (!is_label(stack) || !seen.insert(stack).second)
      continue; // nobody who delivers waits for it
    const std::string digest = trust::sha256_bytes(entry.signed_());
    const auto before = memory_.accepted().find(stack);
    if (before != memory_.accepted().end() && before->second.digest == digest) {
      if (!before->second.response) { // the disk was full, say, when its end was to be written
        if (auto error = finish())
          return error;
        news = true;
      }
      continue;
    }
    // What was refused is judged again each time: a clock that was wrong may have been set since.
    auto opened = judge(stack, entry.signed_(), now);
    if (!opened) {
      proto::Outcome &out = refused.try_emplace(stack, outcome(stack, digest)).first->second;
      out.mutable_response()->mutable_error()->set_code(proto::BackendError::DENIED);
      out.mutable_response()->mutable_error()->set_message(llvm::toString(opened.takeError()));
      continue;
    }
    const trust::Verified &verified = opened->verified;
    if (verified.delegation)
      if (auto error = memory_.admit_delegation(verified.signer.id.text(), *verified.delegation))
        return error;
    const auto &tenants = verified.statement.desired_state().tenants();
    if (auto error = memory_.accept(stack, {verified.mark(),
                                            digest,
                                            {tenants.begin(), tenants.end()},
                                            opened->call.SerializeAsString(),
                                            {},
                                            verified.statement.expires_unix_ms()}))
      return error;
    if (auto error = verified.statement.desired_state().renewal() ? renew(stack, opened->call)
                                                                  : deliver(stack, opened->call))
      return error;
    news = true;
  }
  auto digests = [](const std::map<std::string, proto::Outcome> &outcomes) {
    std::set<std::string> all;
    for (const auto &[stack, one] : outcomes)
      all.insert(one.digest());
    return all;
  };
  news |= digests(refused) != digests(refused_);
  refused_ = std::move(refused);
  return news;
}

llvm::Expected<Desired::Opened> Desired::judge(const std::string &stack,
                                               llvm::StringRef signed_bytes, UnixNanos now) {
  const auto before = memory_.accepted().find(stack);
  const trust::Mark last = before == memory_.accepted().end() ? trust::Mark() : before->second.mark;
  auto verified = trust::verify(
      signed_bytes,
      trust::Expectation::desired_state(member_.id(), last, now, &memory_.delegations()),
      member_.trust(&paths_));
  if (!verified)
    return verified.takeError();
  // The same statement in another envelope: it has been acted upon.
  if (verified->digest == last.digest)
    return failure("this statement was accepted before, in another envelope");
  if (auto error = check_scope(stack, *verified))
    return error;
  auto plain = trust::open_payload(*verified, *member_.sealing_key());
  if (!plain)
    return plain.takeError();
  proto::DeliverCall call;
  if (!call.ParseFromArray(plain->bytes().data(), static_cast<int>(plain->bytes().size())))
    return failure("what is sealed is no delivery");
  if (call.part().stack() != stack || call.part().node() != member_.id().name)
    return failure("what is sealed is for the stack {} on {}, not for {} on {}",
                   trust::shown(call.part().stack()), trust::shown(call.part().node()), stack,
                   member_.id().name);
  return Opened{std::move(*verified), std::move(call)};
}

/// A part does not say whose its workloads are, so a stack belongs to the tenants that the last
/// statement named: who may not decide for all of them may not replace it. What came over the local
/// socket is nobody's, the tenant "".
llvm::Error Desired::check_scope(const std::string &stack, const trust::Verified &verified) {
  if (verified.scope.all)
    return llvm::Error::success();
  const std::string signer = verified.signer.id.text();
  if (verified.statement.desired_state().tenants().empty())
    return failure("{} does not say for which tenants it decides", signer);
  std::vector<std::string> owners;
  if (const auto before = memory_.accepted().find(stack); before != memory_.accepted().end())
    owners = before->second.tenants;
  const proto::Fleet fleet = observe();
  for (const proto::PartState &state : fleet.parts())
    if (owners.empty() && state.part().stack() == stack)
      owners.emplace_back();
  for (const std::string &owner : owners)
    if (!verified.scope.allows(owner))
      return failure("the stack '{}' belongs to the tenant {}, for which {} may not decide", stack,
                     trust::shown(owner), signer);
  return llvm::Error::success();
}

llvm::Error Desired::deliver(const std::string &stack, const proto::DeliverCall &call) {
  proto::BackendRequest request;
  request.set_version(1);
  *request.mutable_deliver() = call;
  Answer answer = handler_(request);
  auto *response = std::get_if<proto::BackendResponse>(&answer);
  if (!response)
    return failure("the agent answered a delivery with a stream");
  return memory_.settle(stack, std::move(*response));
}

/// What is in force holds for longer. The agent is not asked: to it a delivery, also of the same,
/// is a reason to try again what has failed.
llvm::Error Desired::renew(const std::string &stack, const proto::DeliverCall &call) {
  const std::string renewed = call.part().SerializeAsString();
  proto::BackendResponse response;
  const proto::Fleet fleet = observe();
  for (const proto::PartState &state : fleet.parts())
    if (state.part().stack() == stack && state.generation() == call.expected_generation() &&
        state.part().SerializeAsString() == renewed)
      response.mutable_delivered()->set_generation(state.generation());
  if (!response.has_delivered())
    response = refusal(proto::BackendError::CONFLICT,
                       fmt::format("The stack '{}' on '{}' was changed meanwhile: what was to be "
                                   "renewed is not in force.",
                                   stack, member_.id().name));
  return memory_.settle(stack, std::move(response));
}

proto::Fleet Desired::observe() {
  proto::BackendRequest request;
  request.set_version(1);
  request.mutable_observe();
  Answer answer = handler_(request);
  auto *response = std::get_if<proto::BackendResponse>(&answer);
  return response ? std::move(*response->mutable_fleet()) : proto::Fleet();
}

void Desired::report(proto::NodeState &state, UnixNanos now) const {
  for (const proto::PartState &part : state.fleet().parts()) {
    const auto found = memory_.validities().find(part.part().stack());
    if (found == memory_.validities().end() || found->second.generation() != part.generation())
      continue; // it came over the local socket
    proto::Validity &validity = *state.add_validities() = found->second;
    validity.set_stack(part.part().stack());
    validity.set_held(!why_held(validity, now).empty());
  }
  for (const auto &[stack, accepted] : memory_.accepted()) {
    proto::Outcome &out = *state.add_accepted() = outcome(stack, accepted.digest);
    out.set_epoch(accepted.mark.epoch);
    out.set_generation(accepted.mark.generation);
    if (accepted.response)
      *out.mutable_response() = *accepted.response;
  }
  for (const auto &[stack, one] : refused_)
    *state.add_refused() = one;
}

} // namespace nemo::agent::fleet
