// A thief with every right at the broker: it may write to any bucket and read everything. It can
// hold things back; what it says is not believed.
#include <limits>

#include <catch2/catch.hpp>

#include "protocol/link/subjects.h"
#include "protocol/transport.pb.h"
#include "world.h"

using namespace nemo;
using namespace nemo::test;
using proto::BackendError;

namespace {

/// A value of the bucket with one entry: desired state by `signer`, for the node and stack named in
/// it.
std::string value_by(const Member &signer, const Fleet &fleet, const std::string &sealing_key,
                     const std::string &node, const proto::DeliverCall &inside,
                     const std::string &stack, uint64_t generation,
                     const std::vector<std::string> &tenants = {""}) {
  proto::Statement statement;
  statement.set_fleet(signer.id.fleet);
  statement.set_signer(signer.id.text());
  statement.set_node(node);
  statement.set_epoch(1);
  statement.set_generation(generation);
  statement.set_issued_unix_ms(trust::to_unix_ms(nemo::now()));
  statement.set_expires_unix_ms(trust::to_unix_ms(nemo::now() + 1h));
  statement.mutable_desired_state()->set_plan_digest(std::string(32, 'd'));
  statement.mutable_desired_state()->mutable_tenants()->Assign(tenants.begin(), tenants.end());
  good(trust::seal_payload(statement, signer.id, sealing_key, inside.SerializeAsString()));
  proto::NodeDesired desired;
  desired.add_entries()->set_stack(stack);
  desired.mutable_entries(0)->set_signed_(good(trust::sign(statement, signer.signer())));
  return desired.SerializeAsString();
}

std::string sealing_key_of(const std::string &reported) {
  proto::NodeReported value;
  proto::Signed envelope;
  proto::Statement statement;
  REQUIRE(value.ParseFromString(reported));
  REQUIRE(envelope.ParseFromString(value.sealing_key()));
  REQUIRE(statement.ParseFromString(envelope.payload()));
  return statement.sealing_key().public_key();
}

/// The node says that it does not act on what it is given for the stack, with these words.
bool refuses(backends::fleet::Backend &backend, const std::string &words) {
  std::string last;
  const bool came = eventually([&] {
    good(backend.observe());
    for (const std::string &note : backend.notes()) {
      last = note;
      if (note.find("does not act") != std::string::npos && note.find(words) != std::string::npos)
        return true;
    }
    return false;
  });
  UNSCOPED_INFO("the last note: " << last);
  return came;
}

} // namespace

TEST_CASE("desired state that is replayed, forged, or for another node is refused") {
  Site site;
  site.agent("n1");
  site.agent("n2");
  auto backend = site.open(site.op);
  REQUIRE(eventually([&] { return good(backend.observe()).nodes_size() == 2; }));
  REQUIRE(good(backend.deliver(sleeper("n1", "web", 0))).generation() == 1);
  const std::string first = site.value(link::desired("n1"));
  proto::DeliverCall second = call("n1", "web", 1);
  add(second, "w", "aa02", "sleep 1000");
  REQUIRE(good(backend.deliver(second)).generation() == 2);
  const std::string good_value = site.value(link::desired("n1"));
  const std::string key = sealing_key_of(site.value(link::reported("n1")));
  auto still = [&] {
    const proto::PartState part = part_of(good(backend.observe()), "n1", "web");
    return part.generation() == 2 && part.part().instances_size() == 1;
  };
  REQUIRE(still());

  SECTION("an old statement") {
    site.put(link::desired("n1"), first);
    CHECK(refuses(backend, "older than epoch 1, generation 2"));
    CHECK(still());
    // The node has told its numbers: who delivers next is not led astray by the old one.
    proto::DeliverCall third = call("n1", "web", 2);
    CHECK(good(backend.deliver(third)).generation() == 3);
  }
  SECTION("the bucket emptied") {
    site.put(link::desired("n1"), "");
    proto::DeliverCall other = call("n1", "db", 0);
    CHECK(good(backend.deliver(other)).generation() == 3);
    CHECK(still());
  }
  SECTION("rubbish in the bucket does not stop who delivers next") {
    site.put(link::desired("n1"), "\x0a\xff no entries");
    CHECK(good(backend.deliver(sleeper("n1", "db", 0))).generation() == 3);
    proto::NodeDesired many;
    REQUIRE(many.ParseFromString(site.value(link::desired("n1"))));
    for (int i = 0; i < 2000; ++i)
      many.add_entries()->set_stack("s" + std::to_string(i));
    site.put(link::desired("n1"), many.SerializeAsString());
    CHECK(good(backend.deliver(sleeper("n1", "db", 3))).generation() == 4);
    CHECK(still());
  }
  SECTION("numbers that a thief has used up are followed by the next epoch") {
    site.put(link::desired("n1"), value_by(site.op, site.fleet, key, "n1", sleeper("n1", "db", 0),
                                           "db", std::numeric_limits<uint64_t>::max()));
    REQUIRE(
        eventually([&] { return part_of(good(backend.observe()), "n1", "db").generation() == 3; }));
    CHECK(good(backend.deliver(sleeper("n1", "db", 3))).generation() == 4);
  }
  SECTION("a changed byte") {
    std::string changed = good_value;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    site.put(link::desired("n1"), changed);
    CHECK(refuses(backend, ""));
    CHECK(still());
  }
  SECTION("what was signed for another node") {
    REQUIRE(good(backend.deliver(call("n2", "web", 0))).generation() == 1);
    site.put(link::desired("n1"), site.value(link::desired("n2")));
    CHECK(refuses(backend, "not for n1"));
    CHECK(still());
  }
  SECTION("signed by members that may not decide") {
    proto::DeliverCall third = call("n1", "web", 2);
    // sign() refuses to, so the same statement is put under another envelope.
    proto::NodeDesired mine;
    REQUIRE(mine.ParseFromString(value_by(site.op, site.fleet, key, "n1", third, "web", 9)));
    proto::Signed envelope;
    REQUIRE(envelope.ParseFromString(mine.entries(0).signed_()));
    const Member broker = site.fleet.member(trust::Role::broker, "b2");
    std::string context = "nemo statement 1";
    context += '\0' + std::string("desired state") + '\0';
    envelope.set_signature(good(broker.key.sign(context + envelope.payload())));
    envelope.set_key_id(broker.key.id());
    envelope.clear_chain();
    for (const std::string &one : broker.chain)
      envelope.add_chain(one);
    mine.mutable_entries(0)->set_signed_(envelope.SerializeAsString());
    site.put(link::desired("n1"), mine.SerializeAsString());
    CHECK(refuses(backend, "may not sign desired state"));
    CHECK(still());
  }
  SECTION("another stack's statement in this one's place") {
    site.put(link::desired("n1"),
             value_by(site.op, site.fleet, key, "n1", call("n1", "db", 0), "web", 9));
    CHECK(refuses(backend, "what is sealed is for the stack 'db'"));
    CHECK(still());
  }
  SECTION("a controller decides for its tenants only") {
    proto::Statement delegation;
    delegation.set_issued_unix_ms(trust::to_unix_ms(nemo::now()));
    delegation.set_expires_unix_ms(trust::to_unix_ms(nemo::now() + 2h));
    delegation.mutable_delegation()->set_controller(site.ctl.id.text());
    delegation.mutable_delegation()->set_key_id(site.ctl.key.id());
    delegation.mutable_delegation()->add_tenants("blue");
    site.ctl.delegation = good(trust::sign(delegation, site.op.signer()));
    auto controller = site.open(site.ctl);
    good(controller.observe());
    CHECK(good(controller.deliver(call("n1", "blue-app", 0))).generation() == 3);
    std::string why;
    llvm::handleAllErrors(controller.deliver(call("n1", "web", 2)).takeError(),
                          [&](const llvm::ErrorInfoBase &error) { why = error.message(); });
    CHECK_THAT(why, has("for which") && has("may not decide"));
    CHECK(still());
  }
}

TEST_CASE("reports that are forged or old are left out, and true ones come through") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(eventually([&] { return good(backend.observe()).nodes_size() == 1; }));
  const std::string old = site.value(link::reported("n1"));
  REQUIRE(good(backend.deliver(sleeper("n1", "web", 0))).generation() == 1);
  site.agent("n1").kill9(); // so that nothing takes the forged one's place
  auto left_out = [&](const std::string &value, const std::string &words) {
    site.put(link::reported("n1"), value);
    const proto::Fleet seen = good(backend.observe());
    CHECK(seen.nodes_size() == 0);
    CHECK(seen.parts_size() == 0);
    REQUIRE(backend.notes().size() == 1);
    CHECK_THAT(backend.notes().front(), has("'n1' was left out") && has(words));
  };
  left_out("garbage", "no report");
  left_out(old, "older than");
  {
    auto other = site.open(site.op); // another process remembers, too
    CHECK(good(other.observe()).nodes_size() == 0);
  }
  const Member liar = site.fleet.member(trust::Role::node, "n2");
  proto::NodeSays says;
  says.mutable_state()->mutable_fleet()->add_nodes()->set_name("n1");
  proto::Statement statement;
  statement.set_node("n2");
  statement.set_generation(static_cast<uint64_t>(trust::to_unix_ms(nemo::now())));
  statement.set_issued_unix_ms(trust::to_unix_ms(nemo::now()));
  statement.set_expires_unix_ms(trust::to_unix_ms(nemo::now() + 1min));
  statement.mutable_report()->set_payload(says.SerializeAsString());
  proto::NodeReported lie;
  lie.set_report(good(trust::sign(statement, liar.signer())));
  left_out(lie.SerializeAsString(), "not by spiffe://shop.example/node/n1");
  // In its own place, a node speaks of itself only.
  site.put(link::reported("n2"), lie.SerializeAsString());
  CHECK(good(backend.observe()).nodes_size() == 0);
  CHECK(llvm::any_of(backend.notes(), [](const std::string &note) {
    return note.find("'n2' speaks of other nodes") != std::string::npos;
  }));
  site.agent("n1").start();
  CHECK(
      eventually([&] { return part_of(good(backend.observe()), "n1", "web").generation() == 1; }));
}

TEST_CASE("a broker is held to the fleet's roots, and not to the operating system's") {
  Site ours, theirs;
  auto member = good(membership::Member::load(ours.enrol(ours.op)));
  const auto broker = good(membership::Member::load(theirs.enrol(theirs.op))).places().brokers;
  (void)theirs.stolen(); // it is up
  REQUIRE(said(member.replace(member.credentials(), {"127.0.0.1:9", broker})).empty());
  // OpenSSL reads the operating system's roots from there.
  REQUIRE(::setenv("SSL_CERT_FILE", (theirs.fleet.dir / "roots.pem").c_str(), 1) == 0);
  const std::string why = said(link::Connection::open(member, {}, 5s));
  REQUIRE(::unsetenv("SSL_CERT_FILE") == 0);
  CHECK_THAT(why, has("unable to get local issuer certificate"));
}

TEST_CASE("the broker lets a node write only what is its own") {
  Site site;
  const auto node = good(link::Connection::open(
      good(membership::Member::load(site.enrol(site.fleet.member(trust::Role::node, "n1")))), {},
      5s));
  for (const std::string &subject : {link::desired("n1"), link::desired("n2"), link::reported("n2"),
                                     link::ask("n2"), std::string("$JS.API.STREAM.CREATE.mine")}) {
    INFO(subject);
    CHECK_THAT(said(node->request(subject, "{}", {}, 300ms)), has("Timeout"));
  }
  CHECK(said(link::read_ack(good(node->request(link::reported("n1"), "x", {}, 5s)))).empty());
}

TEST_CASE("a cordon is an operator's word, and neither an old one nor none takes it back") {
  Site site;
  site.agent("n1");
  auto backend = site.open(site.op);
  REQUIRE(eventually([&] { return good(backend.observe()).nodes_size() == 1; }));
  proto::CordonOrder order;
  order.set_state(proto::CordonOrder::DRAINED);
  order.set_reason("its disk fails");
  CHECK_THAT(said(site.open(site.viewer).cordon("n1", order)), has("may not sign cordon"));
  CHECK_THAT(said(site.open(site.ctl).cordon("n1", order)), has("may not sign cordon"));
  auto cordon = [&] {
    const proto::Fleet seen = good(backend.observe());
    REQUIRE(seen.nodes_size() == 1);
    return seen.nodes(0).has_cordon() ? seen.nodes(0).cordon().reason() : "none";
  };
  CHECK(cordon() == "none");
  REQUIRE(said(backend.cordon("n1", order)).empty());
  CHECK(cordon() == "its disk fails");
  order.set_state(proto::CordonOrder::OPEN);
  REQUIRE(said(backend.cordon("n1", order)).empty());
  CHECK(cordon() == "none");
  const std::string open = site.value(link::cordon("n1"));
  order.set_state(proto::CordonOrder::DRAINED);
  REQUIRE(said(backend.cordon("n1", order)).empty());
  CHECK(cordon() == "its disk fails");
  const std::string drained = site.value(link::cordon("n1"));
  CHECK(backend.notes().empty());

  SECTION("an old one") {
    site.put(link::cordon("n1"), open);
    CHECK(cordon() == "its disk fails");
    REQUIRE(backend.notes().size() == 1);
    CHECK_THAT(backend.notes().front(), has("'n1' is cordoned is what was seen last"));
    // Another process of this operator's knows, too.
    auto later = site.open(site.op);
    const proto::Fleet seen = good(later.observe());
    REQUIRE(seen.nodes_size() == 1);
    CHECK(seen.nodes(0).cordon().drained());
  }
  SECTION("none any more") {
    site.put(link::cordon("n1"), "");
    CHECK(cordon() == "its disk fails");
    REQUIRE(backend.notes().size() == 1);
    CHECK_THAT(backend.notes().front(), has("does not show what an operator has said"));
  }
  SECTION("another node's") {
    site.put(link::cordon("n2"), drained);
    CHECK_FALSE(good(backend.cordons({"n2"})).front().has_value());
    CHECK(backend.notes().size() == 1);
  }
  SECTION("it is silent") {
    site.agent("n1").kill9();
    REQUIRE(eventually([&] { return good(backend.observe()).nodes().empty(); }));
    REQUIRE(backend.closed().count("n1") == 1);
    CHECK(backend.closed().at("n1").drained());
    const auto last = good(backend.last_report("n1"));
    REQUIRE(last.has_value());
    CHECK(*last < now());
    CHECK_FALSE(good(backend.last_report("n2")).has_value()); // has never said anything
    // What is said of it now is known before it is back.
    order.set_state(proto::CordonOrder::OPEN);
    REQUIRE(said(backend.cordon("n1", order)).empty());
    good(backend.observe());
    CHECK(backend.closed().empty());
    site.agent("n1").start();
    REQUIRE(eventually([&] { return good(backend.observe()).nodes_size() == 1; }));
  }
  SECTION("of others nobody has said anything") {
    std::vector<std::string> nodes = {"n0", "n1", "n2"};
    const auto all = good(backend.cordons(nodes));
    REQUIRE(all.size() == 3);
    CHECK_FALSE(all[0].has_value());
    CHECK(all[1].has_value());
    CHECK_FALSE(all[2].has_value());
    CHECK(good(backends::fleet::keys_of(*site.stolen(), link::cordon(""))) ==
          std::vector<std::string>{"n1"});
    CHECK(good(backends::fleet::keys_of(*site.stolen(), "$KV.nothing.", true)).empty());
    CHECK_THAT(said(backends::fleet::keys_of(*site.stolen(), "$KV.nothing.").takeError()),
               has("there is no bucket 'nothing'"));
  }
  // Whatever lies there, the next word counts.
  order.set_state(proto::CordonOrder::CORDONED);
  order.set_reason("again");
  REQUIRE(said(backend.cordon("n1", order)).empty());
  CHECK(cordon() == "again");
}
