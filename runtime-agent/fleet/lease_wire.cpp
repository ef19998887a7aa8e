#include "runtime-agent/fleet/lease_wire.h"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "llvm/Support/Endian.h"

#include "base/error.h"

namespace nemo::agent::fleet {

namespace {

using namespace std::chrono_literals;

constexpr size_t most_of_frame = 32u << 10; ///< a grant with its chain has a few KiB
constexpr size_t most_of_request = 2u << 10;
constexpr size_t most_waiting = 1u << 20;
constexpr auto grant_holds = 1min; ///< of the signature: how long it counts the holder knows

} // namespace

LeaseStream::LeaseStream(Loop &loop, Fd stream, OnFrame on_frame, std::function<void()> on_end)
    : loop_(loop), stream_(std::move(stream)), on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)) {
  llvm::cantFail(loop_.watch(stream_.get(), EPOLLIN, [this](uint32_t events) { ready(events); }));
}

LeaseStream::~LeaseStream() {
  *alive_ = false;
  loop_.forget(stream_.get());
}

void LeaseStream::end() {
  loop_.forget(stream_.get());
  const std::function<void()> on_end = std::exchange(on_end_, [] {});
  on_end();
}

void LeaseStream::ready(uint32_t events) {
  const std::shared_ptr<bool> alive = alive_;
  if ((events & EPOLLOUT) != 0)
    write();
  if (*alive && (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0)
    read();
}

void LeaseStream::read() {
  const std::shared_ptr<bool> alive = alive_;
  char bytes[16 << 10];
  const ssize_t count = ::recv(stream_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (count <= 0)
    return end();
  heard_ = ticks();
  in_.append(bytes, static_cast<size_t>(count));
  while (in_.size() >= 4) {
    const size_t size = llvm::support::endian::read32be(in_.data());
    if (size > most_of_frame)
      return end();
    if (in_.size() < 4 + size)
      return;
    const std::string frame = in_.substr(4, size);
    in_.erase(0, 4 + size);
    const OnFrame on_frame = on_frame_;
    on_frame(frame);
    if (!*alive)
      return;
  }
}

void LeaseStream::send(const google::protobuf::MessageLite &message) {
  const std::string bytes = message.SerializeAsString();
  char length[4];
  llvm::support::endian::write32be(length, static_cast<uint32_t>(bytes.size()));
  out_.append(length, sizeof length);
  out_ += bytes;
  write();
}

void LeaseStream::write() {
  const ssize_t count =
      out_.empty() ? 0
                   : ::send(stream_.get(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count > 0)
    out_.erase(0, static_cast<size_t>(count));
  if (out_.size() > most_waiting)         // who asks and does not listen
    ::shutdown(stream_.get(), SHUT_RDWR); // which reading tells
  loop_.change(stream_.get(), out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

std::optional<lease::Request> read_request(llvm::StringRef bytes, const std::string &peer) {
  proto::LeaseRequest frame;
  if (bytes.size() > most_of_request ||
      !frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      frame.nonce().size() < 16 || frame.nonce().size() > 64 ||
      frame.duration_ms() > lease::longest_ms)
    return std::nullopt;
  return lease::Request{frame.lease(), peer, frame.token(), static_cast<Ticks>(frame.duration_ms()),
                        frame.nonce()};
}

llvm::Expected<proto::LeaseAnswer> to_answer(const lease::Said &said, const lease::Request &request,
                                             const membership::Member &member) {
  proto::LeaseAnswer answer;
  answer.set_nonce(request.nonce);
  answer.set_wait_ms(static_cast<uint64_t>(said.wait));
  answer.set_holder(said.holder);
  switch (said.kind) {
  case lease::Said::granted:
    answer.set_kind(proto::LeaseAnswer::GRANTED);
    break;
  case lease::Said::silent:
    answer.set_kind(proto::LeaseAnswer::SILENT);
    break;
  case lease::Said::held:
    answer.set_kind(proto::LeaseAnswer::HELD);
    break;
  case lease::Said::outdated:
    answer.set_kind(proto::LeaseAnswer::OUTDATED);
    break;
  case lease::Said::given_back:
    answer.set_kind(proto::LeaseAnswer::GIVEN_BACK);
    break;
  case lease::Said::no_such:
    break;
  }
  if (said.kind != lease::Said::granted)
    return answer;
  const UnixNanos time = now();
  proto::Statement statement;
  statement.set_issued_unix_ms(trust::to_unix_ms(time));
  statement.set_expires_unix_ms(trust::to_unix_ms(time + grant_holds));
  proto::LeaseGrant &grant = *statement.mutable_lease_grant();
  grant.set_lease(request.lease);
  grant.set_holder(request.holder);
  grant.set_token(request.token);
  grant.set_duration_ms(static_cast<uint64_t>(request.duration));
  grant.set_nonce(request.nonce);
  auto bytes = trust::sign(std::move(statement), member.signer());
  if (!bytes)
    return bytes.takeError();
  answer.set_grant(std::move(*bytes));
  return answer;
}

llvm::Expected<lease::Said> read_answer(const proto::LeaseAnswer &answer,
                                        const lease::Request &request, const std::string &granter,
                                        const membership::Member &member, trust::Paths &paths) {
  lease::Said said;
  said.wait = static_cast<Ticks>(std::min<uint64_t>(answer.wait_ms(), 60'000));
  if (auto holder = trust::parse_id(answer.holder()))
    said.holder = holder->name;
  else
    llvm::consumeError(holder.takeError());
  switch (answer.kind()) {
  case proto::LeaseAnswer::GRANTED:
    said.kind = lease::Said::granted;
    break;
  case proto::LeaseAnswer::SILENT:
    said.kind = lease::Said::silent;
    break;
  case proto::LeaseAnswer::HELD:
    said.kind = lease::Said::held;
    break;
  case proto::LeaseAnswer::OUTDATED:
    said.kind = lease::Said::outdated;
    break;
  default:
    break;
  }
  if (said.kind != lease::Said::granted)
    return said;
  auto verified = trust::verify(
      answer.grant(),
      trust::Expectation::lease_grant({member.id().fleet, trust::Role::node, granter},
                                      request.lease, member.id(), request.nonce, now()),
      member.trust(&paths));
  if (!verified)
    return verified.takeError();
  const proto::LeaseGrant &grant = verified->statement.lease_grant();
  if (grant.token() != request.token ||
      grant.duration_ms() != static_cast<uint64_t>(request.duration))
    return failure("{} grants another lease than was asked for", granter);
  return said;
}

} // namespace nemo::agent::fleet
