// Conflicts in the author's words.
#include "compiler/placement/report.h"

#include <map>

#include <fmt/format.h>

#include "compiler/placement/devices.h"
#include "compiler/policy/explain.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/volumes.h"

namespace nemo::placement {

using compiler::counted;
using compiler::note;

namespace {

std::string names_of(const proto::Intent &intent, const std::vector<uint32_t> &needs) {
  std::vector<std::string> names;
  for (uint32_t need : needs)
    names.push_back(intent.workloads(static_cast<int>(need)).name());
  return compiler::enumerate(names);
}

// What an amount is of.
std::string words_of(const Problem &problem, size_t resource) {
  static constexpr const char *words[] = {"", " of memory", " of disk", " gpu", " pids"};
  return is_named(problem, resource) ? " " + problem.device_names[resource - first_named(problem)]
                                     : words[kind_of(problem, resource)];
}

// Without the word for what it is of: "12core", "16GiB".
std::string amount_text(const Problem &problem, size_t resource, __int128 amount) {
  if (amount > INT64_MAX)
    return "more than 2^63";
  const uint64_t value = static_cast<uint64_t>(amount);
  const size_t kind = kind_of(problem, resource);
  if (kind == 1 || kind == 2)
    return compiler::bytes_text(value);
  if (kind > 3)
    return std::to_string(value);
  return Rational::make(static_cast<Rational::Int>(value), 1000).value_or(Rational()).to_string() +
         (kind == 0 ? "core" : "");
}

} // namespace

std::string when(const Problem &problem, size_t resource) {
  if (overcommits(problem, resource) && resource != 0)
    return " (as over-commitment counts)";
  if (problem.parts.size() < 2 || kind_of(problem, resource) > 1)
    return "";
  const compiler::PartOfDay &part = problem.parts[part_of(resource)];
  return fmt::format(" from {}:00 to {}:00 UTC", part.from, part.to % 24);
}

namespace {

// "together that is 12core; all nodes have 8core free", for what is short.
void add_shortage(const Problem &problem, const Infeasible &conflict, Diagnostic &fault) {
  for (size_t resource = 0; resource < problem.room.size(); ++resource) {
    __int128 asked = 0, there = 0;
    for (uint32_t need : conflict.needs)
      asked +=
          static_cast<__int128>(problem.needs[need].demand[resource]) * problem.needs[need].count;
    for (int64_t room : problem.room[resource])
      there += std::max<int64_t>(room, 0);
    if (asked > there && there < most_room)
      fault.notes.push_back(note(
          fmt::format("together that is {0}{2}{3}; all nodes have {1}{2} free",
                      amount_text(problem, resource, asked), amount_text(problem, resource, there),
                      words_of(problem, resource), when(problem, resource))));
  }
}

// "1 more replica in zone FR and 2 more replicas in zone GR".
std::string more_in(const std::vector<compiler::NodeView> &nodes, const std::string &spread,
                    const std::vector<NodeId> &beside) {
  std::map<std::string, size_t> count;
  for (NodeId id : beside) {
    const compiler::NodeView &node = nodes[index(id)];
    ++count[!node.site || spread == "node" ? node.node->name()
            : spread == "site"             ? node.site->name()
            : spread == "zone"             ? node.site->zone()
                                           : node.site->region()];
  }
  std::vector<std::string> parts;
  for (const auto &[domain, number] : count)
    parts.push_back(fmt::format("{} in {} {}", counted(number, "more replica"), spread, domain));
  return compiler::enumerate(parts);
}

} // namespace

std::string amount(const Problem &problem, size_t resource, int64_t value) {
  return amount_text(problem, resource, value) + words_of(problem, resource);
}

Diagnostic tell(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
                const Problem &problem, const Infeasible &conflict) {
  const proto::Workload &first = intent.workloads(static_cast<int>(conflict.needs.front()));
  if (problem.nodes == 0) {
    Diagnostic empty =
        compiler::report(diag::N0510, fmt::format("there is no node for workload {}", first.name()),
                         intent, first.span());
    empty.fix = "start an agent, or give a fleet with nodes: --fleet FILE";
    return empty;
  }
  const bool one = conflict.needs.size() == 1;
  std::string who = one ? fmt::format("workload {}", first.name())
                        : fmt::format("workloads {}", names_of(intent, conflict.needs));
  Diagnostic fault = compiler::report(
      conflict.irreducible ? diag::N0501 : diag::N0503,
      fmt::format("no placement exists for {}: {}", who,
                  conflict.members.size() == 1
                      ? std::string("one rule leaves no node")
                      : counted(conflict.members.size(), "rule") + " cannot hold together"),
      intent, first.span());
  constexpr size_t most_told = 12;
  for (const Infeasible::Member &member : conflict.members) {
    if (&member - conflict.members.data() == most_told && conflict.members.size() > most_told + 1) {
      fault.notes.push_back(
          note(fmt::format("and {}", counted(conflict.members.size() - most_told, "more rule"))));
      break;
    }
    const proto::Workload &workload = intent.workloads(static_cast<int>(member.need));
    NodeBits excluded = member.excluded;
    const bool named = member.restriction.kind() == stages::Restriction::NAMED_DEVICE;
    if (named || member.restriction.kind() == stages::Restriction::RESOURCES)
      for (size_t resource = 0; resource < problem.room.size(); ++resource)
        for (size_t node = 0; node < problem.nodes; ++node)
          if (int64_t demand = problem.needs[member.need].demand[resource];
              is_named(problem, resource) == named && demand > 0 &&
              demand > problem.room[resource][node])
            excluded.set(node);
    for (size_t node = 0; node < problem.peak_room.size(); ++node)
      if (member.restriction.kind() == stages::Restriction::RESOURCES &&
          problem.needs[member.need].demand[0] > problem.peak_room[node])
        excluded.set(node);
    const optimiser::DeviceDemand &devices = problem.needs[member.need].devices;
    if (member.restriction.kind() == stages::Restriction::RESOURCES && devices.count > 0)
      for (size_t node = 0; node < problem.nodes; ++node)
        if (!devices_alone(problem, devices, node))
          excluded.set(node);
    for (Note &line :
         compiler::exclusion_notes(intent, nodes, member.restriction, workload, excluded))
      fault.notes.push_back(std::move(line));
  }
  if (!one || first.replicas_min() > 1)
    add_shortage(problem, conflict, fault);
  if (!problem.peak_room.empty())
    fault.notes.push_back(note("with `overcommit`, processor counts by a bound that is never below "
                               "the risk and may be above it"));
  fault.fix = "change one of these rules, or add a node that satisfies all of them";
  return fault;
}

std::vector<Note> tell(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
                       const Problem &problem, const Relaxations &found, bool in_euro) {
  constexpr size_t most = 6;
  std::vector<Note> notes;
  for (const Relaxation &change : found.list) {
    if (notes.size() == most)
      break;
    const proto::Workload &workload = intent.workloads(static_cast<int>(change.need));
    const compiler::Described rule = compiler::describe(intent, change.restriction);
    std::string text;
    proto::Span span = rule.span;
    switch (change.kind) {
    case Relaxation::Kind::without:
      text = "without " + rule.text;
      break;
    case Relaxation::Kind::less:
      text = fmt::format(
          "with at most {} instead of {}{} for {}workload {}",
          amount_text(problem, change.resource, change.amount),
          amount_text(problem, change.resource, problem.needs[change.need].demand[change.resource]),
          words_of(problem, change.resource) + when(problem, change.resource),
          problem.needs[change.need].count > 1 ? "each replica of " : "", workload.name());
      break;
    case Relaxation::Kind::fewer:
      text = fmt::format("with {} of workload {} instead of {}",
                         counted(static_cast<size_t>(change.amount), "replica"), workload.name(),
                         problem.needs[change.need].count);
      span =
          compiler::is_known(workload.replicas_span()) ? workload.replicas_span() : workload.span();
      break;
    case Relaxation::Kind::beside:
      if (const Need &need = problem.needs[change.need]; need.repeats > 0) {
        text = fmt::format("with min-domains = {} of workload {} instead of {}",
                           least_domains(need) - static_cast<uint32_t>(change.amount),
                           workload.name(), least_domains(need));
        break;
      }
      text = fmt::format("if workload {} may have {}", workload.name(),
                         more_in(nodes, workload.place().spread(), change.beside));
    }
    text.insert(0, "would fit ");
    if (!change.everybody)
      text += "; then something else still does not";
    else if (in_euro && change.cost)
      text +=
          fmt::format("; everything then costs {} EUR/h",
                      Rational::make(*change.cost, 1'000'000'000).value_or(Rational()).to_human());
    notes.push_back(note(std::move(text), intent, span));
  }
  if (!found.complete)
    notes.push_back(
        note("what else would make it fit was not sought: the search for it ended at its "
             "limit"));
  return notes;
}

Diagnostic tell(const proto::Intent &intent, const Problem &problem, const NotFound &failure) {
  if (failure.bond) {
    const compiler::Described rule = compiler::describe(intent, failure.bond->restriction);
    Diagnostic fault = compiler::report(
        diag::N0502, "no placement was found that keeps " + rule.text, intent, rule.span);
    fault.notes.push_back(note("that none exists was not proved: the search ended at its limit"));
    fault.fix = "look longer with --effort, or loosen the rules of these workloads";
    return fault;
  }
  const proto::Workload &workload =
      intent.workloads(static_cast<int>(problem.replicas[index(failure.stuck)].need));
  Diagnostic fault =
      compiler::report(diag::N0502,
                       fmt::format("no placement was found; workload {} was the first without room",
                                   workload.name()),
                       intent, workload.span());
  fault.notes.push_back(note("that none exists was not proved: the search ended at its limit"));
  fault.fix = "give the workloads more room, fewer rules, or fewer replicas";
  return fault;
}

Diagnostic tell(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
                const Problem &problem, const NotSurvived &failure, llvm::StringRef what) {
  const Replica &replica = problem.replicas[index(failure.stranded)];
  const proto::Workload &workload = intent.workloads(static_cast<int>(replica.need));
  std::string lost;
  const auto &sites = problem.domain[static_cast<size_t>(Spread::site)];
  for (size_t node = nodes.size(); node-- > 0;)
    if (failure.loss.site ? sites[node] == failure.loss.at : node == failure.loss.at)
      lost = failure.loss.site ? "site " + nodes[node].node->site()
                               : "node " + nodes[node].node->name();
  Diagnostic fault = compiler::report(
      diag::N0521,
      fmt::format("{} the loss of {}: a replica of workload {} finds no room elsewhere", what.str(),
                  lost, workload.name()),
      intent, workload.survive_span());
  std::vector<std::string> names;
  failure.allowed.for_each([&](size_t node) { names.push_back(nodes[node].node->name()); });
  fault.notes.push_back(
      note(names.empty() ? "its rules allow no other node with room for it"
                         : fmt::format("it could be on {}, but not beside all that stays there",
                                       compiler::enumerate(names))));
  fault.notes.push_back(note(
      fmt::format("it asks for {}",
                  compiler::amounts(compiler::reserved(workload.resources(), workload.mounts())))));
  fault.fix = "add a node, ask for less, or take `survive` away";
  return fault;
}

std::vector<Diagnostic> quotas(const proto::Intent &intent, const stages::Resolved &resolved) {
  const std::vector<uint32_t> finished = compiler::finished_replicas(intent, resolved);
  struct Field {
    const char *name, *unit; ///< unit null: bytes, else thousandths of it
    uint64_t (proto::Resources::*get)() const;
    std::string text(uint64_t value) const {
      return unit ? Rational::make(static_cast<Rational::Int>(value), 1000)
                            .value_or(Rational())
                            .to_string() +
                        unit
                  : compiler::bytes_text(value);
    }
  };
  constexpr Field fields[] = {
      {"cpu", "core", &proto::Resources::cpu_millicores},
      {"memory", nullptr, &proto::Resources::memory_bytes},
      {"disk", nullptr, &proto::Resources::disk_bytes},
      {"gpu", "", &proto::Resources::gpu_milli},
  };
  const auto each = [](const proto::Workload &workload, compiler::PartOfDay part = {}) {
    return compiler::reserved(compiler::largest(workload.resources(), part), workload.mounts());
  };
  const std::vector<compiler::PartOfDay> parts = compiler::parts_of_day(intent);
  std::vector<Diagnostic> out;
  for (const proto::Tenant &tenant : intent.tenants())
    for (const Field &field : fields) {
      const uint64_t quota = (tenant.quota().*field.get)();
      if (quota == 0)
        continue;
      unsigned __int128 used = 0;
      for (const compiler::PartOfDay &part : parts) {
        unsigned __int128 then = 0;
        for (int w = 0; w < intent.workloads_size(); ++w)
          if (const proto::Workload &workload = intent.workloads(w);
              workload.tenant() == tenant.name())
            then += static_cast<unsigned __int128>((each(workload, part).*field.get)()) *
                    (workload.replicas_min() - finished[static_cast<size_t>(w)]);
        used = std::max(used, then);
      }
      if (used <= quota)
        continue;
      Diagnostic fault = compiler::report(
          diag::N0507,
          fmt::format("tenant {} asks for more {} than its quota", tenant.name(), field.name),
          intent,
          compiler::is_known(tenant.quota().span()) ? tenant.quota().span() : tenant.span());
      fault.notes.push_back(
          note(fmt::format("quota: {}; its workloads reserve {}", field.text(quota),
                           used > UINT64_MAX ? std::string("more than 2^64")
                                             : field.text(static_cast<uint64_t>(used)))));
      for (int w = 0; w < intent.workloads_size() && fault.notes.size() < 6; ++w) {
        const proto::Workload &workload = intent.workloads(w);
        const uint32_t count = workload.replicas_min() - finished[static_cast<size_t>(w)];
        if (workload.tenant() == tenant.name() && (each(workload).*field.get)() > 0 && count > 0)
          fault.notes.push_back(note(fmt::format("workload {}: {} of {} each", workload.name(),
                                                 counted(count, "replica"),
                                                 field.text((each(workload).*field.get)())),
                                     intent, workload.span()));
      }
      fault.fix = "raise the quota, or ask for less";
      out.push_back(std::move(fault));
    }
  return out;
}

} // namespace nemo::placement
