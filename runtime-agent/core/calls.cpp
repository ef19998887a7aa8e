// The requests of protocol/backend.proto. A delivery is checked as a whole, compared with what is
// there, and on disk before it is answered.
#include "runtime-agent/core/agent.h"

#include <filesystem>

#include "llvm/ADT/StringExtras.h"

#include "base/error.h"
#include "runtime-agent/core/check.h"
#include "runtime-agent/core/protect.h"

namespace nemo::agent {

namespace fs = std::filesystem;

namespace {

constexpr Ticks follow_every = 250; ///< only while somebody follows logs
constexpr int max_digests = 4096;

proto::BackendCapabilities capabilities(const sandbox::Host &host) {
  proto::BackendCapabilities out;
  out.set_name("local");
  out.set_version(NEMO_VERSION);
  for (const char *name : {"gates", "deliver", "logs", "watch"}) {
    proto::Capability *one = out.add_capabilities();
    one->set_name(name);
    one->set_available(true);
  }
  for (const sandbox::Ability &ability : host.abilities) {
    proto::Capability *one = out.add_capabilities();
    one->set_name(ability.name);
    one->set_available(ability.available);
    one->set_reason(ability.reason);
  }
  return out;
}

} // namespace

Answer Agent::answer(const proto::BackendRequest &request) {
  proto::BackendResponse response;
  switch (request.call_case()) {
  case proto::BackendRequest::kCapabilities:
    look_for_sandboxes();
    *response.mutable_capabilities() = capabilities(host_);
    break;
  case proto::BackendRequest::kObserve:
    *response.mutable_fleet() = fleet();
    break;
  case proto::BackendRequest::kDeliver:
    return deliver(request.deliver());
  case proto::BackendRequest::kWatch:
    return watch(request.watch());
  case proto::BackendRequest::kLogs:
    return logs(request.logs());
  case proto::BackendRequest::kHave:
    if (request.have().digests_size() > max_digests)
      return refusal(proto::BackendError::INVALID,
                     fmt::format("At most {} artifacts are asked for at once.", max_digests));
    response.mutable_have();
    for (const std::string &digest : request.have().digests())
      if (!artifacts_.have(digest))
        response.mutable_have()->add_missing(digest);
    break;
  case proto::BackendRequest::kPut:
    if (auto error = artifacts_.put(request.put().artifact()))
      return refusal(proto::BackendError::INVALID,
                     fmt::format("The agent does not keep these files: {}.",
                                 llvm::toString(std::move(error))));
    response.mutable_done();
    break;
  case proto::BackendRequest::kShutdown:
    on_shutdown();
    response.mutable_done();
    break;
  case proto::BackendRequest::CALL_NOT_SET:
    return refusal(proto::BackendError::INVALID,
                   "The request names no call that this agent knows. Use a nemo and a nemo-agent "
                   "of the same release.");
  }
  return response;
}

proto::BackendResponse Agent::deliver(const proto::DeliverCall &call) {
  const proto::Part &part = call.part();
  if (auto error = check(part, options_.place.node, options_.place.in_fleet))
    return refusal(
        proto::BackendError::INVALID,
        fmt::format("The agent does not accept this part: {}.", llvm::toString(std::move(error))));
  if (call.holder().size() > 1024)
    return refusal(proto::BackendError::INVALID, "The holder's name is too long.");
  const auto there = parts_.find(part.stack());
  if (there != parts_.end() && there->second.part.source() != part.source() && !call.take_over()) {
    auto refused = refusal(
        proto::BackendError::OWNED,
        fmt::format(
            "The stack '{}' on '{}' belongs to {}. Apply it from there, or pass --take-over.",
            part.stack(), options_.place.node, there->second.part.source()));
    refused.mutable_error()->set_holder(there->second.part.source());
    refused.mutable_error()->set_generation(there->second.generation);
    return refused;
  }
  const uint64_t generation = there == parts_.end() ? 0 : there->second.generation;
  if (call.expected_generation() != generation) {
    const std::string holder = there == parts_.end() ? "" : there->second.holder;
    auto refused = refusal(
        proto::BackendError::CONFLICT,
        fmt::format("The stack '{}' on '{}' was changed meanwhile{}{}. Plan again.", part.stack(),
                    options_.place.node, holder.empty() ? "" : " by ", holder));
    refused.mutable_error()->set_holder(holder);
    refused.mutable_error()->set_generation(generation);
    return refused;
  }
  if (there != parts_.end())
    if (const auto names = taken_away(there->second.part, call); !names.empty()) {
      auto refused = refusal(
          proto::BackendError::PROTECTED,
          fmt::format("{} of the stack '{}' on '{}' is protected, and this would take it away. "
                      "Lift that first: nemo unprotect {} --stack {}",
                      llvm::join(names, ", "), part.stack(), options_.place.node,
                      llvm::StringRef(names.front()).split('/').first.str(), part.stack()));
      refused.mutable_error()->set_holder(llvm::join(names, ", "));
      refused.mutable_error()->set_generation(generation);
      return refused;
    }
  auto renaming = renamings(part);
  if (!renaming)
    return refusal(proto::BackendError::INVALID,
                   fmt::format("The agent does not accept this part: {}.",
                               llvm::toString(renaming.takeError())));
  for (const proto::Instance &instance : part.instances())
    for (const proto::Mount &mount : instance.spec().mounts())
      if (!mount.artifact().empty() && !artifacts_.have(mount.artifact()))
        return refusal(
            proto::BackendError::MISSING,
            fmt::format("The files {} ('{}') that {}/{} mounts are not on '{}'. Put them first.",
                        mount.artifact(), mount.source(), instance.workload(), instance.replica(),
                        options_.place.node));
  StoredPart stored{part, generation_ + 1, call.holder()};
  if (auto error = journal_->write([&](Journal::Batch &batch) {
        batch.put(stored);
        for (const Renaming &one : *renaming)
          journal_renaming(batch, one);
      }))
    return refusal(proto::BackendError::INTERNAL,
                   fmt::format("Nothing was changed on '{}': {}", options_.place.node,
                               llvm::toString(std::move(error))));
  proto::BackendResponse response;
  response.mutable_delivered()->set_generation(++generation_);
  response.mutable_delivered()->set_sequence(events_.last());
  parts_[part.stack()] = std::move(stored);
  finished_parts_.erase(part.stack());
  for (const Renaming &one : *renaming)
    rename(one);
  for (auto &[key, known] : known_) {
    const proto::Instance *instance = key.stack == part.stack() ? desired(key) : nullptr;
    if (!instance)
      continue;
    known.record.instance = *instance;
    // Asked for again: what failed gets its next try at once.
    if (known.record.phase == Phase::failed || known.record.phase == Phase::backoff) {
      known.record.until = ticks();
      known.record.streak = 0;
    }
    dirty(known);
  }
  sweep_files();
  reconcile_soon();
  return response;
}

Stream Agent::watch(const proto::WatchCall &call) {
  return [this, after = call.after(), call](proto::BackendResponse &response) mutable {
    if (events_.missed(after) && after != 0) {
      response.mutable_event()->set_type("note");
      response.mutable_event()->set_message(
          "Some events are not kept any more: observe to see what they led to.");
      after = 0;
      return Pull::item;
    }
    while (auto event = events_.next(after)) {
      after = event->sequence();
      if (!call.stack().empty() && event->has_instance() &&
          event->instance().stack() != call.stack())
        continue;
      *response.mutable_event() = std::move(*event);
      return Pull::item;
    }
    return call.until_now() ? Pull::done : Pull::wait;
  };
}

std::vector<LogSource> Agent::log_sources(const proto::LogsCall &call) const {
  std::vector<LogSource> sources;
  std::error_code ignored;
  const std::string stack = layout_.instances() + "/" + call.stack();
  for (const auto &workload : fs::directory_iterator(stack, ignored)) {
    const std::string name = workload.path().filename();
    if (!call.workload().empty() && call.workload() != name)
      continue;
    for (const auto &replica : fs::directory_iterator(workload.path(), ignored)) {
      uint32_t number = 0;
      if (llvm::StringRef(replica.path().filename().c_str()).getAsInteger(10, number) ||
          (call.has_replica() && call.replica() != number))
        continue;
      for (const auto &revision : fs::directory_iterator(replica.path(), ignored))
        sources.push_back({name, number, revision.path()});
    }
  }
  return sources;
}

Answer Agent::logs(const proto::LogsCall &call) {
  if (!is_label(call.stack()) || (!call.workload().empty() && !is_label(call.workload())))
    return refusal(proto::BackendError::INVALID,
                   "A stack and a workload are named by RFC 1123 labels.");
  const auto sources = log_sources(call);
  bool known = !sources.empty();
  for (const auto &[key, one] : known_)
    known |= key.stack == call.stack() &&
             (call.workload().empty() || key.workload == call.workload()) &&
             (!call.has_replica() || key.replica == call.replica());
  if (!known)
    return refusal(
        proto::BackendError::MISSING,
        fmt::format("Nothing of the stack '{}'{}{} has run on '{}'. `nemo status` lists what does.",
                    call.stack(), call.workload().empty() ? "" : ", workload ", call.workload(),
                    options_.place.node));
  auto reader = std::make_shared<LogReader>(sources, call);
  return Stream([this, reader, call](proto::BackendResponse &response) {
    for (const bool again : {true, false}) {
      if (auto line = reader->next()) {
        *response.mutable_log() = std::move(*line);
        return Pull::item;
      }
      if (!call.follow())
        return Pull::done;
      if (again)
        reader->add(log_sources(call));
    }
    if (follow_timer_ == 0)
      follow_timer_ = loop_.at(ticks() + follow_every, [this] {
        follow_timer_ = 0;
        on_news();
      });
    return Pull::wait;
  });
}

} // namespace nemo::agent
