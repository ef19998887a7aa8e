// Nodes that ask each other for leases over streams of their own, with real certificates. One loop
// serves them all. Granters are silent for ten seconds after they have started, so that each case
// goes through much.
#include "../peer/world.h"

#include <sys/socket.h>

#include "llvm/Support/Endian.h"

#include "runtime-agent/fleet/leases.h"

using namespace nemo;
using namespace nemo::agent;
using namespace nemo::test;

namespace {

struct Party {
  Party(Site &site, const std::string &name, std::vector<std::unique_ptr<Party>> &all)
      : node(site, name),
        leases(*site.loop, node.held,
               {[this] { return needs; },
                [this](const std::string &lease, std::optional<Ticks> until, std::string why) {
                  told[lease] = {until, std::move(why)};
                },
                [this, &all](const std::string &to, std::string hello, peer::Peers::Done done) {
                  for (const auto &other : all)
                    if (other->node.held.id().name == to && !other->is_cut && !is_cut)
                      return node.peers->connect(to, other->node.address(), std::move(hello),
                                                 std::move(done));
                  done(failure("{} is cut off", to));
                },
                [this](const std::string &text) { notes.push_back(text); }}) {
    node.on_stream = [this](peer::Peers::Opened opened) {
      if (!is_cut)
        leases.serve(std::move(opened));
    };
  }
  bool holds(const std::string &lease) {
    const auto found = told.find(lease);
    return found != told.end() && found->second.first.value_or(0) > ticks();
  }
  std::string why(const std::string &lease) { return told[lease].second; }

  Node node;
  std::map<std::string, Agent::LeaseNeed> needs;
  std::map<std::string, std::pair<std::optional<Ticks>, std::string>> told;
  std::vector<std::string> notes;
  bool is_cut = false;
  fleet::Leases leases;
};

Agent::LeaseNeed need(uint64_t token) {
  Agent::LeaseNeed made;
  made.lease.set_name("shop/db/0");
  made.lease.set_token(token);
  made.lease.set_duration_ms(4'000);
  for (const char *granter : {"n1", "n2", "n3"})
    made.lease.add_granters(granter);
  return made;
}

constexpr const char *db = "shop/db/0";

} // namespace

TEST_CASE("nodes grant leases to each other, one holder at a time") {
  Site site;
  std::vector<std::unique_ptr<Party>> all;
  for (const char *name : {"n1", "n2", "n3", "n4"})
    all.push_back(std::make_unique<Party>(site, name, all));
  Party &n1 = *all[0], &n3 = *all[2], &n4 = *all[3];
  n1.needs[db] = need(1);
  n1.leases.look();
  REQUIRE(until(*site.loop, [&] { return n1.why(db).find("just started") != std::string::npos; }));
  REQUIRE(until(*site.loop, [&] { return n1.holds(db); }));
  // Two are enough for that; the third may still be silent, and would be anybody's.
  const Ticks held = ticks();
  REQUIRE(until(*site.loop, [&] { return ticks() > held + 2'000; }));

  // Another waits, and is told for whom.
  n4.needs[db] = need(2);
  n4.leases.look();
  REQUIRE(until(*site.loop,
                [&] { return n4.why(db).find("n1 holds its lease") != std::string::npos; }));
  CHECK_FALSE(n4.holds(db));

  // One granter that is gone is not missed: renewed three times over.
  n3.is_cut = true;
  n3.node.peers.reset();
  const Ticks before = ticks();
  REQUIRE(until(*site.loop, [&] { return ticks() > before + 5'000; }));
  CHECK(n1.holds(db));
  CHECK_FALSE(n4.holds(db));

  // What is given back is taken.
  n1.needs.clear();
  n1.leases.look();
  CHECK_FALSE(n1.holds(db));
  REQUIRE(until(*site.loop, [&] { return n4.holds(db); }));

  // Who had it before is not let in again with a lower token.
  n1.needs[db] = need(1);
  n1.leases.look();
  n4.needs.clear();
  n4.leases.look();
  REQUIRE(
      until(*site.loop, [&] { return n1.why(db).find("a newer instance") != std::string::npos; }));
  CHECK_FALSE(n1.holds(db));
}

TEST_CASE("what is no request ends the stream, and grants are believed with their signature only") {
  Site site;
  std::vector<std::unique_ptr<Party>> all;
  for (const char *name : {"n1", "n2"})
    all.push_back(std::make_unique<Party>(site, name, all));
  Party &n1 = *all[0], &n2 = *all[1];
  auto frame = [](const std::string &bytes) {
    std::string made(4, '\0');
    llvm::support::endian::write32be(made.data(), static_cast<uint32_t>(bytes.size()));
    return made + bytes;
  };
  proto::LeaseRequest request;
  request.set_lease(db);
  request.set_token(1);
  request.set_duration_ms(4'000);
  request.set_nonce(std::string(15, 'n')); // one byte short
  proto::LeaseRequest endless = request;
  endless.set_nonce(std::string(16, 'n'));
  endless.set_duration_ms(~0ull);
  proto::PeerHello hello;
  hello.mutable_lease();
  for (const std::string &bytes :
       {frame("\xff\xff\xff"), frame(request.SerializeAsString()),
        frame(endless.SerializeAsString()), frame(std::string(3'000, 'x')),
        std::string("\xff\xff\xff\xff"), frame("")}) {
    const Fd stream = good(n2.node.connect(n1.node, hello.SerializeAsString()));
    send_all(*site.loop, stream.get(), bytes);
    CHECK(read_all(*site.loop, stream.get()).empty());
  }

  // An answer by n2, and what can be wrong with it.
  const lease::Request asked{db, n1.node.held.id().text(), 7, 4'000, std::string(16, 'n')};
  const lease::Said granted{lease::Said::granted, 0, ""};
  trust::Paths paths;
  auto said_of = [&](const proto::LeaseAnswer &answer, const lease::Request &as) {
    return said(fleet::read_answer(answer, as, "n2", n1.node.held, paths));
  };
  const auto answer = good(fleet::to_answer(granted, asked, n2.node.held));
  CHECK(said_of(answer, asked).empty());
  for (const auto &change : std::vector<std::function<void(lease::Request &)>>{
           [](lease::Request &one) { one.token = 8; },
           [](lease::Request &one) { one.duration = 5'000; },
           [](lease::Request &one) { one.lease = "shop/db/1"; },
           [](lease::Request &one) { one.nonce = std::string(16, 'm'); }}) {
    lease::Request other = asked;
    change(other);
    CHECK_FALSE(said_of(answer, other).empty());
  }
  lease::Request for_another = asked;
  for_another.holder = n2.node.held.id().text();
  CHECK_FALSE(said_of(good(fleet::to_answer(granted, for_another, n2.node.held)), asked).empty());
  CHECK_FALSE(said_of(good(fleet::to_answer(granted, asked, n1.node.held)), asked).empty());
  proto::LeaseAnswer bare = answer;
  bare.clear_grant();
  CHECK_FALSE(said_of(bare, asked).empty());
}
