// nemo fleet cordon, uncordon and drain: nodes that take nothing new, and those that are emptied.
#include "cli/fleet.h"

#include <memory>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/carry_out.h"
#include "cli/progress.h"
#include "orchestrator/cordon.h"

namespace nemo::cli {

namespace {

using orchestrator::OnNode;
using orchestrator::StackOnNode;
using proto::CordonOrder;

struct Options {
  std::string node, reason;
  bool json = false;
};

struct Drain {
  std::string node, reason;
  std::vector<std::string> paths;
  bool dry_run = false;
  CarryOutOptions how;
};

std::string node_name(llvm::StringRef text) {
  text.consume_front("node.");
  return text.str();
}

llvm::json::Array names(const std::vector<std::string> &texts) {
  llvm::json::Array list;
  for (const std::string &text : texts)
    list.push_back(text);
  return list;
}

/// "stacks" is null where nobody knows, as the node is silent.
void add_json(llvm::json::Object &event, const OnNode &there) {
  llvm::json::Array list;
  for (const StackOnNode &one : there.stacks)
    list.push_back(llvm::json::Object{{"stack", one.stack},
                                      {"replicas", names(one.replicas)},
                                      {"protected", names(one.guarded)}});
  event["stacks"] = there.silent ? llvm::json::Value(nullptr) : llvm::json::Value(std::move(list));
  event["silent"] = there.silent;
  event["last_report"] = there.last_report ? llvm::json::Value(to_rfc3339(*there.last_report, 0))
                                           : llvm::json::Value(nullptr);
}

std::string of_silent(llvm::StringRef who, const OnNode &there) {
  return there.last_report
             ? fmt::format("{} is silent since {}, so what runs there is not known.", who.str(),
                           to_rfc3339(*there.last_report, 0))
             : fmt::format("{} is silent, and no word of it counts: what runs there is not known.",
                           who.str());
}

void list(const Session &session, const std::vector<StackOnNode> &stacks) {
  for (const StackOnNode &one : stacks)
    session.out << fmt::format("  stack {}: {}\n", one.stack, llvm::join(one.replicas, ", "));
}

/// Which replicas a drain leaves where they are, and how to let them go.
void list_guarded(const Session &session, const Drain &options, const StackOnNode &one) {
  if (one.guarded.empty())
    return;
  std::set<std::string> workloads;
  for (const std::string &replica : one.guarded)
    workloads.insert(llvm::StringRef(replica).split('/').first.str());
  std::string again = "nemo fleet drain " + options.node;
  for (const std::string &path : options.paths)
    again += " " + path;
  session.out << fmt::format("Protected, so it stays: {} of stack {}. To let it go:\n"
                             "  nemo unprotect {} --stack {} --backend fleet && {}\n",
                             llvm::join(one.guarded, ", "), one.stack, llvm::join(workloads, " "),
                             one.stack, again);
}

int say(const Options &options, CordonOrder::State state, const Session &session) {
  const std::string node = node_name(options.node);
  if (const auto faults = orchestrator::cordon_node(node, state, options.reason); !faults.empty())
    return session.report(faults);
  auto there = orchestrator::look_at_node(node);
  if (!there)
    return session.report(orchestrator::backend_diagnostics(there.takeError()));
  const bool closed = state != CordonOrder::OPEN;
  if (options.json) {
    llvm::json::Object event{{"version", 1},
                             {"node", node},
                             {"cordoned", closed},
                             {"drained", false},
                             {"reason", options.reason}};
    add_json(event, *there);
    print_line(session.out, std::move(event));
    return ok;
  }
  if (!closed) {
    session.out << fmt::format("Plans use {} again.\n", node);
    return ok;
  }
  session.out << fmt::format("{} takes nothing new. {}\n", node,
                             there->silent           ? of_silent("It", *there)
                             : there->stacks.empty() ? "Nothing runs there."
                                                     : "What runs there stays:");
  list(session, there->stacks);
  if (!there->stacks.empty())
    session.out << fmt::format("To move it away: nemo fleet drain {} INTENT...\n", node);
  return ok;
}

/// What is still there once all that was given has moved.
int tell_rest(const Drain &options, const std::string &node, const Session &session) {
  auto there = orchestrator::look_at_node(node);
  if (!there)
    return session.report(orchestrator::backend_diagnostics(there.takeError()));
  if (options.how.json) {
    llvm::json::Object event{{"event", "drained"}, {"node", node}};
    add_json(event, *there);
    Progress(session, Progress::Form::json).event(std::move(event));
    return ok;
  }
  session.out << fmt::format("{} is drained: plans put nothing there. {}\n", node,
                             there->silent           ? of_silent("It", *there)
                             : there->stacks.empty() ? "Nothing runs there any more."
                                                     : "Still there:");
  list(session, there->stacks);
  for (const StackOnNode &one : there->stacks)
    list_guarded(session, options, one);
  if (!there->stacks.empty())
    session.out << "What its data holds there stays. The rest moves with the next `nemo apply "
                   "--backend fleet`\nof its intent, and by itself where a controller looks after "
                   "it.\n";
  return ok;
}

orchestrator::PlanRequest without(const std::string &node, const std::string &reason,
                                  const std::string &path) {
  orchestrator::PlanRequest request;
  request.path = path;
  request.backend = "fleet";
  proto::Cordon &cordon = request.cordons[node];
  cordon.set_reason(reason);
  cordon.set_drained(true);
  return request;
}

int drain(Drain options, const Session &session) {
  const std::string node = node_name(options.node);
  options.how.command = "nemo fleet drain " + options.node;
  for (const std::string &path : options.paths)
    options.how.command += " " + path;
  if (const auto faults = orchestrator::check_node(node); !faults.empty())
    return refuse(session, options.how.json, faults);
  bool told = false;
  const auto tell = [&] {
    std::vector<Diagnostic> faults;
    if (!told)
      faults = orchestrator::cordon_node(node, CordonOrder::DRAINED, options.reason);
    told = true;
    return faults;
  };
  if (options.paths.empty() && !options.dry_run) {
    if (const int code = approve(session, fmt::format("Drain {}? [y/N] ", node), options.how);
        code != ok)
      return code;
    if (const auto faults = tell(); !faults.empty())
      return refuse(session, options.how.json, faults);
  }
  options.how.on_approved = tell;
  for (const std::string &path : options.paths) {
    orchestrator::Planned planned = orchestrator::make_plan(without(node, options.reason, path));
    if (has_errors(planned.diagnostics) || !planned.plan)
      return refuse(session, options.how.json, planned.diagnostics, planned.texts());
    if (options.dry_run && options.how.json) {
      plan::print_json(session.out, *planned.plan);
      continue;
    }
    if (!options.how.json)
      session.report(planned.diagnostics, planned.texts());
    if (options.dry_run) {
      plan::print(session.out, *planned.plan, session.style());
      for (const StackOnNode &one : orchestrator::stacks_on(planned.seen->fleet, node))
        if (one.stack == planned.plan->stack())
          list_guarded(session, options, one);
    } else if (const int code = carry_out(session, *planned.seen, *planned.plan, options.how);
               code != ok) {
      return code;
    }
  }
  if (!options.dry_run)
    return tell_rest(options, node, session);
  auto there = orchestrator::look_at_node(node);
  if (!there)
    return refuse(session, options.how.json, orchestrator::backend_diagnostics(there.takeError()));
  if (there->silent && !options.how.json)
    session.out << of_silent(node, *there) << '\n';
  return ok;
}

} // namespace

void add_fleet_cordon(CLI::App &fleet, Session &session) {
  auto add = [&](const char *name, const char *text, const char *example,
                 CordonOrder::State state) {
    auto options = std::make_shared<Options>();
    CLI::App *command = fleet_command(fleet, name, text, example);
    command->add_option("NODE", options->node, "Its name: node.gw1 or gw1")->required();
    if (state != CordonOrder::OPEN)
      command->add_option("--reason", options->reason, "Shown wherever the node is left out")
          ->type_name("TEXT");
    command->add_flag("--json", options->json, "Print it as JSON");
    command->callback([options, state, &session] {
      session.run = [options, state, &session] { return say(*options, state, session); };
    });
  };
  add("cordon", "Let nothing new onto a node; what runs there stays",
      "cordon gw1 --reason 'its disk fails'", CordonOrder::CORDONED);
  add("uncordon", "Let plans use a node again", "uncordon gw1", CordonOrder::OPEN);

  auto draining = std::make_shared<Drain>();
  CLI::App *command = fleet_command(
      fleet, "drain", "Let nothing new onto a node, and move away what runs there",
      "drain gw1 shop --dry-run\ndrain gw1 shop blog --reason 'a new disk on Monday' --yes");
  command->add_option("NODE", draining->node, "Its name: node.gw1 or gw1")->required();
  command->add_option("INTENT", draining->paths,
                      "Files or directories of what runs there, planned and applied one after the "
                      "other");
  command->add_option("--reason", draining->reason, "Shown wherever the node is left out")
      ->type_name("TEXT");
  command->add_flag("--dry-run", draining->dry_run, "Print the plans and do nothing");
  add_flags(*command, draining->how);
  command->callback([draining, &session] {
    session.run = [draining, &session] { return drain(*draining, session); };
  });
}

} // namespace nemo::cli
