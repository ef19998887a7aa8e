#include "backends/fleet/member.h"

#include <filesystem>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/files.h"
#include "base/membership.h"
#include "protocol/link/subjects.h"
#include "protocol/membership/exchange.h"
#include "protocol/trust/key_file.h"

namespace nemo::backends::fleet {

namespace {

constexpr milliseconds to_connect{5'000};
constexpr milliseconds to_answer{5'000};
constexpr std::chrono::minutes again{1};
constexpr uint64_t max_seen = 64u << 20;
constexpr size_t max_nodes = 20'000;
constexpr uint64_t max_cordon = 64u << 10;
const std::string cordon_prefix = "cordon.";
constexpr std::chrono::minutes verify_again{1};

llvm::Error no_broker(llvm::Error cause) {
  return failure(
      diag::make(diag::N0801, "the fleet's broker: " + llvm::toString(std::move(cause))));
}

} // namespace

llvm::Expected<std::unique_ptr<Member>> Member::open(const std::string &directory) {
  auto membership = membership::Member::load(directory);
  if (!membership)
    return membership.takeError();
  std::unique_ptr<Member> member(new Member(std::move(*membership)));
  if (auto error = member->freshen())
    return error;
  const std::string seen = member->membership_.file(membership::seen);
  std::error_code unknown;
  if (std::filesystem::exists(seen, unknown)) {
    auto bytes = read_file(seen, max_seen);
    if (!bytes)
      return bytes.takeError();
    auto guard = trust::Guard::from_bytes(*bytes);
    if (!guard)
      return failure("{}: {}", seen, llvm::toString(guard.takeError()));
    member->seen_ = std::move(*guard);
  }
  if (auto error = member->connect())
    return error;
  if (auto error = member->take_revocations())
    return error;
  if (auto error = member->take_delegation())
    return error;
  member->looked_ = std::chrono::steady_clock::now();
  return member;
}

llvm::Error Member::connect() {
  auto connection = link::Connection::open(membership_, {}, to_connect);
  if (!connection)
    return no_broker(connection.takeError());
  connection_ = std::move(*connection);
  connected_as_ = membership_.begins();
  return llvm::Error::success();
}

llvm::Error Member::renew_connection() {
  if (auto error = freshen())
    return error;
  if (connected_as_ != membership_.begins())
    if (auto error = connect())
      return error;
  const auto at = std::chrono::steady_clock::now();
  if (at - looked_ < again)
    return llvm::Error::success();
  looked_ = at;
  if (auto error = take_revocations())
    return error;
  return take_delegation();
}

llvm::Error Member::freshen() {
  const auto at = std::chrono::steady_clock::now();
  if (freshened_.time_since_epoch().count() != 0 && at - freshened_ < again)
    return llvm::Error::success();
  freshened_ = at;
  if (membership_.is_renewal_due(now())) {
    auto answer = membership::renew(membership_, to_connect);
    if (!answer) // there is as much time again to do it in
      llvm::consumeError(answer.takeError());
    else if (auto error =
                 membership_.replace(std::move(answer->credentials), std::move(answer->places)))
      return error;
  }
  if (auto svid = membership_.svid(now()); !svid)
    return failure("{}: {}", membership_.directory(), llvm::toString(svid.takeError()));
  return llvm::Error::success();
}

/// A list that the broker withholds cannot be missed here; what it shows is taken if it is newer.
llvm::Error Member::take_revocations() {
  auto stored = read({link::revocations.str()});
  if (!stored)
    return stored.takeError();
  const std::string &bytes = stored->front().value;
  const membership::Credentials &held = membership_.credentials();
  if (bytes.empty() || bytes == held.revocations.signed_bytes())
    return llvm::Error::success();
  auto next = held.revocations.next(bytes, held.bundle, now());
  if (!next)
    return next.takeError();
  known_.clear(); // of whom it speaks
  return membership_.replace(std::move(*next));
}

/// Of a controller, the last that an operator gave it: one from before may have allowed more.
llvm::Error Member::take_delegation() {
  const trust::SpiffeId &me = membership_.id();
  if (me.role != trust::Role::controller)
    return llvm::Error::success();
  auto stored = read({link::delegation(me.name)});
  if (!stored)
    return stored.takeError();
  const std::string &bytes = stored->front().value;
  if (bytes.empty() || bytes == membership_.delegation())
    return llvm::Error::success();
  auto expected = trust::Expectation::delegation(me.fleet, now());
  expected.may_be_expired = true;
  if (auto held = trust::verify(membership_.delegation(), expected, trust()))
    expected.at_least = held->mark();
  else
    llvm::consumeError(held.takeError()); // there is none
  expected.may_be_expired = false;
  auto next = trust::verify(bytes, expected, trust());
  if (!next) { // the broker shows an old one, or somebody's who may not
    llvm::consumeError(next.takeError());
    return llvm::Error::success();
  }
  const proto::Delegation &body = next->statement.delegation();
  if (body.controller() != me.text() || body.key_id() != membership_.key().id())
    return llvm::Error::success();
  return membership_.replace_delegation(bytes);
}

llvm::Expected<std::vector<std::string>> Member::nodes() {
  if (auto error = renew_connection())
    return error;
  auto keys = keys_of(*connection_, link::reported(""));
  if (!keys)
    return no_broker(keys.takeError());
  return keys;
}

llvm::Expected<std::vector<std::string>> keys_of(link::Connection &broker, llvm::StringRef prefix,
                                                 bool may_lack) {
  const std::string bucket = prefix.split('.').second.split('.').first.str();
  auto answer =
      broker.request(link::stream_info(bucket),
                     fmt::format(R"({{"subjects_filter":"{}>"}})", prefix.str()), {}, to_answer);
  if (!answer)
    return answer.takeError();
  auto json = llvm::json::parse(answer->data);
  if (!json)
    return json.takeError();
  const llvm::json::Object *all = json->getAsObject();
  const llvm::json::Object *state = all ? all->getObject("state") : nullptr;
  const llvm::json::Object *error = all ? all->getObject("error") : nullptr;
  if (may_lack && error && error->getInteger("code").value_or(0) == 404)
    return std::vector<std::string>();
  if (!state)
    return failure("there is no bucket '{}', or this member may not read it", bucket);
  std::vector<std::string> names;
  if (const llvm::json::Object *subjects = state->getObject("subjects"))
    for (const auto &entry : *subjects) {
      llvm::StringRef name = entry.first;
      if (name.consume_front(prefix) && trust::is_member_name(name) && names.size() < max_nodes)
        names.push_back(name.str());
    }
  llvm::sort(names);
  return names;
}

llvm::Expected<std::vector<Stored>> Member::read(const std::vector<std::string> &subjects,
                                                 bool may_lack) {
  std::vector<Stored> values(subjects.size());
  const std::string inbox = connection_->new_inbox();
  auto answers = connection_->subscribe(inbox + ".*");
  if (!answers)
    return answers.takeError();
  for (size_t i = 0; i < subjects.size(); ++i)
    if (auto error = connection_->publish(link::direct_get(subjects[i]), "",
                                          inbox + "." + std::to_string(i)))
      return error;
  // A value comes under the name that it is stored under, an empty answer under that of the inbox.
  std::map<std::string, size_t> waiting;
  for (size_t i = 0; i < subjects.size(); ++i)
    waiting[subjects[i]] = i;
  while (!waiting.empty()) {
    auto message = answers->next(to_answer);
    if (!message)
      return no_broker(message.takeError());
    if (!*message)
      return no_broker(
          failure("it does not answer what it is asked for {}", waiting.begin()->first));
    size_t index = 0;
    const llvm::StringRef from = (*message)->subject;
    if (const auto found = waiting.find((*message)->subject); found != waiting.end())
      index = found->second;
    else if (!from.startswith(inbox) || from.drop_front(inbox.size() + 1).getAsInteger(10, index) ||
             index >= subjects.size())
      continue;
    if (!waiting.erase(subjects[index]))
      continue;
    if ((*message)->status == "503" && !may_lack)
      return no_broker(
          failure("the bucket of {} is not there, or cannot be read directly", subjects[index]));
    values[index].revision = (*message)->sequence;
    if ((*message)->status.empty() && (*message)->operation.empty())
      values[index].value = std::move((*message)->data);
  }
  return values;
}

llvm::Expected<const trust::Verified *> Member::verify(trust::Kind kind, const std::string &node,
                                                       llvm::StringRef bytes) {
  const UnixNanos time = now();
  const auto last = known_.find({kind, node});
  if (last != known_.end() && last->second.bytes == bytes && time < last->second.again)
    return &last->second.verified;
  auto verified = trust::verify(
      bytes, trust::Expectation::of_node(kind, node_id(node), seen_.mark(kind, node), time),
      trust());
  if (!verified)
    return verified.takeError();
  llvm::cantFail(seen_.admit(kind, node, verified->mark()));
  const UnixNanos again =
      std::min(time + verify_again, trust::from_unix_ms(verified->statement.expires_unix_ms()));
  return &known_
              .insert_or_assign(std::pair(kind, node),
                                Known{bytes.str(), std::move(*verified), again})
              .first->second.verified;
}

Reported Member::judge(const std::string &node, llvm::StringRef value) {
  Reported out;
  proto::NodeReported reported;
  if (!reported.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    out.why = "what lies in its place is no report";
    return out;
  }
  if (auto key = verify(proto::Signed::SEALING_KEY, node, reported.sealing_key()))
    out.sealing_key = (*key)->statement.sealing_key().public_key();
  else
    llvm::consumeError(key.takeError());
  auto report = verify(proto::Signed::REPORT, node, reported.report());
  if (!report) {
    out.why = llvm::toString(report.takeError());
    return out;
  }
  proto::NodeSays says;
  if (!says.ParseFromString((*report)->statement.report().payload()) || !says.has_state()) {
    out.why = "what it signed is no report of its state";
    return out;
  }
  out.state = std::move(*says.mutable_state());
  return out;
}

std::optional<UnixNanos> Member::issued(const std::string &node, llvm::StringRef value) {
  proto::NodeReported reported;
  if (!reported.ParseFromArray(value.data(), static_cast<int>(value.size())))
    return std::nullopt;
  auto expected = trust::Expectation::of_node(proto::Signed::REPORT, node_id(node), {}, now());
  expected.may_be_expired = true;
  auto report = trust::verify(reported.report(), expected, trust());
  if (!report) {
    llvm::consumeError(report.takeError());
    return std::nullopt;
  }
  return trust::from_unix_ms(report->statement.issued_unix_ms());
}

llvm::Expected<proto::CordonOrder> Member::judge_cordon(const std::string &node,
                                                        llvm::StringRef value) {
  if (value.empty()) {
    if (!cordon_mark(node).digest.empty())
      return failure("the broker does not show what an operator has said of it");
    return proto::CordonOrder();
  }
  auto order = trust::verify(
      value, trust::Expectation::cordon(node_id(node), cordon_mark(node), now()), trust());
  if (!order)
    return order.takeError();
  llvm::cantFail(seen_.admit(proto::Signed::CORDON, node, order->mark()));
  if (std::string &kept = cordons_[node]; kept != value) {
    kept = value.str();
    unsaved_cordons_.insert(node);
  }
  return order->statement.cordon();
}

std::optional<proto::CordonOrder> Member::kept_cordon(const std::string &node) {
  const auto [kept, is_new] = cordons_.try_emplace(node);
  if (is_new) {
    if (auto bytes = read_file(membership_.file(cordon_prefix + node), max_cordon))
      kept->second = std::move(*bytes);
    else
      llvm::consumeError(bytes.takeError()); // there is none
  }
  proto::Signed envelope;
  proto::Statement statement;
  if (kept->second.empty() || !envelope.ParseFromString(kept->second) ||
      !statement.ParseFromString(envelope.payload()))
    return std::nullopt;
  return statement.cordon();
}

namespace {

llvm::Error replace_file(const std::string &path, const std::string &bytes) {
  const std::string fresh = fmt::format("{}.{}", path, ::getpid());
  std::error_code error;
  std::filesystem::remove(fresh, error);
  if (auto failed = trust::write_secret(fresh, bytes))
    return failed;
  std::filesystem::rename(fresh, path, error);
  return error ? failure("{}: {}", path, error.message()) : llvm::Error::success();
}

} // namespace

llvm::Error Member::remember() {
  for (const std::string &node : unsaved_cordons_)
    if (auto error = replace_file(membership_.file(cordon_prefix + node), cordons_.at(node)))
      return error;
  unsaved_cordons_.clear();
  return replace_file(membership_.file(membership::seen), seen_.to_bytes());
}

} // namespace nemo::backends::fleet
