// Which nodes take nothing new: what operators have signed and the bucket `control` keeps. The
// broker can withhold it: for who has seen it, it stands.
#include <algorithm>

#include "backends/fleet/backend.h"
#include "base/error.h"
#include "protocol/link/subjects.h"

namespace nemo::backends::fleet {

namespace {

using namespace std::chrono_literals;

constexpr auto order_holds = 90 * 24h; ///< it stands beyond that, until there is another
constexpr milliseconds to_keep{5'000};

} // namespace

llvm::Expected<std::vector<std::optional<proto::Cordon>>>
Backend::cordons(const std::vector<std::string> &nodes) {
  // Of most nodes nobody has ever said anything: one listing tells whom to ask about.
  auto spoken_of = keys_of(member_->broker(), link::cordon(""), true);
  if (!spoken_of)
    return spoken_of.takeError();
  std::vector<std::string> subjects;
  for (const std::string &node : nodes)
    if (std::binary_search(spoken_of->begin(), spoken_of->end(), node))
      subjects.push_back(link::cordon(node));
  auto values = member_->read(subjects, true);
  if (!values)
    return values.takeError();
  std::map<std::string, std::string> said; // by subject
  for (size_t i = 0; i < subjects.size(); ++i)
    said.emplace(subjects[i], std::move((*values)[i].value));
  std::vector<std::optional<proto::Cordon>> result;
  for (const std::string &node : nodes) {
    std::optional<proto::Cordon> &cordon = result.emplace_back();
    std::optional<proto::CordonOrder> order;
    if (auto judged = member_->judge_cordon(node, said[link::cordon(node)])) {
      order = std::move(*judged);
    } else {
      notes_.push_back("whether '" + node + "' is cordoned is what was seen last: " +
                       llvm::toString(judged.takeError()));
      order = member_->kept_cordon(node);
    }
    if (!order || order->state() == proto::CordonOrder::OPEN)
      continue;
    cordon.emplace();
    cordon->set_reason(order->reason());
    cordon->set_drained(order->state() == proto::CordonOrder::DRAINED);
  }
  return result;
}

llvm::Error Backend::cordon(const std::string &node, const proto::CordonOrder &order) {
  const std::string subject = link::cordon(node);
  auto held = member_->read({subject}, true);
  if (!held)
    return held.takeError();
  // What is not to be believed is replaced by what is.
  if (auto known = member_->judge_cordon(node, held->front().value); !known)
    llvm::consumeError(known.takeError());
  const trust::Mark last = member_->cordon_mark(node);
  const UnixNanos time = now();
  proto::Statement statement;
  statement.set_node(node);
  // By the clock, so that who has not seen the last word is not refused by who has.
  const uint64_t least = std::max<uint64_t>(last.generation, trust::to_unix_ms(time));
  statement.set_epoch(least == UINT64_MAX ? last.epoch + 1 : last.epoch);
  statement.set_generation(least == UINT64_MAX ? 0 : least + 1);
  statement.set_issued_unix_ms(trust::to_unix_ms(time));
  statement.set_expires_unix_ms(trust::to_unix_ms(time + order_holds));
  *statement.mutable_cordon() = order;
  auto bytes = trust::sign(std::move(statement), member_->membership().signer());
  if (!bytes)
    return bytes.takeError();
  auto answer = member_->broker().request(
      subject, *bytes,
      {{"Nats-Expected-Last-Subject-Sequence", std::to_string(held->front().revision)}}, to_keep);
  if (!answer)
    return answer.takeError();
  bool conflict = false;
  auto ack = link::read_ack(*answer, &conflict);
  if (!ack && conflict) {
    llvm::consumeError(ack.takeError());
    return failure("another operator decided about {} at the same time. Try again", node);
  }
  if (!ack)
    return failure(
        "the broker does not keep it: {}. A fleet's service that is older than this nemo "
        "has no place for it: restart it",
        llvm::toString(ack.takeError()));
  if (auto seen = member_->judge_cordon(node, *bytes); !seen)
    return seen.takeError();
  return member_->remember();
}

} // namespace nemo::backends::fleet
