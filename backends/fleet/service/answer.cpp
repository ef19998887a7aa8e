#include "backends/fleet/service/answer.h"

#include "backends/fleet/service/members.h"
#include "base/error.h"
#include "protocol/membership/exchange.h"

namespace nemo::service {

namespace {

using membership::Question;

llvm::Expected<proto::JoinResponse> join(Desk &desk, llvm::StringRef bytes,
                                         llvm::StringRef channel) {
  proto::JoinRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return failure("this is no request to join");
  const std::lock_guard lock(desk.turn);
  const UnixNanos at = now();
  auto response = desk.authority.join(request, channel, at);
  if (!response)
    return response;
  auto csr = trust::parse_request(request.csr());
  // It connects next: the broker knows it by then, and no longer whoever had the name before.
  if (auto error = csr ? close_sessions(desk.home, desk.authority, csr->id, at) : csr.takeError())
    return error;
  return response;
}

llvm::Expected<proto::JoinResponse> renew(Desk &desk, llvm::StringRef bytes) {
  const std::lock_guard lock(desk.turn);
  const UnixNanos at = now();
  auto chain = desk.authority.renew(bytes, at);
  if (!chain)
    return chain.takeError();
  proto::JoinResponse response;
  response.mutable_chain()->Assign(chain->begin(), chain->end());
  auto bundles = desk.authority.signed_bundles();
  if (!bundles)
    return bundles.takeError();
  response.mutable_bundles()->Assign(bundles->begin(), bundles->end());
  auto list = desk.authority.revocations(at);
  if (!list)
    return list.takeError();
  response.set_revocations(std::move(*list));
  // A key that is new, or whose certificate had ended, is new to the broker too.
  if (auto error = refresh(desk.home, desk.authority, at))
    return error;
  return response;
}

llvm::Expected<std::string> serve(Desk &desk, membership::Channel &channel) {
  auto question = channel.read(trust::max_join + 1);
  if (!question)
    return question.takeError();
  const char kind = question->empty() ? '\0' : question->front();
  const llvm::StringRef rest = llvm::StringRef(*question).drop_front(question->empty() ? 0 : 1);
  auto response = [&]() -> llvm::Expected<proto::JoinResponse> {
    if (kind == static_cast<char>(Question::renew))
      return renew(desk, rest);
    if (kind != static_cast<char>(Question::join))
      return failure("this is neither a join nor a renewal");
    auto binding = channel.session().channel_binding();
    if (!binding)
      return binding.takeError();
    return join(desk, rest, *binding);
  }();
  std::string said = kind == static_cast<char>(Question::renew) ? "renewed" : "joined";
  proto::JoinResponse out;
  if (response) {
    out = std::move(*response);
  } else {
    said = llvm::toString(response.takeError());
    out.set_error(said);
  }
  if (auto error = channel.write(out.SerializeAsString()))
    return error;
  if (out.error().empty())
    if (auto error = channel.write(membership::places_json({desk.home.broker.text()})))
      return error;
  return said;
}

} // namespace

std::string answer(Desk desk, const trust::TlsContext &context, membership::Socket socket,
                   std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  auto channel = membership::Channel::open(context, std::move(socket), until);
  if (!channel)
    return llvm::toString(channel.takeError());
  auto said = serve(desk, *channel);
  return said ? *said : llvm::toString(said.takeError());
}

} // namespace nemo::service
