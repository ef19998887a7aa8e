#include "orchestrator/deliver.h"

#include <pwd.h>
#include <set>
#include <unistd.h>

#include <fmt/format.h>

#include "llvm/ADT/STLExtras.h"

#include "base/clock.h"
#include "base/error.h"

namespace nemo::orchestrator {

namespace {

const proto::PartState *current(const proto::Fleet &fleet, const proto::Part &part) {
  for (const proto::PartState &state : fleet.parts())
    if (state.part().stack() == part.stack() && state.part().node() == part.node())
      return &state;
  return nullptr;
}

/// Who planned it and from which commit is no difference to a node.
std::string essence(proto::Part part) {
  part.clear_commit();
  part.clear_plan_digest();
  for (proto::Instance &instance : *part.mutable_instances())
    instance.clear_renamed_from(); // whoever has the new name already needs no renaming
  return part.SerializeAsString();
}

llvm::Error put_artifacts(backends::Backend &backend, const proto::Plan &plan) {
  std::set<std::string> needed;
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &instance : part.instances())
      if (!instance.retiring())
        for (const proto::Mount &mount : instance.spec().mounts())
          if (!mount.artifact().empty())
            needed.insert(mount.artifact());
  if (needed.empty())
    return llvm::Error::success();
  auto missing = backend.missing({needed.begin(), needed.end()});
  if (!missing)
    return missing.takeError();
  for (const std::string &digest : *missing) {
    bool found = false;
    for (const proto::Artifact &artifact : plan.intent().artifacts())
      if (artifact.digest() == digest) {
        found = true;
        if (llvm::Error error = backend.put(artifact))
          return error;
        break;
      }
    if (!found)
      return failure("the plan needs the files {} and does not carry them", digest);
  }
  return llvm::Error::success();
}

/// Something of it waits after a failure. What was at fault may be mended by now: a delivery, also
/// of the same, is a reason to try at once.
bool waits_to_try_again(const proto::Fleet &fleet, const proto::Part &part) {
  return llvm::any_of(fleet.running(), [&](const proto::Running &one) {
    return one.stack() == part.stack() && one.node() == part.node() && !one.retiring() &&
           (one.state() == proto::Running::FAILED || one.state() == proto::Running::BACKOFF);
  });
}

} // namespace

bool is_there(const proto::Part &part, const proto::Fleet &fleet) {
  const proto::PartState *there = current(fleet, part);
  return there != nullptr ? essence(there->part()) == essence(part) : part.instances().empty();
}

std::string holder() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  const passwd *user = ::getpwuid(::geteuid());
  return fmt::format("{}@{}, pid {}, {}",
                     user != nullptr ? std::string(user->pw_name) : fmt::format("{}", ::geteuid()),
                     host, ::getpid(), to_rfc3339(now(), 0));
}

llvm::Error deliver(backends::Backend &backend, const proto::Plan &plan, const proto::Fleet &fleet,
                    const DeliverOptions &options, Delivery &delivery) {
  if (llvm::Error error = put_artifacts(backend, plan))
    return error;
  std::vector<proto::DeliverCall> calls;
  for (const proto::Part &part : plan.parts()) {
    const proto::PartState *there = current(fleet, part);
    if (is_there(part, fleet) && !waits_to_try_again(fleet, part))
      continue;
    proto::DeliverCall &call = calls.emplace_back();
    *call.mutable_part() = part;
    call.mutable_part()->set_plan_digest(plan.digest()); // the digest covers the parts without it
    call.set_expected_generation(there != nullptr ? there->generation() : 0);
    call.set_take_over(options.take_over);
    call.set_holder(holder());
  }
  if (options.interrupted())
    return llvm::Error::success();
  return backend.deliver(calls, [&](const std::string &node, const proto::Delivered &delivered) {
    delivery.nodes.push_back(node);
    delivery.first_sequence =
        std::min(delivery.first_sequence.value_or(delivered.sequence()), delivered.sequence());
    options.on_delivered(node, delivered.generation());
    return !options.interrupted();
  });
}

} // namespace nemo::orchestrator
