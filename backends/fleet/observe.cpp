#include <algorithm>
#include <set>

#include "backends/fleet/ask.h"
#include "backends/fleet/backend.h"
#include "backends/wire/refusal.h"
#include "base/clock.h"
#include "protocol/link/subjects.h"

namespace nemo::backends::fleet {

namespace {

/// Of what a node says, that which is about itself.
void merge(proto::Fleet &all, proto::Fleet &&one, const std::string &node,
           std::set<std::string> &sites, std::vector<std::string> &notes) {
  bool foreign = false;
  for (proto::Node &said : *one.mutable_nodes())
    if (said.name() == node) {
      said.clear_cordon(); // is an operator's to say
      *all.add_nodes() = std::move(said);
    } else {
      foreign = true;
    }
  for (proto::Running &said : *one.mutable_running())
    if (said.node() == node)
      *all.add_running() = std::move(said);
    else
      foreign = true;
  for (proto::PartState &said : *one.mutable_parts())
    if (said.part().node() == node)
      *all.add_parts() = std::move(said);
    else
      foreign = true;
  for (proto::Site &said : *one.mutable_sites())
    if (sites.insert(said.name()).second)
      *all.add_sites() = std::move(said);
  for (proto::Link &said : *one.mutable_links())
    if (said.from() == node || said.to() == node)
      *all.add_links() = std::move(said);
  if (foreign)
    notes.push_back("'" + node + "' speaks of other nodes: that was left out");
}

} // namespace

llvm::Expected<proto::Fleet> Backend::observe() {
  notes_.clear();
  validities_.clear();
  epoch_ = 0;
  auto nodes = member_->nodes();
  if (!nodes)
    return nodes.takeError();
  std::vector<std::string> subjects;
  for (const std::string &node : *nodes)
    subjects.push_back(link::reported(node));
  auto values = member_->read(subjects);
  if (!values)
    return values.takeError();
  proto::Fleet fleet;
  fleet.set_version(1);
  fleet.set_at(to_rfc3339(now(), 0));
  fleet.set_backend(name());
  std::set<std::string> sites;
  std::vector<std::string> members;
  for (size_t i = 0; i < nodes->size(); ++i) {
    const std::string &node = (*nodes)[i];
    if ((*values)[i].value.empty())
      continue; // removed from the fleet
    members.push_back(node);
    Reported reported = member_->judge(node, (*values)[i].value);
    if (!reported.state) {
      notes_.push_back("'" + node + "' was left out: " + reported.why);
      continue;
    }
    for (const proto::Outcome &accepted : reported.state->accepted())
      epoch_ = std::max(epoch_, accepted.epoch());
    for (const proto::Outcome &refused : reported.state->refused())
      notes_.push_back("'" + node + "' does not act on what the broker gives it for the stack '" +
                       refused.stack() + "': " + refused.response().error().message());
    for (Validity &one : validities_of(node, *reported.state))
      validities_.push_back(std::move(one));
    merge(fleet, std::move(*reported.state->mutable_fleet()), node, sites, notes_);
  }
  for (std::string &note : notes_of(validities_, now()))
    notes_.push_back(std::move(note));
  // Of those that are silent too: who knows them from before goes on planning with them.
  auto said = cordons(members);
  if (!said)
    return said.takeError();
  closed_.clear();
  for (size_t i = 0; i < members.size(); ++i)
    if ((*said)[i])
      closed_.emplace(members[i], std::move(*(*said)[i]));
  for (proto::Node &node : *fleet.mutable_nodes())
    if (const auto cordon = closed_.find(node.name()); cordon != closed_.end())
      *node.mutable_cordon() = cordon->second;
  if (auto error = member_->remember())
    return error;
  return fleet;
}

llvm::Expected<std::optional<UnixNanos>> Backend::last_report(const std::string &node) {
  auto values = member_->read({link::reported(node)});
  if (!values)
    return values.takeError();
  return member_->issued(node, values->front().value);
}

namespace {

/// Asks every node, and each again whose stream is over in time and not at its end.
///
/// \param again  the request to a node that follows what has come of it.
/// \param take  one response of a node; false ends it all.
llvm::Error
stream(Member &member, const std::vector<std::string> &nodes,
       llvm::function_ref<proto::BackendRequest(const std::string &)> again, bool follow,
       Patience patience,
       llvm::function_ref<bool(const std::string &, const proto::BackendResponse *)> take) {
  auto questions = Questions::open(member);
  if (!questions)
    return questions.takeError();
  size_t open = 0;
  std::vector<std::pair<UnixNanos, std::string>> away; // followed: asked again in a while
  for (const std::string &node : nodes) {
    if (auto asked = questions->ask(node, again(node)); !asked)
      return asked.takeError();
    ++open;
  }
  std::optional<proto::BackendError> refused;
  bool answered = false;
  while (open > 0 || !away.empty()) {
    auto came = questions->next(patience());
    if (!came)
      return came.takeError();
    std::vector<std::string> retry;
    std::erase_if(away, [&](const auto &entry) {
      if (entry.first > now())
        return false;
      retry.push_back(entry.second);
      return true;
    });
    if (*came) {
      const std::string node = questions->node((*came)->number);
      using Kind = Questions::Came::Kind;
      if ((*came)->kind != Kind::response)
        --open;
      switch ((*came)->kind) {
      case Kind::response:
        answered = true;
        if (!take(node, &(*came)->response))
          return llvm::Error::success();
        break;
      case Kind::done:
        answered = true;
        break;
      case Kind::failed:
        refused = (*came)->response.error();
        if (refused->code() == proto::BackendError::UNAVAILABLE && follow)
          away.emplace_back(now() + std::chrono::seconds(2), node);
        break;
      case Kind::over:
        if (follow)
          retry.push_back(node);
        break;
      }
    } else if (!take("", nullptr)) {
      return llvm::Error::success();
    }
    for (const std::string &node : retry) {
      if (auto asked = questions->ask(node, again(node)); !asked)
        return asked.takeError();
      ++open;
    }
  }
  if (!answered && refused)
    return llvm::make_error<Refusal>("fleet", *refused);
  return llvm::Error::success();
}

} // namespace

llvm::Error Backend::watch(const proto::WatchCall &call, Sink<proto::Event> sink,
                           Patience patience) {
  // Each node numbers its own events: after a delivery, those that it went to are watched, each
  // from its own number on. Of others no number is known.
  std::map<std::string, uint64_t> after = delivered_;
  if (after.empty()) {
    auto all = member_->nodes();
    if (!all)
      return all.takeError();
    for (const std::string &node : *all)
      after[node] = call.after();
  }
  std::vector<std::string> nodes;
  for (const auto &[node, number] : after)
    nodes.push_back(node);
  return stream(
      *member_, nodes,
      [&](const std::string &node) {
        proto::BackendRequest request;
        request.set_version(1);
        *request.mutable_watch() = call;
        request.mutable_watch()->set_after(after[node]);
        return request;
      },
      !call.until_now(), patience,
      [&](const std::string &node, const proto::BackendResponse *response) {
        if (!response)
          return sink(nullptr);
        if (!response->has_event())
          return true;
        after[node] = std::max(after[node], response->event().sequence());
        return sink(&response->event());
      });
}

llvm::Error Backend::logs(const proto::LogsCall &call, Sink<proto::LogLine> sink) {
  auto nodes = member_->nodes();
  if (!nodes)
    return nodes.takeError();
  std::map<std::string, int64_t> last;
  return stream(
      *member_, *nodes,
      [&](const std::string &node) {
        proto::BackendRequest request;
        request.set_version(1);
        *request.mutable_logs() = call;
        if (const auto seen = last.find(node); seen != last.end()) {
          request.mutable_logs()->set_since_unix_ns(seen->second + 1);
          request.mutable_logs()->set_tail(0);
        }
        return request;
      },
      call.follow(), [] { return tick; },
      [&](const std::string &node, const proto::BackendResponse *response) {
        if (!response)
          return sink(nullptr);
        if (!response->has_log())
          return true;
        last[node] = std::max(last[node], response->log().unix_ns());
        return sink(&response->log());
      });
}

} // namespace nemo::backends::fleet
