#include "protocol/membership/exchange.h"

#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "protocol/membership/channel.h"
#include "protocol/trust.pb.h"
#include "protocol/trust/bundle.h"
#include "protocol/trust/certificate.h"

namespace nemo::membership {

using namespace trust;

namespace {

constexpr size_t max_places = 16 << 10, max_error = 1 << 10;

struct Reply {
  proto::JoinResponse response;
  Places places;
};

llvm::Expected<Reply> ask(Channel &channel, Question question, llvm::StringRef bytes,
                          const Address &authority) {
  if (auto error = channel.write(std::string(1, static_cast<char>(question)) + bytes.str()))
    return error;
  auto answer = channel.read(max_signed);
  if (!answer)
    return answer.takeError();
  Reply reply;
  if (!reply.response.ParseFromString(*answer))
    return failure("the authority's answer makes no sense");
  if (!reply.response.error().empty())
    return failure("{}", reply.response.error().substr(0, max_error));
  auto json = channel.read(max_places);
  if (!json)
    return json.takeError();
  auto brokers = read_places(*json);
  if (!brokers)
    return brokers.takeError();
  reply.places = {authority.text(), std::move(*brokers)};
  return reply;
}

llvm::Expected<Channel> open(const TlsContext &context, const Address &authority, Deadline until) {
  auto socket = dial(authority, until);
  if (!socket)
    return socket.takeError();
  return Channel::open(context, std::move(*socket), until);
}

} // namespace

std::string places_json(const std::vector<std::string> &brokers) {
  llvm::json::Array list;
  for (const std::string &broker : brokers)
    list.push_back(broker);
  return llvm::formatv(
      "{0}", llvm::json::Value(llvm::json::Object{{"version", 1}, {"brokers", std::move(list)}}));
}

llvm::Expected<std::vector<std::string>> read_places(llvm::StringRef text) {
  auto json = llvm::json::parse(text);
  if (!json)
    return json.takeError();
  const llvm::json::Object *object = json->getAsObject();
  const llvm::json::Array *list = object ? object->getArray("brokers") : nullptr;
  if (!list || list->empty() || list->size() > max_brokers)
    return failure("the authority does not say where the brokers are");
  std::vector<std::string> brokers;
  for (const llvm::json::Value &each : *list) {
    auto address = parse_address(each.getAsString().value_or(""), 0);
    if (!address)
      return address.takeError();
    brokers.push_back(address->text());
  }
  return brokers;
}

llvm::Expected<Answer> join(const Address &authority, const JoinToken &token, const SigningKey &key,
                            std::chrono::milliseconds limit) {
  const Deadline until = std::chrono::steady_clock::now() + limit;
  auto context = TlsContext::to_join(token.member.fleet, token.pin, token.intermediate_from);
  if (!context)
    return context.takeError();
  auto channel = open(**context, authority, until);
  if (!channel)
    return channel.takeError();
  auto binding = channel->session().channel_binding();
  if (!binding)
    return binding.takeError();
  auto request = join_request(token, key, *binding, now());
  if (!request)
    return request.takeError();
  auto reply = ask(*channel, Question::join, request->SerializeAsString(), authority);
  if (!reply)
    return reply.takeError();
  auto joined = accept(reply->response, token, key, now());
  if (!joined)
    return joined.takeError();
  return Answer{
      {std::move(joined->chain), std::move(joined->bundle), std::move(joined->revocations)},
      std::move(reply->places),
      channel->own_host()};
}

llvm::Expected<Answer> renew(const Member &member, std::chrono::milliseconds limit) {
  const Deadline until = std::chrono::steady_clock::now() + limit;
  const Credentials &held = member.credentials();
  auto authority = parse_address(member.places().authority, authority_port);
  if (!authority)
    return authority.takeError();
  auto context = TlsContext::mutual(TlsContext::Side::client, member.key(), held.chain,
                                    {held.bundle}, held.revocations, [](const Svid &peer) {
                                      return peer.id.role == Role::authority
                                                 ? llvm::Error::success()
                                                 : failure("{} is not the authority of the fleet",
                                                           peer.id.text());
                                    });
  if (!context)
    return context.takeError();
  auto channel = open(**context, *authority, until);
  if (!channel)
    return channel.takeError();
  auto csr = make_request(member.key(), member.id());
  if (!csr)
    return csr.takeError();
  proto::Statement statement;
  const UnixNanos at = now();
  statement.set_issued_unix_ms(to_unix_ms(at));
  statement.set_expires_unix_ms(to_unix_ms(at + std::chrono::minutes(2)));
  statement.mutable_renewal()->set_csr(std::move(*csr));
  auto signed_bytes = sign(std::move(statement), member.signer());
  if (!signed_bytes)
    return signed_bytes.takeError();
  auto reply = ask(*channel, Question::renew, *signed_bytes, *authority);
  if (!reply)
    return reply.takeError();
  const std::vector<std::string> said(reply->response.bundles().begin(),
                                      reply->response.bundles().end());
  Bundle bundle = follow_bundles(held.bundle, said, at);
  auto revocations = held.revocations.next(reply->response.revocations(), bundle, at);
  if (!revocations)
    return revocations.takeError();
  std::vector<std::string> chain(reply->response.chain().begin(), reply->response.chain().end());
  auto svid = verify_svid(chain, bundle, at);
  if (!svid)
    return svid.takeError();
  if (svid->id != member.id() || svid->key_ids.front() != member.key().id())
    return failure("the authority answers with the certificate of {}", svid->id.text());
  if (auto error = revocations->check(*svid))
    return error;
  return Answer{{std::move(chain), std::move(bundle), std::move(*revocations)},
                std::move(reply->places),
                channel->own_host()};
}

} // namespace nemo::membership
