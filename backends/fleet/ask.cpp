#include "backends/fleet/ask.h"

#include "base/error.h"
#include "protocol/framing/framing.h"
#include "protocol/link/answer.h"
#include "protocol/link/subjects.h"

namespace nemo::backends::fleet {

namespace {
constexpr std::chrono::seconds answers_for{60};
}

llvm::Expected<Questions> Questions::open(Member &member) {
  std::string inbox = member.broker().new_inbox();
  auto answers = member.broker().subscribe(inbox + ".*");
  if (!answers)
    return answers.takeError();
  return Questions(member, std::move(inbox), std::move(*answers));
}

llvm::Expected<size_t> Questions::ask(const std::string &node,
                                      const proto::BackendRequest &request) {
  if (auto error = member_->freshen())
    return error;
  auto key = trust::SealingKey::generate();
  if (!key)
    return key.takeError();
  const UnixNanos time = now();
  Asked asked{node, trust::random_bytes(32), std::move(*key), time + answers_for};
  proto::Statement statement;
  statement.set_node(node);
  statement.set_generation(1);
  statement.set_issued_unix_ms(trust::to_unix_ms(time));
  statement.set_expires_unix_ms(trust::to_unix_ms(asked.until));
  proto::Question &question = *statement.mutable_question();
  question.set_request(request.SerializeAsString());
  question.set_reply_key(asked.key.public_key());
  question.set_nonce(asked.nonce);
  auto bytes = trust::sign(std::move(statement), member_->membership().signer());
  if (!bytes)
    return bytes.takeError();
  const size_t number = asked_.size();
  if (auto error =
          member_->broker().publish(link::ask(node), *bytes, inbox_ + "." + std::to_string(number)))
    return error;
  asked_.push_back(std::move(asked));
  return number;
}

llvm::Expected<std::optional<Questions::Came>> Questions::next(milliseconds patience) {
  if (given_ == ready_.size()) {
    ready_.clear();
    given_ = 0;
    auto message = answers_.next(patience);
    if (!message)
      return message.takeError();
    if (*message)
      take(**message);
    const UnixNanos time = now();
    for (size_t i = 0; i < asked_.size(); ++i)
      if (!asked_[i].over && asked_[i].until <= time)
        close(i, Came::Kind::over, {});
  }
  if (given_ == ready_.size())
    return std::nullopt;
  return std::move(ready_[given_++]);
}

void Questions::close(size_t number, Came::Kind kind, proto::BackendResponse response) {
  asked_[number].over = true;
  ready_.push_back({number, kind, std::move(response)});
}

void Questions::take(const link::Message &message) {
  size_t number = 0;
  if (llvm::StringRef(message.subject).drop_front(inbox_.size() + 1).getAsInteger(10, number) ||
      number >= asked_.size() || asked_[number].over)
    return;
  Asked &asked = asked_[number];
  if (message.status == "503") { // by the broker: nobody listens
    proto::BackendResponse away;
    away.mutable_error()->set_code(proto::BackendError::UNAVAILABLE);
    away.mutable_error()->set_message(
        fmt::format("The node '{}' is not connected to the fleet now.", asked.node));
    return close(number, Came::Kind::failed, std::move(away));
  }
  auto report = trust::verify(
      message.data,
      trust::Expectation::of_node(proto::Signed::REPORT, member_->node_id(asked.node), {}, now()),
      member_->trust());
  if (!report)
    return llvm::consumeError(report.takeError());
  proto::NodeSays says;
  proto::Sealed sealed;
  if (!says.ParseFromString(report->statement.report().payload()) || !says.has_answer() ||
      says.answer().nonce() != asked.nonce || says.answer().number() != asked.number + 1 ||
      !sealed.ParseFromString(says.answer().sealed()))
    return;
  auto plain =
      trust::open(asked.key, link::answer_info,
                  link::answer_aad(asked.node, asked.nonce, says.answer().number()), sealed);
  if (!plain)
    return llvm::consumeError(plain.takeError());
  ++asked.number;
  std::string frames = plain->bytes().str();
  while (!asked.over && !frames.empty()) {
    proto::BackendResponse response;
    if (framing::take(frames, response) != framing::Take::complete)
      return close(number, Came::Kind::over, {});
    if (response.has_error())
      close(number, Came::Kind::failed, std::move(response));
    else if (response.has_done())
      close(number, Came::Kind::done, {});
    else
      ready_.push_back({number, Came::Kind::response, std::move(response)});
  }
}

} // namespace nemo::backends::fleet
