#include "compiler/verify/there.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace nemo::verify {

std::string without_kind(const std::string &object) {
  const std::string kind = "workload.";
  return object.compare(0, kind.size(), kind) == 0 ? object.substr(kind.size()) : object;
}

Moves::Moves(const proto::Intent &intent) {
  std::map<std::string, std::string> first;
  for (const proto::Moved &moved : intent.moved())
    first.emplace(without_kind(moved.from()), without_kind(moved.to()));
  for (const proto::Moved &moved : intent.moved()) {
    // From the end of a chain backwards: what is settled is not followed again.
    std::vector<std::string> way{without_kind(moved.from())};
    std::set<std::string> passed;
    while (first.count(way.back()) && !end_.count(way.back()) && passed.insert(way.back()).second)
      way.push_back(first.at(way.back()));
    const std::string end = name_of_now(way.back());
    for (const std::string &name : way)
      if (name != end) {
        end_.emplace(name, end);
        earlier_[end].insert(name);
      }
  }
}

const std::string &Moves::name_of_now(const std::string &name) const {
  const auto found = end_.find(name);
  return found == end_.end() ? name : found->second;
}

const std::set<std::string> &Moves::earlier_names(const std::string &name) const {
  static const std::set<std::string> none;
  const auto found = earlier_.find(name);
  return found == earlier_.end() ? none : found->second;
}

std::vector<There> what_is_there(const proto::Intent &intent, const Moves &moves,
                                 const proto::Fleet &facts) {
  std::vector<There> list;
  using Key = std::tuple<std::string, uint32_t, std::string, std::string>;
  std::map<Key, size_t> known;
  for (const proto::Running &running : facts.running()) {
    const bool over = running.retiring() && running.state() == proto::Running::STOPPED;
    const Key key{running.workload(), running.replica(), running.node(), running.revision()};
    if (running.stack() != intent.stack() || over || !known.emplace(key, list.size()).second)
      continue;
    list.push_back({moves.name_of_now(running.workload()), running.replica(), running.node(),
                    running.revision(), running.workload(), running.retiring(), running.protect(),
                    running.state() == proto::Running::EXITED && running.exit_code() == 0,
                    running.source(), nullptr, nullptr});
  }
  const size_t reported = list.size();
  for (const proto::PartState &state : facts.parts()) {
    const proto::Part &part = state.part();
    if (part.stack() != intent.stack())
      continue;
    for (const proto::Instance &told : part.instances()) {
      const Key key{told.workload(), told.replica(), part.node(), told.revision()};
      if (const auto found = known.find(key); found != known.end()) {
        There &there = list[found->second];
        if (found->second < reported && !there.spec)
          there.retiring |= told.retiring();
        if (!there.spec) {
          there.spec = &told.spec();
          there.told = &told;
          there.guarded |= told.protect();
        }
      } else if (!told.retiring()) {
        known.emplace(key, list.size());
        list.push_back({moves.name_of_now(told.workload()), told.replica(), part.node(),
                        told.revision(), told.workload(), false, told.protect(), false,
                        part.source(), &told.spec(), &told});
      }
    }
  }
  std::set<std::string> jobs;
  for (const proto::Workload &workload : intent.workloads())
    if (workload.has_job())
      jobs.insert(workload.name());
  for (There &there : list)
    there.over &=
        jobs.count(there.workload) != 0 || (there.told && !there.told->start_at().empty());
  std::stable_sort(list.begin(), list.end(), [](const There &a, const There &b) {
    return std::tie(a.workload, a.replica, a.node, a.revision, a.reported_as) <
           std::tie(b.workload, b.replica, b.node, b.revision, b.reported_as);
  });
  return list;
}

} // namespace nemo::verify
