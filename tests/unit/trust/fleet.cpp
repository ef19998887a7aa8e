#include "fleet.h"

namespace nemo::test {

using namespace trust;
using authority::Authority;

Fleet::Fleet(std::string name) : now(nemo::now()) {
  good(Authority::create(dir / "ca", name, root_key(), "test", now));
  authority = good(Authority::open(dir / "ca"));
}

SpiffeId Fleet::id(Role role, const std::string &name) const {
  return {authority->fleet(), role, name};
}

std::string Fleet::invite(const SpiffeId &member) {
  return good(authority->invite(member, 1h, "test", now)).bytes().str();
}

Member Fleet::member(Role role, const std::string &name, const std::vector<std::string> &hosts) {
  SigningKey key = good(SigningKey::generate());
  const SpiffeId who = id(role, name);
  auto chain = good(authority->certify(good(make_request(key, who)), hosts, "test", now));
  return {who, std::move(key), std::move(chain), ""};
}

Revocations Fleet::revocations() {
  return good(
      Revocations().next(good(authority->revocations(now)), good(authority->bundle()), now));
}

std::string renewal(UnixNanos now, const Member &member, const SigningKey &next,
                    const SpiffeId &id) {
  proto::Statement statement;
  statement.set_issued_unix_ms(to_unix_ms(now));
  statement.set_expires_unix_ms(to_unix_ms(now + 1min));
  statement.mutable_renewal()->set_csr(good(make_request(next, id)));
  return good(sign(statement, member.signer()));
}

Attempt join(Fleet &fleet, const std::string &text, const SigningKey &key) {
  auto token = parse_token(text);
  if (!token)
    return {llvm::toString(token.takeError()), {}};
  const Signer self = good(fleet.authority->self(fleet.now));
  const auto server =
      good(TlsContext::for_joins(self.key, good(fleet.authority->chain_for_joins(fleet.now))));
  const auto client =
      good(TlsContext::to_join(token->member.fleet, token->pin, token->intermediate_from));
  const Wire wire = connect(*client, *server);
  if (!wire.open)
    return {wire.client->refusal(), {}};
  auto request = join_request(*token, key, good(wire.client->channel_binding()), fleet.now);
  if (!request)
    return {llvm::toString(request.takeError()), {}};
  auto response = fleet.authority->join(*request, good(wire.server->channel_binding()), fleet.now);
  if (!response)
    return {llvm::toString(response.takeError()), {}};
  auto joined = accept(*response, *token, key, fleet.now);
  if (!joined)
    return {llvm::toString(joined.takeError()), {}};
  return {"", std::move(*joined)};
}

} // namespace nemo::test
