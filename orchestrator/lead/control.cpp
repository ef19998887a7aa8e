#include "orchestrator/lead/control.h"

#include "llvm/ADT/StringExtras.h"

#include "base/clock.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "protocol/link/subjects.h"
#include "protocol/trust/statement.h"

namespace nemo::lead {

namespace {

using namespace std::chrono_literals;
using membership::Member;
using trust::Expectation;

constexpr auto claim_holds = 1min;
constexpr auto word_holds = 23h; ///< of plans; the rule says 24
constexpr int most_lines = 200;  ///< of a plan: a value of the bucket has room for 64 KiB
constexpr size_t most_line = 200;

llvm::Error no_bucket() {
  Diagnostic fault = diag::make(diag::N0801, "the fleet's broker keeps nothing for controllers");
  fault.fix = "start the fleet's service anew where the fleet is held, in this version: `nemo "
              "fleet stop`, `nemo fleet start`";
  return failure(std::move(fault));
}

std::string lease_of(llvm::StringRef lead) { return "lead/" + lead.str(); }

proto::Statement statement(std::chrono::milliseconds holds) {
  const UnixNanos time = now();
  proto::Statement made;
  made.set_issued_unix_ms(trust::to_unix_ms(time));
  made.set_expires_unix_ms(trust::to_unix_ms(time + holds));
  return made;
}

/// A plan's digest is "sha256:" and 64 hexadecimal digits, or those alone.
llvm::Expected<std::string> digest_bytes(llvm::StringRef text) {
  std::string bytes;
  if (text.size() < 64 || !llvm::tryGetFromHex(text.take_back(64), bytes) || bytes.size() != 32)
    return failure("'{}' is no digest of a plan", text.str());
  return bytes;
}

std::string digest_text(llvm::StringRef bytes) { return llvm::toHex(bytes, /*LowerCase=*/true); }

/// The number of what is asked is the second that its facts are of; 0: it is not known.
constexpr uint64_t last_second = 9'000'000'000; ///< that is believed: a clock can say it

uint64_t second_of(const std::string &at) {
  const auto time = from_rfc3339(at);
  if (!time || to_rfc3339(*time, 0) != at || trust::to_unix_ms(*time) < 0)
    return 0;
  return static_cast<uint64_t>(trust::to_unix_ms(*time) / 1'000);
}

std::string at_second(uint64_t second) {
  return second == 0 || second > last_second
             ? std::string()
             : to_rfc3339(trust::from_unix_ms(static_cast<int64_t>(second) * 1'000), 0);
}

} // namespace

llvm::Expected<Value> read(link::Connection &broker, const std::string &subject,
                           link::milliseconds patience) {
  auto answer = broker.request(link::direct_get(subject), "", {}, patience);
  if (!answer)
    return answer.takeError();
  if (answer->status == "503")
    return no_bucket();
  if (!answer->status.empty() && answer->status != "404")
    return failure("the broker answers {} when it is asked for {}", answer->status, subject);
  Value value;
  value.revision = answer->status.empty() ? answer->sequence : 0;
  if (answer->status.empty() && answer->operation.empty())
    value.bytes = std::move(answer->data);
  return value;
}

llvm::Expected<std::optional<uint64_t>> replace(link::Connection &broker,
                                                const std::string &subject, llvm::StringRef bytes,
                                                uint64_t revision, link::milliseconds patience) {
  auto answer =
      broker.request(subject, bytes,
                     {{"Nats-Expected-Last-Subject-Sequence", std::to_string(revision)}}, patience);
  if (!answer)
    return answer.takeError();
  bool conflict = false;
  auto stored = link::read_ack(*answer, &conflict);
  if (stored)
    return stored->sequence;
  auto error = stored.takeError();
  if (!conflict)
    return error;
  llvm::consumeError(std::move(error));
  return std::nullopt;
}

llvm::Error put(link::Connection &broker, const std::string &subject, llvm::StringRef bytes,
                link::milliseconds patience) {
  auto answer = broker.request(subject, bytes, {}, patience);
  if (!answer)
    return answer.takeError();
  if (answer->status == "503")
    return no_bucket();
  return link::read_ack(*answer).takeError();
}

llvm::Expected<std::string> sign_claim(const Member &me, llvm::StringRef lead,
                                       llvm::StringRef process, const Write &write) {
  proto::Statement made = statement(claim_holds);
  made.set_epoch(write.token);
  made.set_generation(write.number);
  proto::LeaseGrant &grant = *made.mutable_lease_grant();
  grant.set_lease(lease_of(lead));
  grant.set_holder(me.id().text());
  grant.set_token(write.token);
  grant.set_duration_ms(static_cast<uint64_t>(write.duration.count()));
  grant.set_nonce(process.str());
  return trust::sign(std::move(made), me.signer());
}

Held judge_claim(const Member &me, llvm::StringRef lead, const Value &value) {
  Held held;
  held.revision = value.revision;
  if (value.bytes.empty())
    return held;
  auto verified = trust::verify(
      value.bytes, Expectation::lead(me.id().fleet, lease_of(lead), now()), me.trust());
  if (!verified) {
    llvm::consumeError(verified.takeError());
    return held;
  }
  const proto::LeaseGrant &grant = verified->statement.lease_grant();
  const trust::Role role = verified->signer.id.role;
  // The epoch is what bounds a token.
  if (grant.holder() != verified->signer.id.text() ||
      grant.token() != verified->statement.epoch() ||
      (role != trust::Role::controller && role != trust::Role::operator_))
    return held;
  held.believed = true;
  held.process = grant.nonce();
  held.name = verified->signer.id.name;
  held.token = grant.token();
  held.number = verified->statement.generation();
  held.written_unix_ms = verified->statement.issued_unix_ms();
  held.duration = Ms(static_cast<int64_t>(std::min<uint64_t>(grant.duration_ms(), 3'600'000)));
  return held;
}

llvm::Expected<std::string> sign_asked(const Member &me, const Asked &asked) {
  auto digest = digest_bytes(asked.digest);
  if (!digest)
    return digest.takeError();
  proto::Statement made = statement(word_holds);
  made.set_generation(second_of(asked.at));
  proto::PlanAsked &body = *made.mutable_plan_asked();
  body.set_plan_digest(*digest);
  body.set_commit(asked.commit);
  for (const std::string &line : asked.actions)
    if (body.actions_size() < most_lines)
      body.add_actions(line.substr(0, most_line));
  if (asked.actions.size() > most_lines)
    body.add_actions("and " + std::to_string(asked.actions.size() - most_lines) + " more");
  for (const std::string &line : asked.objections)
    if (body.objections_size() < 20)
      body.add_objections(line.substr(0, most_line));
  return trust::sign(std::move(made), me.signer());
}

llvm::Expected<Asked> read_asked(const Member &me, llvm::StringRef bytes) {
  auto verified = trust::verify(
      bytes, Expectation::of_plan(proto::Signed::PLAN_ASKED, me.id().fleet, now()), me.trust());
  if (!verified)
    return verified.takeError();
  const proto::PlanAsked &body = verified->statement.plan_asked();
  Asked asked{digest_text(body.plan_digest()),
              body.commit(),
              {},
              {},
              verified->signer.id.name,
              at_second(verified->statement.generation())};
  asked.actions.assign(body.actions().begin(), body.actions().end());
  asked.objections.assign(body.objections().begin(), body.objections().end());
  return asked;
}

llvm::Expected<std::string> sign_approval(const Member &me, llvm::StringRef digest) {
  auto bytes = digest_bytes(digest);
  if (!bytes)
    return bytes.takeError();
  proto::Statement made = statement(word_holds);
  made.mutable_plan_approval()->set_plan_digest(*bytes);
  return trust::sign(std::move(made), me.signer());
}

llvm::Expected<std::string> read_approval(const Member &me, llvm::StringRef bytes) {
  auto verified = trust::verify(
      bytes, Expectation::of_plan(proto::Signed::PLAN_APPROVAL, me.id().fleet, now()), me.trust());
  if (!verified)
    return verified.takeError();
  return digest_text(verified->statement.plan_approval().plan_digest());
}

} // namespace nemo::lead
