// Everything that the trust layer reads from strangers, and from members who lie: they have real
// keys and certificates, and may sign whatever they like. What is accepted has to be what it was
// accepted as.
#include <cstdio>
#include <cstdlib>

#include "backends/fleet/authority/certify.h"
#include "protocol/trust/bundle.h"
#include "protocol/trust/join.h"
#include "protocol/trust/statement.h"
#include "trust.h"

using namespace nemo;
using namespace nemo::trust;
using fuzz::Door;

namespace {

void expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// True if it was good; errors are what most inputs deserve.
template <typename T> bool accepted(llvm::Expected<T> &result) {
  if (result)
    return true;
  llvm::consumeError(result.takeError());
  return false;
}

struct Member {
  SigningKey key;
  SpiffeId id;
  std::vector<std::string> chain;
};

constexpr const char *fleet = "f";
constexpr std::pair<Kind, const char *> kinds[] = {
    {proto::Signed::DESIRED_STATE, "desired state"},
    {proto::Signed::REPORT, "report"},
    {proto::Signed::HEARTBEAT, "heartbeat"},
    {proto::Signed::LEASE_GRANT, "lease grant"},
    {proto::Signed::REVOCATIONS, "revocations"},
    {proto::Signed::DELEGATION, "delegation"},
    {proto::Signed::SEALING_KEY, "sealing key"},
    {proto::Signed::RENEWAL, "renewal"},
    {proto::Signed::BUNDLE, "bundle"},
    {proto::Signed::QUESTION, "question"},
    {proto::Signed::PLAN_ASKED, "plan to be approved"},
    {proto::Signed::PLAN_APPROVAL, "approval of a plan"},
    {proto::Signed::CORDON, "cordon"}};

struct World {
  UnixNanos now = from_unix_ms(1'790'000'000'000);
  authority::Issuer root = llvm::cantFail(
      authority::make_root(fleet, {now - std::chrono::hours(1), now + std::chrono::hours(1000)}));
  authority::Issuer intermediate = llvm::cantFail(authority::make_intermediate(
      root, fleet, {now - std::chrono::hours(1), now + std::chrono::hours(1000)}));
  Bundle bundle{fleet, {root.certificate}, 1, 0};
  Revocations revocations;
  std::vector<Member> members;
  SealingKey sealing = llvm::cantFail(SealingKey::generate());
  JoinToken token =
      make_token({fleet, Role::node, "n"}, root.key.id(), now, now + std::chrono::hours(1));
  std::string good; ///< desired state by the operator
  std::string good_payload;

  World() {
    for (int role = 0; role <= static_cast<int>(Role::authority); ++role) {
      SigningKey key = llvm::cantFail(SigningKey::generate());
      const SpiffeId id{fleet, static_cast<Role>(role), "n"};
      std::string own = llvm::cantFail(
          authority::make_svid(intermediate, key.get(), id, {},
                               {now - std::chrono::hours(1), now + std::chrono::hours(24)}));
      members.push_back({std::move(key), id, {std::move(own), intermediate.certificate}});
    }
    const Member &op = members[static_cast<size_t>(Role::operator_)];
    proto::Statement statement;
    statement.set_node("n");
    statement.set_issued_unix_ms(to_unix_ms(now));
    statement.set_expires_unix_ms(to_unix_ms(now) + 60'000);
    statement.mutable_desired_state()->set_plan_digest(std::string(32, 'd'));
    llvm::cantFail(seal_payload(statement, op.id, sealing.public_key(), "plain"));
    good = llvm::cantFail(sign(statement, {op.key, op.id, op.chain, ""}));
    proto::Signed envelope;
    envelope.ParseFromString(good);
    good_payload = envelope.payload();
  }

  Trust trust() const { return {bundle, revocations}; }

  Expectation expectation(Kind kind) const {
    const SpiffeId node{fleet, Role::node, "n"};
    switch (kind) {
    case proto::Signed::DESIRED_STATE:
      return Expectation::desired_state(node, {}, now);
    case proto::Signed::LEASE_GRANT:
      return Expectation::lease_grant(node, "", node, std::string(16, 'n'), now);
    case proto::Signed::DELEGATION:
      return Expectation::delegation(fleet, now);
    case proto::Signed::QUESTION:
      return Expectation::question(node, now);
    case proto::Signed::PLAN_ASKED:
    case proto::Signed::PLAN_APPROVAL:
      return Expectation::of_plan(kind, fleet, now);
    case proto::Signed::RENEWAL:
      return Expectation::renewal(fleet, now);
    case proto::Signed::REVOCATIONS:
    case proto::Signed::BUNDLE:
      return Expectation::of_fleet(kind, fleet, {}, now);
    default:
      return Expectation::of_node(kind, node, {}, now);
    }
  }
};

void judge(const World &world, llvm::StringRef bytes, Kind kind) {
  const Expectation expected = world.expectation(kind);
  auto verified = verify(bytes, expected, world.trust());
  if (!accepted(verified))
    return;
  const proto::Statement &statement = verified->statement;
  expect(statement.fleet() == fleet && statement.signer() == verified->signer.id.text(),
         "a lie about who signed");
  expect(!expected.node || statement.node() == *expected.node, "for another node");
  expect(from_unix_ms(statement.expires_unix_ms()) > world.now && !verified->expired, "expired");
  expect(from_unix_ms(statement.issued_unix_ms()) <= world.now + max_skew, "from the future");
  for (const std::string &tenant : statement.desired_state().tenants())
    expect(verified->scope.allows(tenant), "a tenant out of scope");
  const Role role = verified->signer.id.role;
  expect(role != Role::broker || kind == proto::Signed::RENEWAL, "a broker signed");
  expect(kind != proto::Signed::DESIRED_STATE || role == Role::operator_ ||
             role == Role::controller,
         "desired state by who may not");
  switch (kind) {
  case proto::Signed::DESIRED_STATE:
    if (auto plain = open_payload(*verified, world.sealing); accepted(plain))
      expect(plain->bytes() == "plain", "opened to what nobody sealed");
    break;
  case proto::Signed::RENEWAL: {
    auto request = parse_request(statement.renewal().csr());
    accepted(request);
    break;
  }
  case proto::Signed::REVOCATIONS: {
    auto list = world.revocations.next(bytes, world.bundle, world.now);
    accepted(list);
    break;
  }
  case proto::Signed::BUNDLE: {
    auto next = next_bundle(world.bundle, bytes, world.trust(), world.now);
    accepted(next);
    break;
  }
  default:
    break;
  }
}

void member_lies(const World &world, llvm::StringRef input) {
  if (input.size() < 2)
    return;
  const Member &member = world.members[static_cast<uint8_t>(input[0]) % world.members.size()];
  const auto &[kind, name] = kinds[static_cast<uint8_t>(input[1]) % std::size(kinds)];
  proto::Signed envelope;
  envelope.set_kind(kind);
  envelope.set_payload(input.drop_front(2).str());
  envelope.set_key_id(member.key.id());
  for (const std::string &one : member.chain)
    envelope.add_chain(one);
  std::string context = "nemo statement 1";
  context += '\0' + std::string(name) + '\0';
  envelope.set_signature(llvm::cantFail(member.key.sign(context + envelope.payload())));
  judge(world, envelope.SerializeAsString(), kind);
}

void edited(const World &world, llvm::StringRef input) {
  std::string bytes = world.good;
  for (; input.size() >= 3; input = input.drop_front(3)) {
    const size_t at =
        (static_cast<uint8_t>(input[0]) << 8 | static_cast<uint8_t>(input[1])) % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ input[2]);
  }
  auto verified = verify(bytes, world.expectation(proto::Signed::DESIRED_STATE), world.trust());
  if (accepted(verified))
    expect(verified->digest == sha256_bytes(world.good_payload), "a changed payload was accepted");
}

void document(llvm::StringRef input) {
  auto bundle = read_document(input, fleet);
  if (!accepted(bundle))
    return;
  expect(!bundle->roots.empty() && bundle->roots.size() <= max_roots, "a bundle without roots");
  auto text = to_document(*bundle);
  if (!accepted(text))
    return;
  auto again = read_document(*text, fleet);
  expect(accepted(again) && again->roots == bundle->roots && again->sequence == bundle->sequence,
         "a bundle that its own document does not say");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static const World world;
  if (size == 0)
    return 0;
  const llvm::StringRef input(reinterpret_cast<const char *>(bytes) + 1, size - 1);
  switch (static_cast<Door>(bytes[0] % static_cast<uint8_t>(Door::count))) {
  case Door::envelope:
    for (const auto &[kind, name] : kinds)
      judge(world, input, kind);
    break;
  case Door::payload:
    member_lies(world, input);
    break;
  case Door::edited:
    edited(world, input);
    break;
  case Door::request: {
    auto request = parse_request(input);
    if (accepted(request))
      expect(is_p256(request->key.get()) && is_member_name(request->id.name),
             "a request for nobody");
    break;
  }
  case Door::certificate: {
    auto svid = verify_svid({input.str(), world.intermediate.certificate}, world.bundle, world.now);
    expect(!accepted(svid), "a certificate that nobody made");
    break;
  }
  case Door::pem: {
    auto chain = certificates_in(input);
    if (accepted(chain)) {
      auto again = certificates_in(to_pem(*chain));
      expect(accepted(again) && *again == *chain, "certificates that PEM does not keep");
    }
    break;
  }
  case Door::token: {
    auto token = parse_token(input);
    if (accepted(token)) {
      auto again = parse_token(to_text(*token).bytes());
      expect(accepted(again) && again->id == token->id && again->member == token->member,
             "a token that changes");
    }
    break;
  }
  case Door::document:
    document(input);
    break;
  case Door::guard: {
    auto guard = Guard::from_bytes(input);
    if (accepted(guard)) {
      auto again = Guard::from_bytes(guard->to_bytes());
      expect(accepted(again) && *again == *guard, "a guard that forgets");
    }
    break;
  }
  case Door::join: {
    proto::JoinRequest request;
    if (request.ParseFromArray(input.data(), static_cast<int>(input.size())))
      expect(static_cast<bool>(
                 llvm::errorToBool(check_proof(request, std::string(channel_size, 'x')))),
             "a proof of nothing");
    break;
  }
  case Door::joined: {
    proto::JoinResponse response;
    if (response.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
      auto joined = accept(response, world.token, world.members.front().key, world.now);
      expect(!accepted(joined), "a certificate that was not asked for");
    }
    break;
  }
  case Door::count:
    break;
  }
  return 0;
}
