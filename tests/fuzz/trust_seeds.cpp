// fuzz-trust-seeds DIRECTORY: writes the first inputs of fuzz-trust, good ones for each door. They
// are of a fleet that nobody has the keys of any more; run it again when the formats grow.
#include <fstream>

#include "backends/fleet/authority/certify.h"
#include "protocol/trust/bundle.h"
#include "protocol/trust/join.h"
#include "protocol/trust/statement.h"
#include "trust.h"

using namespace nemo;
using namespace nemo::trust;
using fuzz::Door;

int main(int argc, char **argv) {
  if (argc != 2)
    return 1;
  auto write = [&](const std::string &name, Door door, const std::string &bytes) {
    std::ofstream(std::string(argv[1]) + "/" + name, std::ios::binary)
        << static_cast<char>(door) << bytes;
  };
  const UnixNanos now = from_unix_ms(1'790'000'000'000);
  const authority::Validity day{now - std::chrono::hours(1), now + std::chrono::hours(24)};
  const authority::Issuer root = llvm::cantFail(authority::make_root("f", day));
  const authority::Issuer intermediate =
      llvm::cantFail(authority::make_intermediate(root, "f", day));
  const SigningKey key = llvm::cantFail(SigningKey::generate());
  const SpiffeId op{"f", Role::operator_, "n"}, node{"f", Role::node, "n"};
  const std::vector<std::string> chain = {
      llvm::cantFail(authority::make_svid(intermediate, key.get(), op, {"h"}, day)),
      intermediate.certificate};
  const Signer signer{key, op, chain, ""};

  // As payloads: role and kind as trust.cpp counts them, then the statement.
  auto statement = [&](const SpiffeId &by, const std::string &about) {
    proto::Statement one;
    one.set_fleet("f");
    one.set_signer(by.text());
    one.set_node(about);
    one.set_issued_unix_ms(to_unix_ms(now));
    one.set_expires_unix_ms(to_unix_ms(now) + 60'000);
    return one;
  };
  auto payload = [&](const std::string &name, Role role, int kind, const proto::Statement &one) {
    write("payload-" + name, Door::payload,
          std::string{static_cast<char>(role), static_cast<char>(kind)} + one.SerializeAsString());
  };
  proto::Statement desired = statement(op, "n");
  desired.mutable_desired_state()->set_plan_digest(std::string(32, 'd'));
  desired.mutable_desired_state()->add_tenants("t");
  payload("desired", Role::operator_, 0, desired);
  write("envelope", Door::envelope, llvm::cantFail(sign(desired, signer)));
  proto::Statement one = statement(node, "n");
  one.mutable_report()->set_payload("p");
  payload("report", Role::node, 1, one);
  one.mutable_heartbeat()->set_boot_id("b");
  payload("heartbeat", Role::node, 2, one);
  one.mutable_sealing_key()->set_public_key(std::string(32, 'k'));
  payload("sealing-key", Role::node, 6, one);
  one = statement(node, "");
  one.mutable_lease_grant()->set_holder(node.text());
  one.mutable_lease_grant()->set_nonce(std::string(16, 'n'));
  payload("lease", Role::node, 3, one);
  one.mutable_renewal()->set_csr(llvm::cantFail(make_request(key, node)));
  payload("renewal", Role::node, 7, one);
  const SpiffeId authority{"f", Role::authority, "n"};
  one = statement(authority, "");
  one.mutable_revocations()->add_keys()->set_key_id(std::string(32, 'k'));
  one.mutable_revocations()->add_identities()->set_id(node.text());
  payload("revocations", Role::authority, 4, one);
  const Bundle bundle{"f", {root.certificate}, 2, 60};
  one.mutable_bundle()->set_fleet("f");
  one.mutable_bundle()->set_document(llvm::cantFail(to_document(bundle)));
  payload("bundle", Role::authority, 8, one);
  one = statement(op, "");
  one.mutable_delegation()->set_controller("spiffe://f/controller/n");
  one.mutable_delegation()->set_key_id(std::string(32, 'k'));
  payload("delegation", Role::operator_, 5, one);

  one = statement(op, "");
  one.mutable_plan_asked()->set_plan_digest(std::string(32, 'd'));
  one.mutable_plan_asked()->add_actions("create web/0 on n");
  payload("plan-asked", Role::operator_, 10, one);
  one.mutable_plan_approval()->set_plan_digest(std::string(32, 'd'));
  payload("plan-approval", Role::operator_, 11, one);
  one = statement(op, "n");
  one.mutable_cordon()->set_state(proto::CordonOrder::DRAINED);
  one.mutable_cordon()->set_reason("its disk fails");
  payload("cordon", Role::operator_, 12, one);

  write("edited", Door::edited, std::string("\x00\x10\x01\x00\x80\x02", 6));
  write("request", Door::request, llvm::cantFail(make_request(key, node)));
  write("certificate", Door::certificate, chain.front());
  write("pem", Door::pem, to_pem(chain));
  const JoinToken token = make_token(node, root.key.id(), now, now + std::chrono::hours(1));
  write("token", Door::token, to_text(token).bytes().str());
  write("document", Door::document, llvm::cantFail(to_document(bundle)));
  Guard guard;
  llvm::cantFail(guard.admit(proto::Signed::REPORT, "n", {1, 2, 3, std::string(32, 'd')}));
  write("guard", Door::guard, guard.to_bytes());
  write("join", Door::join,
        llvm::cantFail(join_request(token, key, std::string(channel_size, 'c'), now))
            .SerializeAsString());
  proto::JoinResponse response;
  response.mutable_chain()->Assign(chain.begin(), chain.end());
  response.set_root(root.certificate);
  write("joined", Door::joined, response.SerializeAsString());
  return 0;
}
