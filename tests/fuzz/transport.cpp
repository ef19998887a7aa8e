// What a node reads from its fleet's broker, and from another node during a move: a hostile
// broker's bytes, and a member's who has a key and says whatever it likes. What reaches the agent
// has to be for this node and stack, signed by who may, and to come once.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "backends/fleet/authority/certify.h"
#include "protocol/link/subjects.h"
#include "runtime-agent/fleet/desired.h"
#include "runtime-agent/fleet/lease_wire.h"
#include "runtime-agent/fleet/questions.h"
#include "runtime-agent/migrate/channel.h"

using namespace nemo;
using namespace nemo::trust;

namespace {

enum class Door : uint8_t {
  value,    ///< a NodeDesired
  inside,   ///< what an operator seals for this node: a DeliverCall
  edited,   ///< triples of offset (2 bytes) and xor on a value that is good
  question, ///< bytes on ask.N
  request,  ///< a byte for the role, then the BackendRequest that this member asks
  frames,   ///< what another node says during a move
  lease,    ///< what a granter answers, and what a holder asks
  count,
};

void expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

constexpr const char *fleet = "f";

struct Signing {
  SigningKey key;
  SpiffeId id;
  std::vector<std::string> chain;
  Signer signer() const { return {key, id, chain, ""}; }
};

struct World {
  UnixNanos now = from_unix_ms(1'790'000'000'000);
  authority::Validity long_time{now - std::chrono::hours(1), now + std::chrono::hours(1000)};
  authority::Issuer root = llvm::cantFail(authority::make_root(fleet, long_time));
  authority::Issuer intermediate =
      llvm::cantFail(authority::make_intermediate(root, fleet, long_time));
  SealingKey reply = llvm::cantFail(SealingKey::generate());
  std::vector<Signing> members;
  membership::Member node;
  std::string good = value("");

  Signing member(Role role) const {
    SigningKey key = llvm::cantFail(SigningKey::generate());
    const SpiffeId id{fleet, role, "n"};
    std::string own =
        llvm::cantFail(authority::make_svid(intermediate, key.get(), id, {}, long_time));
    return {std::move(key), id, {std::move(own), intermediate.certificate}};
  }

  World() : node(make_node()) {}

  membership::Member make_node() {
    for (int role = 0; role <= static_cast<int>(Role::authority); ++role)
      members.push_back(member(static_cast<Role>(role)));
    Signing own = member(Role::node);
    char place[] = "/tmp/nemo-fuzz-XXXXXX";
    expect(::mkdtemp(place) != nullptr, "no directory for the node");
    const std::string directory = std::string(place) + "/node";
    llvm::cantFail(membership::Member::create(directory, own.id, own.key,
                                              {own.chain, {fleet, {root.certificate}, 1, 0}, {}},
                                              {"127.0.0.1:1", {"127.0.0.1:2"}}));
    auto made = llvm::cantFail(membership::Member::load(directory));
    std::filesystem::remove_all(place);
    return made;
  }

  proto::Statement statement() const {
    proto::Statement statement;
    statement.set_node("n");
    statement.set_generation(1);
    statement.set_issued_unix_ms(to_unix_ms(now));
    statement.set_expires_unix_ms(to_unix_ms(now) + 60'000);
    return statement;
  }

  /// A value for the stack "s" whose sealed payload is `inside`; empty: a delivery that is good.
  std::string value(llvm::StringRef inside) const {
    proto::DeliverCall call;
    call.mutable_part()->set_stack("s");
    call.mutable_part()->set_node("n");
    const Signing &op = members[static_cast<size_t>(Role::operator_)];
    proto::Statement state = statement();
    state.set_fleet(fleet);
    state.set_signer(op.id.text());
    state.mutable_desired_state()->set_plan_digest(std::string(32, 'd'));
    llvm::cantFail(seal_payload(state, op.id, node.sealing_key()->public_key(),
                                inside.empty() ? call.SerializeAsString() : inside.str()));
    proto::NodeDesired desired;
    desired.add_entries()->set_stack("s");
    desired.mutable_entries(0)->set_signed_(llvm::cantFail(sign(state, op.signer())));
    return desired.SerializeAsString();
  }
};

void desired(const World &world, llvm::StringRef value) {
  auto memory = llvm::cantFail(agent::fleet::Memory::open(":memory:"));
  int delivered = 0;
  auto handler = [&](const proto::BackendRequest &request) -> agent::Answer {
    proto::BackendResponse response;
    if (request.has_deliver()) {
      ++delivered;
      expect(request.deliver().part().node() == "n", "a delivery for another node");
      expect(request.deliver().part().stack() == "s", "a delivery for another stack");
      response.mutable_delivered()->set_generation(1);
    } else {
      response.mutable_fleet();
    }
    return response;
  };
  trust::Paths paths;
  agent::fleet::Desired judge(world.node, *memory, paths, handler);
  for (int i = 0; i < 2; ++i) {
    auto news = judge.take(value, world.now);
    if (!news)
      llvm::consumeError(news.takeError());
    expect(delivered <= 1, "acted upon twice");
  }
  proto::NodeState state;
  judge.report(state, world.now);
  expect(state.accepted_size() == delivered, "acted upon what was not accepted");
}

void question(const World &world, llvm::StringRef bytes, Role role) {
  int frames = 0;
  const std::string inbox = link::inbox({fleet, role, "n"}) + ".1";
  auto handler = [&](const proto::BackendRequest &request) -> agent::Answer {
    expect(!request.has_deliver() && !request.has_shutdown() && !request.has_observe(),
           "a question that is none reached the agent");
    expect(!request.has_put() || role == Role::operator_ || role == Role::controller,
           "files from who may not bring any");
    proto::BackendResponse response;
    response.mutable_done();
    if (request.has_logs())
      return agent::Stream([](proto::BackendResponse &) { return agent::Pull::done; });
    return response;
  };
  trust::Paths paths;
  agent::fleet::Questions questions(
      world.node, paths, handler,
      [&](const std::string &subject, const std::string &, std::optional<uint64_t> /*stream*/) {
        expect(subject == inbox, "an answer to somebody else");
        ++frames;
      });
  for (int i = 0; i < 2; ++i)
    llvm::consumeError(questions.take(bytes, inbox, world.now));
  expect(frames <= 1, "answered twice");
  llvm::consumeError(questions.take(bytes, "$KV.desired.n", world.now));
  expect(frames <= 1, "answered to a subject that is no inbox");
}

void frames(llvm::StringRef bytes) {
  size_t at = 0;
  migrate::Frame frame;
  for (size_t begin = 0; migrate::take_frame(bytes, at, frame) == migrate::Took::frame; begin = at)
    expect(bytes.slice(begin, at) == migrate::to_frame(frame.kind, frame.payload),
           "a frame that is another one when it is said again");
  expect(at <= bytes.size(), "more was taken than there is");
}

/// Nothing is granted without the granter's signature for this very request, and a granter lets one
/// holder have a lease.
void lease(const World &world, llvm::StringRef bytes) {
  using agent::lease::Said;
  const agent::lease::Request asked{"s/db/0", world.node.id().text(), 1, 4'000,
                                    std::string(16, 'n')};
  trust::Paths paths;
  proto::LeaseAnswer answer;
  if (answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    auto said = agent::fleet::read_answer(answer, asked, "other", world.node, paths);
    expect(!said || said->kind != Said::granted, "a grant that nobody has signed");
    if (!said)
      llvm::consumeError(said.takeError());
  }
  const auto request = agent::fleet::read_request(bytes, "spiffe://f/node/n");
  if (!request)
    return;
  agent::lease::Granter granter(-100'000);
  auto other = *request;
  other.holder = "spiffe://f/node/m";
  const Said first = granter.ask(*request, 0, 1'000), second = granter.ask(other, 0, 1'000);
  expect(first.kind != Said::granted || second.kind != Said::granted, "granted to two");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static const World world;
  if (size == 0)
    return 0;
  llvm::StringRef input(reinterpret_cast<const char *>(bytes) + 1, size - 1);
  switch (static_cast<Door>(bytes[0] % static_cast<uint8_t>(Door::count))) {
  case Door::value:
    desired(world, input);
    break;
  case Door::inside:
    desired(world, world.value(input));
    break;
  case Door::edited: {
    std::string value = world.good;
    for (; input.size() >= 3; input = input.drop_front(3)) {
      const size_t at =
          (static_cast<uint8_t>(input[0]) << 8 | static_cast<uint8_t>(input[1])) % value.size();
      value[at] = static_cast<char>(value[at] ^ input[2]);
    }
    desired(world, value);
    break;
  }
  case Door::question:
    question(world, input, Role::operator_);
    break;
  case Door::request: {
    if (input.empty())
      break;
    const Signing &asker = world.members[static_cast<uint8_t>(input[0]) % world.members.size()];
    proto::Statement statement = world.statement();
    statement.mutable_question()->set_request(input.drop_front().str());
    statement.mutable_question()->set_reply_key(world.reply.public_key());
    statement.mutable_question()->set_nonce(std::string(16, 'n'));
    auto made = sign(statement, asker.signer());
    if (made)
      question(world, *made, asker.id.role);
    else
      llvm::consumeError(made.takeError());
    break;
  }
  case Door::frames:
    frames(input);
    break;
  case Door::lease:
    lease(world, input);
    break;
  case Door::count:
    break;
  }
  return 0;
}
