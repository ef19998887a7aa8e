// A part may give what runs a new name. Nothing is stopped for it: the record and the identity get
// the new name in the transaction that takes the part; the directories follow, and once more at
// every start, as the agent may have ended in between. Whoever has them open does not notice.
#include "runtime-agent/core/agent.h"

#include <filesystem>

#include "llvm/ADT/STLExtras.h"

#include "base/error.h"

namespace nemo::agent {

namespace fs = std::filesystem;

namespace {

/// What stands at the new place already stays, and so does what would have to take its place.
void move_directory(const fs::path &from, const fs::path &to) {
  std::error_code ignored;
  if (!fs::exists(from, ignored))
    return;
  fs::create_directories(to, ignored);
  for (const fs::directory_entry &entry : fs::directory_iterator(from, ignored))
    if (const fs::path target = to / entry.path().filename(); !fs::exists(target, ignored))
      fs::rename(entry.path(), target, ignored);
  if (fs::remove(from, ignored))
    fs::remove(from.parent_path(), ignored); // the old name's, once it has no replica left
}

Key any_revision(const ReplicaKey &replica) {
  const auto &[stack, workload, number] = replica;
  return {stack, workload, number, {}};
}

} // namespace

llvm::Expected<std::vector<Agent::Renaming>> Agent::renamings(const proto::Part &part) const {
  std::vector<Renaming> list;
  auto here = [&](const ReplicaKey &replica) {
    return llvm::any_of(known_,
                        [&](const auto &entry) { return replica_of(entry.first) == replica; });
  };
  for (const proto::Instance &instance : part.instances()) {
    if (instance.renamed_from().empty())
      continue;
    const Renaming one{{part.stack(), instance.renamed_from(), instance.replica()},
                       {part.stack(), instance.workload(), instance.replica()}};
    auto same = [&](const Renaming &other) { return other.from == one.from && other.to == one.to; };
    if (!here(one.from) || llvm::any_of(list, same))
      continue;
    const Key from = any_revision(one.from), to = any_revision(one.to);
    if (here(one.to) || llvm::any_of(list, [&](const Renaming &other) {
          return other.from == one.from || other.to == one.to;
        }))
      return failure("{} cannot become {}, as another of that name is here", from.name(),
                     to.name());
    std::error_code ignored;
    if (fs::exists(layout_.volumes_of(from), ignored) &&
        fs::exists(layout_.volumes_of(to), ignored))
      return failure("{} cannot become {}: volumes of an earlier {} are still kept in {}",
                     from.name(), to.name(), to.name(), layout_.volumes_of(to));
    list.push_back(one);
  }
  return list;
}

void Agent::journal_renaming(Journal::Batch &batch, const Renaming &renaming) const {
  for (const auto &[key, known] : known_)
    if (replica_of(key) == renaming.from) {
      batch.drop(key);
      Record record = known.record;
      record.key.workload = std::get<1>(renaming.to);
      batch.put(record);
    }
  if (const auto identity = identities_.find(renaming.from); identity != identities_.end()) {
    batch.drop(renaming.from);
    batch.put(renaming.to, identity->second);
  }
}

void Agent::rename(const Renaming &renaming) {
  std::vector<Key> keys;
  for (const auto &[key, known] : known_)
    if (replica_of(key) == renaming.from)
      keys.push_back(key);
  if (const auto identity = identities_.find(renaming.from); identity != identities_.end()) {
    identities_[renaming.to] = identity->second;
    identities_.erase(renaming.from);
  }
  for (const Key &old : keys) {
    // Timers, probes and the watched descriptor know it by its old name.
    Known &before = known_.at(old);
    Fd pidfd = std::move(before.pidfd);
    if (pidfd)
      loop_.forget(pidfd.get());
    end_monitoring(before);
    std::map<Refusal, Known::Saying> refusals = before.refusals;
    forget_refusals(before);
    auto entry = known_.extract(old);
    entry.key().workload = std::get<1>(renaming.to);
    Known &known = known_.insert(std::move(entry)).position->second;
    known.record.key.workload = std::get<1>(renaming.to);
    dirty_.erase(old);
    dropped_.erase(known.record.key);
    dirty(known);
    known.pidfd = std::move(pidfd);
    known.refusals = std::move(refusals);
    for (const auto &[what, saying] : known.refusals)
      say_again_later(known, what);
    if (known.pidfd)
      begin_monitoring(known);
  }
  move_files(renaming);
  for (const Key &old : keys) {
    Key key = old;
    key.workload = std::get<1>(renaming.to);
    proto::Event event;
    event.set_type("renamed");
    *event.mutable_instance() = running(known_.at(key));
    event.set_message(fmt::format("was {}", old.name()));
    events_.add(std::move(event));
  }
  on_news();
}

void Agent::move_files(const Renaming &renaming) const {
  const Key from = any_revision(renaming.from), to = any_revision(renaming.to);
  move_directory(layout_.replica(from), layout_.replica(to));
  move_directory(layout_.volumes_of(from), layout_.volumes_of(to));
}

void Agent::finish_renamings() {
  for (const auto &[stack, stored] : parts_)
    for (const proto::Instance &instance : stored.part.instances()) {
      const Renaming renaming{{stack, instance.renamed_from(), instance.replica()},
                              {stack, instance.workload(), instance.replica()}};
      if (!instance.renamed_from().empty() && llvm::none_of(known_, [&](const auto &entry) {
            return replica_of(entry.first) == renaming.from;
          }))
        move_files(renaming);
    }
}

} // namespace nemo::agent
