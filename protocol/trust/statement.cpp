#include "protocol/trust/statement.h"

#include <array>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"

namespace nemo::trust {

namespace {

using namespace std::chrono_literals;
using proto::Signed;
using proto::Statement;
using milliseconds = std::chrono::milliseconds;

/// At which time the path of the signer's certificate has to be valid. What is kept for long is
/// judged at the time it says it was issued: certificates are short-lived, and a plan outlives
/// them. That a stolen key does not speak from the past is held together by three: `lifetime`,
/// may_follow(), and revocations, which know no time.
enum class Judged : uint8_t { when_issued, now };
/// What `node` of a statement has to be.
enum class About : uint8_t { a_node, the_signer, the_fleet };

constexpr uint32_t one(Role role) { return 1u << static_cast<unsigned>(role); }
constexpr uint32_t members = one(Role::node) | one(Role::operator_) | one(Role::viewer) |
                             one(Role::controller) | one(Role::broker);
constexpr uint32_t deciders = one(Role::operator_) | one(Role::controller);
constexpr uint32_t authority = one(Role::authority);

struct Rule {
  Kind kind;
  Statement::BodyCase body;
  llvm::StringLiteral name; ///< separates the signatures of one kind from those of every other
  uint32_t roles;
  milliseconds lifetime;
  Judged judged;
  About about;
};

constexpr std::array rules = {
    Rule{Signed::DESIRED_STATE, Statement::kDesiredState, "desired state", deciders,
         longest_desired_state, Judged::when_issued, About::a_node},
    Rule{Signed::REPORT, Statement::kReport, "report", one(Role::node), 1h, Judged::now,
         About::the_signer},
    Rule{Signed::HEARTBEAT, Statement::kHeartbeat, "heartbeat", one(Role::node), 5min, Judged::now,
         About::the_signer},
    Rule{Signed::LEASE_GRANT, Statement::kLeaseGrant, "lease grant", one(Role::node) | deciders,
         5min, Judged::now, About::the_fleet},
    Rule{Signed::REVOCATIONS, Statement::kRevocations, "revocations", authority, 90 * 24h,
         Judged::when_issued, About::the_fleet},
    Rule{Signed::DELEGATION, Statement::kDelegation, "delegation", one(Role::operator_), 90 * 24h,
         Judged::when_issued, About::the_fleet},
    Rule{Signed::SEALING_KEY, Statement::kSealingKey, "sealing key", one(Role::node), 7 * 24h,
         Judged::now, About::the_signer},
    Rule{Signed::RENEWAL, Statement::kRenewal, "renewal", members, 5min, Judged::now,
         About::the_fleet},
    Rule{Signed::BUNDLE, Statement::kBundle, "bundle", authority, 90 * 24h, Judged::when_issued,
         About::the_fleet},
    Rule{Signed::QUESTION, Statement::kQuestion, "question", deciders | one(Role::viewer), 5min,
         Judged::now, About::a_node},
    Rule{Signed::PLAN_ASKED, Statement::kPlanAsked, "plan to be approved", deciders, 24h,
         Judged::now, About::the_fleet},
    Rule{Signed::PLAN_APPROVAL, Statement::kPlanApproval, "approval of a plan",
         one(Role::operator_), 24h, Judged::now, About::the_fleet},
    // Whoever keeps an old one keeps a node closed: the receiver does not drop it when it runs out.
    Rule{Signed::CORDON, Statement::kCordon, "cordon", one(Role::operator_), 90 * 24h,
         Judged::when_issued, About::a_node},
};

const Rule *rule_of(Kind kind) {
  const auto *found = llvm::find_if(rules, [&](const Rule &rule) { return rule.kind == kind; });
  return found == rules.end() ? nullptr : found;
}

/// What is signed: no two kinds have a string in common, whatever their payloads.
std::string to_be_signed(const Rule &rule, llvm::StringRef payload) {
  std::string bytes = "nemo statement 1";
  bytes += '\0';
  bytes += rule.name;
  bytes += '\0';
  bytes += payload;
  return bytes;
}

llvm::Error check_body(const Rule &rule, const Statement &statement) {
  auto is_digest = [](llvm::StringRef bytes) { return bytes.size() == 32; };
  switch (rule.kind) {
  case Signed::DESIRED_STATE:
    if (!is_digest(statement.desired_state().plan_digest()))
      return failure("desired state names no plan");
    if (statement.desired_state().tenants_size() > 10'000)
      return failure("desired state of over 10,000 tenants");
    return llvm::Error::success();
  case Signed::LEASE_GRANT:
    if (statement.lease_grant().nonce().size() < 16 || statement.lease_grant().nonce().size() > 64)
      return failure("a lease grant answers a nonce of 16 to 64 bytes");
    return parse_id(statement.lease_grant().holder()).takeError();
  case Signed::DELEGATION: {
    if (!is_digest(statement.delegation().key_id()) ||
        statement.delegation().tenants_size() > 10'000)
      return failure("a delegation names no key, or over 10,000 tenants");
    auto controller = parse_id(statement.delegation().controller());
    if (!controller)
      return controller.takeError();
    if (controller->role != Role::controller || controller->fleet != statement.fleet())
      return failure("a delegation to {}, which is no controller of the fleet", controller->text());
    return llvm::Error::success();
  }
  case Signed::QUESTION:
    if (statement.question().nonce().size() < 16 || statement.question().nonce().size() > 64)
      return failure("a question has a nonce of 16 to 64 bytes");
    return is_digest(statement.question().reply_key())
               ? llvm::Error::success()
               : failure("a question names no key to answer to");
  case Signed::PLAN_ASKED:
    return is_digest(statement.plan_asked().plan_digest())
               ? llvm::Error::success()
               : failure("what is to be approved is no plan");
  case Signed::PLAN_APPROVAL:
    return is_digest(statement.plan_approval().plan_digest())
               ? llvm::Error::success()
               : failure("an approval names no plan");
  case Signed::CORDON:
    if (!proto::CordonOrder::State_IsValid(statement.cordon().state()))
      return failure("a cordon of a state that nobody knows");
    return statement.cordon().reason().size() <= max_reason &&
                   llvm::json::isUTF8(statement.cordon().reason())
               ? llvm::Error::success()
               : failure("a cordon's reason has at most {} bytes of UTF-8", max_reason);
  case Signed::SEALING_KEY:
    return is_digest(statement.sealing_key().public_key())
               ? llvm::Error::success()
               : failure("what should be a sealing key is none");
  default:
    return llvm::Error::success();
  }
}

/// What a statement has to be whoever signs and reads it.
llvm::Error check_form(const Rule &rule, const Statement &statement, const SpiffeId &signer) {
  if (statement.body_case() != rule.body)
    return failure("what is signed as {} holds something else", rule.name.str());
  if ((rule.roles & one(signer.role)) == 0)
    return failure("{} may not sign {}: its role is {}", signer.text(), rule.name.str(),
                   to_text(signer.role).str());
  if (statement.fleet() != signer.fleet || statement.signer() != signer.text())
    return failure("{} says that {} of the fleet {} signed it, and {} did", rule.name.str(),
                   shown(statement.signer()), shown(statement.fleet()), signer.text());
  if (rule.kind == Signed::DESIRED_STATE && signer.role == Role::controller &&
      statement.desired_state().tenants().empty())
    return failure("{} decided for nobody: desired state of a controller names its tenants",
                   signer.text());
  const int64_t issued = statement.issued_unix_ms(), expires = statement.expires_unix_ms();
  // The order keeps the difference from overflowing.
  if (issued < 0 || expires <= issued || expires - issued > milliseconds(rule.lifetime).count())
    return failure("{} has to hold for some time, and for at most {} s", rule.name.str(),
                   std::chrono::duration_cast<std::chrono::seconds>(rule.lifetime).count());
  const llvm::StringRef node = statement.node();
  if (rule.about == About::the_fleet ? !node.empty() : !is_member_name(node))
    return failure("{} for the node {}", rule.name.str(), shown(node));
  if (rule.about == About::the_signer && node != signer.name)
    return failure("{} spoke for the node {}", signer.text(), shown(node));
  return check_body(rule, statement);
}

/// The envelope, with its sizes checked.
llvm::Expected<Signed> read_envelope(llvm::StringRef bytes, Kind kind) {
  if (bytes.size() > max_signed)
    return failure("a signed statement of {} bytes is over the limit of {}", bytes.size(),
                   max_signed);
  Signed envelope;
  if (!envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return failure("what should be a signed statement cannot be read");
  if (envelope.kind() != kind)
    return failure("a signed statement of another kind than is expected here");
  if (envelope.chain_size() > static_cast<int>(max_chain) || envelope.signature().size() > 128 ||
      envelope.delegation().size() > (1u << 20))
    return failure("a signed statement with parts that are too large");
  return envelope;
}

struct Delegated {
  Scope scope;
  Mark mark;
};

/// The delegation that lets a controller sign `statement`.
llvm::Expected<Delegated> check_delegation(const Signed &envelope, const Statement &statement,
                                           const Svid &controller, UnixNanos now, Mark at_least,
                                           const Trust &trust) {
  if (envelope.delegation().empty())
    return failure("{} signed desired state without a delegation by an operator",
                   controller.id.text());
  Expectation expected = Expectation::delegation(trust.bundle.fleet, now);
  expected.at_least = std::move(at_least);
  auto delegation = verify(envelope.delegation(), expected, trust);
  if (!delegation)
    return delegation.takeError();
  const proto::Delegation &body = delegation->statement.delegation();
  if (body.controller() != controller.id.text() || body.key_id() != controller.key_ids.front())
    return failure("{} brought a delegation to another controller or another key",
                   controller.id.text());
  if (statement.issued_unix_ms() < delegation->statement.issued_unix_ms() - max_skew.count() ||
      statement.expires_unix_ms() > delegation->statement.expires_unix_ms())
    return failure("{} signed desired state for a time that its delegation does not cover",
                   controller.id.text());
  return Delegated{Scope{body.all_tenants(), {body.tenants().begin(), body.tenants().end()}},
                   delegation->mark()};
}

} // namespace

UnixNanos from_unix_ms(int64_t ms) {
  constexpr int64_t most =
      std::chrono::floor<milliseconds>(UnixNanos::max()).time_since_epoch().count();
  return UnixNanos(milliseconds(std::clamp(ms, -most, most)));
}

bool Scope::allows(llvm::StringRef tenant) const {
  return all || llvm::is_contained(tenants, tenant);
}

Mark Verified::mark() const {
  return {statement.epoch(), statement.generation(), statement.issued_unix_ms(), digest};
}

llvm::Expected<std::string> sign(Statement statement, const Signer &signer) {
  const auto *rule =
      llvm::find_if(rules, [&](const Rule &one) { return one.body == statement.body_case(); });
  if (rule == rules.end())
    return failure("a statement that says nothing");
  statement.set_fleet(signer.id.fleet);
  statement.set_signer(signer.id.text());
  if (auto error = check_form(*rule, statement, signer.id))
    return error;
  Signed envelope;
  envelope.set_kind(rule->kind);
  envelope.set_payload(statement.SerializeAsString());
  auto signature = signer.key.sign(to_be_signed(*rule, envelope.payload()));
  if (!signature)
    return signature.takeError();
  envelope.set_signature(std::move(*signature));
  envelope.set_key_id(signer.key.id());
  for (const std::string &certificate : signer.chain)
    envelope.add_chain(certificate);
  if (rule->kind == Signed::DESIRED_STATE && signer.id.role == Role::controller)
    envelope.set_delegation(signer.delegation);
  std::string bytes = envelope.SerializeAsString();
  if (bytes.size() > max_signed)
    return failure("{} of {} bytes is over the limit of {}", rule->name.str(), bytes.size(),
                   max_signed);
  return bytes;
}

Expectation Expectation::desired_state(const SpiffeId &me, Mark at_least, UnixNanos now,
                                       const Guard *delegations) {
  Expectation expected{Signed::DESIRED_STATE, me.fleet, {}, me.name, {},
                       std::move(at_least),   false,    now};
  expected.delegations = delegations;
  return expected;
}

Expectation Expectation::of_node(Kind kind, const SpiffeId &node, Mark at_least, UnixNanos now) {
  return {kind, node.fleet, node, node.name, {}, std::move(at_least), false, now};
}

Expectation Expectation::lease_grant(const SpiffeId &granter, llvm::StringRef lease,
                                     const SpiffeId &holder, llvm::StringRef nonce, UnixNanos now) {
  Expectation expected{
      Signed::LEASE_GRANT, granter.fleet, granter, "", nonce.str(), {}, false, now};
  expected.lease = lease.str();
  expected.holder = holder.text();
  return expected;
}

Expectation Expectation::of_fleet(Kind kind, llvm::StringRef fleet, Mark at_least, UnixNanos now) {
  return {kind, fleet.str(), {}, "", {}, std::move(at_least), false, now};
}

Expectation Expectation::renewal(llvm::StringRef fleet, UnixNanos now) {
  return {Signed::RENEWAL, fleet.str(), {}, "", {}, {}, false, now};
}

Expectation Expectation::delegation(llvm::StringRef fleet, UnixNanos now) {
  return {Signed::DELEGATION, fleet.str(), {}, "", {}, {}, false, now};
}

Expectation Expectation::question(const SpiffeId &me, UnixNanos now) {
  return {Signed::QUESTION, me.fleet, {}, me.name, {}, {}, false, now};
}

Expectation Expectation::lead(llvm::StringRef fleet, llvm::StringRef lease, UnixNanos now) {
  Expectation expected{Signed::LEASE_GRANT, fleet.str(), {}, "", {}, {}, true, now};
  expected.lease = lease.str();
  return expected;
}

Expectation Expectation::of_plan(Kind kind, llvm::StringRef fleet, UnixNanos now) {
  return {kind, fleet.str(), {}, "", {}, {}, false, now};
}

Expectation Expectation::cordon(const SpiffeId &node, Mark at_least, UnixNanos now) {
  return {Signed::CORDON, node.fleet, {}, node.name, {}, std::move(at_least), true, now};
}

llvm::Expected<Verified> verify(llvm::StringRef bytes, const Expectation &expected,
                                const Trust &trust) {
  const Rule *rule = rule_of(expected.kind);
  if (!rule || trust.bundle.fleet != expected.fleet)
    return failure("nothing can be verified without the kind and the roots that are expected");
  auto envelope = read_envelope(bytes, expected.kind);
  if (!envelope)
    return envelope.takeError();
  Statement statement;
  if (!statement.ParseFromString(envelope->payload()))
    return failure("the payload of what is signed as {} cannot be read", rule->name.str());

  // What was accepted was issued at a time that has passed, even where the clock of a node without
  // battery says 1970.
  const UnixNanos now = std::max(expected.now, from_unix_ms(expected.at_least.issued_unix_ms));
  const UnixNanos issued = from_unix_ms(statement.issued_unix_ms());
  if (issued > now + max_skew)
    return failure("{} says that it was issued at {}, which is yet to come", rule->name.str(),
                   to_rfc3339(issued));
  const std::vector<std::string> chain(envelope->chain().begin(), envelope->chain().end());
  const UnixNanos at = rule->judged == Judged::now ? now : std::min(issued, now);
  auto signer = trust.paths ? trust.paths->verify(chain, trust.bundle, at)
                            : verify_svid(chain, trust.bundle, at);
  if (!signer)
    return signer.takeError();
  if (envelope->key_id() != signer->key_ids.front())
    return failure("{} names another key than that of its certificate", rule->name.str());
  if (!is_signed_by(signer->key.get(), to_be_signed(*rule, envelope->payload()),
                    envelope->signature()))
    return failure("the signature of {} by {} is wrong", rule->name.str(), signer->id.text());
  if (auto error = check_form(*rule, statement, signer->id))
    return error;
  if (auto error = trust.revocations.check(*signer))
    return error;

  if (expected.signer && *expected.signer != signer->id)
    return failure("{} by {}, not by {}", rule->name.str(), signer->id.text(),
                   expected.signer->text());
  if (expected.node && *expected.node != statement.node())
    return failure("{} for the node {}, not for {}", rule->name.str(), shown(statement.node()),
                   *expected.node);
  if (expected.nonce && *expected.nonce != statement.lease_grant().nonce())
    return failure("{} by {} answers another request", rule->name.str(), signer->id.text());
  if ((expected.lease && *expected.lease != statement.lease_grant().lease()) ||
      (expected.holder && *expected.holder != statement.lease_grant().holder()))
    return failure("{} by {} is of another lease, or to another holder", rule->name.str(),
                   signer->id.text());
  const bool expired = from_unix_ms(statement.expires_unix_ms()) <= now;
  if (expired && !expected.may_be_expired)
    return failure("{} by {} expired at {}", rule->name.str(), signer->id.text(),
                   to_rfc3339(from_unix_ms(statement.expires_unix_ms())));

  Scope scope{true, {}};
  std::optional<Mark> delegation;
  if (rule->kind == Signed::DESIRED_STATE && signer->id.role == Role::controller) {
    const Mark known = expected.delegations
                           ? expected.delegations->mark(Signed::DELEGATION, signer->id.text())
                           : Mark{};
    auto delegated =
        check_delegation(*envelope, statement, *signer, expired ? issued : now, known, trust);
    if (!delegated)
      return delegated.takeError();
    scope = std::move(delegated->scope);
    delegation = std::move(delegated->mark);
  } else if (!envelope->delegation().empty()) {
    return failure("{} came with a delegation, which it cannot have", rule->name.str());
  }
  for (const std::string &tenant : statement.desired_state().tenants())
    if (!scope.allows(tenant))
      return failure("{} may not decide for the tenant {}", signer->id.text(), shown(tenant));

  Verified verified{std::move(statement), std::move(*signer), std::move(scope),
                    sha256_bytes(envelope->payload()), expired};
  verified.repeated = verified.digest == expected.at_least.digest;
  verified.delegation = std::move(delegation);
  if (auto error = may_follow(expected.at_least, verified.mark()))
    return error;
  return verified;
}

} // namespace nemo::trust
