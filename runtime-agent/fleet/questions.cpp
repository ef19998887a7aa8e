#include "runtime-agent/fleet/questions.h"

#include "base/error.h"
#include "protocol/framing/framing.h"
#include "protocol/link/answer.h"
#include "protocol/link/subjects.h"

namespace nemo::agent::fleet {

namespace {

constexpr size_t max_open = 32;       ///< streams
constexpr size_t max_nonces = 10'000; ///< in five minutes
constexpr size_t batch = 64u << 10;   ///< bytes in one message
constexpr int batches_at_once = 8;    ///< for each stream, before others have their turn
constexpr std::chrono::seconds answer_holds{60};

/// What may be asked at all, and by whom. Reading logs and events is for who may read everything: a
/// controller's tenants are not told apart there.
bool may_ask(trust::Role role, const proto::BackendRequest &request) {
  switch (request.call_case()) {
  case proto::BackendRequest::kWatch:
  case proto::BackendRequest::kLogs:
    return role == trust::Role::operator_ || role == trust::Role::viewer;
  case proto::BackendRequest::kHave:
  case proto::BackendRequest::kPut:
    return role == trust::Role::operator_ || role == trust::Role::controller;
  case proto::BackendRequest::kCapabilities:
    return true;
  default: // deliveries come signed and sealed through the bucket, and nobody ends an agent from
           // afar
    return false;
  }
}

} // namespace

llvm::Error Questions::take(llvm::StringRef bytes, const std::string &reply, UnixNanos now) {
  auto verified =
      trust::verify(bytes, trust::Expectation::question(member_.id(), now), member_.trust(&paths_));
  if (!verified)
    return verified.takeError();
  const proto::Question &question = verified->statement.question();
  const trust::SpiffeId &asker = verified->signer.id;
  if (!llvm::StringRef(reply).startswith(link::inbox(asker) + "."))
    return failure("{} asks for an answer to {}, which is not its inbox", asker.text(),
                   trust::shown(reply));
  std::erase_if(nonces_, [&](const auto &entry) { return entry.second <= now; });
  const UnixNanos until = trust::from_unix_ms(verified->statement.expires_unix_ms());
  if (nonces_.size() >= max_nonces)
    return failure("more questions than are answered in so short a time");
  if (!nonces_.emplace(question.nonce(), until + trust::max_skew).second)
    return failure("a question of {} that was answered before", asker.text());

  Asked asked{reply, question.reply_key(), question.nonce(), until};
  proto::BackendRequest request;
  Answer answer = refusal(proto::BackendError::INVALID, "The request cannot be read.");
  if (request.ParseFromString(question.request()) && request.version() == 1) {
    if (!may_ask(asker.role, request))
      answer = refusal(proto::BackendError::DENIED,
                       fmt::format("{} may not ask this of a node.", asker.text()));
    else if (asked_.size() >= max_open)
      answer =
          refusal(proto::BackendError::UNAVAILABLE, "Too many are reading from this node already.");
    else
      answer = handler_(request);
  }
  if (auto *response = std::get_if<proto::BackendResponse>(&answer)) {
    std::string frames = framing::encode(*response);
    if (!response->has_error() && !response->has_done()) {
      proto::BackendResponse done;
      done.mutable_done();
      frames += framing::encode(done);
    }
    return send(asked, frames, now);
  }
  asked.id = ++last_stream_;
  asked.stream = std::move(std::get<Stream>(answer));
  asked_.push_back(std::move(asked));
  pump(now);
  return llvm::Error::success();
}

bool Questions::pump(UnixNanos now) {
  bool more = false;
  for (auto asked = asked_.begin(); asked != asked_.end();) {
    bool over = asked->until <= now;
    Pull pulled = Pull::item;
    for (int i = 0; i < batches_at_once && pulled == Pull::item && !over; ++i) {
      std::string frames;
      while (frames.size() < batch) {
        proto::BackendResponse response;
        pulled = asked->stream(response);
        if (pulled == Pull::wait)
          break;
        if (pulled == Pull::done) {
          response.Clear();
          response.mutable_done();
        }
        frames += framing::encode(response);
        if (pulled == Pull::done)
          break;
      }
      if (!frames.empty())
        over = llvm::errorToBool(send(*asked, frames, now));
      over |= pulled == Pull::done;
    }
    more |= !over && pulled == Pull::item;
    asked = over ? asked_.erase(asked) : std::next(asked);
  }
  return more;
}

llvm::Error Questions::send(Asked &asked, const std::string &frames, UnixNanos now) {
  const uint64_t number = ++asked.number;
  auto sealed = trust::seal(asked.reply_key, link::answer_info,
                            link::answer_aad(member_.id().name, asked.nonce, number), frames);
  if (!sealed)
    return sealed.takeError();
  proto::NodeSays says;
  says.mutable_answer()->set_nonce(asked.nonce);
  says.mutable_answer()->set_number(number);
  says.mutable_answer()->set_sealed(sealed->SerializeAsString());
  proto::Statement statement;
  statement.set_node(member_.id().name);
  statement.set_generation(number);
  statement.set_issued_unix_ms(trust::to_unix_ms(now));
  statement.set_expires_unix_ms(trust::to_unix_ms(now + answer_holds));
  statement.mutable_report()->set_payload(says.SerializeAsString());
  auto bytes = trust::sign(std::move(statement), member_.signer());
  if (!bytes)
    return bytes.takeError();
  send_(asked.reply, *bytes, asked.id);
  return llvm::Error::success();
}

void Questions::nobody_listens(uint64_t stream) {
  asked_.remove_if([&](const Asked &asked) { return asked.id == stream; });
}

} // namespace nemo::agent::fleet
