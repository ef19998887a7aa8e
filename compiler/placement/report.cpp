// Conflicts in the author's words.
#include "compiler/placement/report.h"

#include <fmt/format.h>

#include "compiler/policy/explain.h"
#include "compiler/resolve/report.h"

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

// "together that is 12core; all nodes have 8core free", for what is short.
void add_shortage(const Problem &problem, const Infeasible &conflict, Diagnostic &fault) {
  auto text = [](size_t resource, __int128 amount) -> std::string {
    if (amount > INT64_MAX)
      return "more than 2^63";
    const uint64_t value = static_cast<uint64_t>(amount);
    const std::string number =
        Rational::make(static_cast<Rational::Int>(value), 1000).value_or(Rational()).to_string();
    return resource == 0   ? number + "core"
           : resource == 1 ? compiler::bytes_text(value) + " of memory"
           : resource == 2 ? compiler::bytes_text(value) + " of disk"
           : resource == 3 ? number + " gpu"
                           : std::to_string(value) + " pids";
  };
  for (size_t resource = 0; resource < resource_count; ++resource) {
    __int128 asked = 0, there = 0;
    for (uint32_t need : conflict.needs)
      asked +=
          static_cast<__int128>(problem.needs[need].demand[resource]) * problem.needs[need].count;
    for (int64_t room : problem.room[resource])
      there += std::max<int64_t>(room, 0);
    if (asked > there && there < most_room)
      fault.notes.push_back(note(fmt::format("together that is {}; all nodes have {} free",
                                             text(resource, asked), text(resource, there))));
  }
}

} // namespace

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
  for (const Infeasible::Member &member : conflict.members) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(member.need));
    NodeBits excluded = member.excluded;
    if (member.restriction.kind() == stages::Restriction::RESOURCES)
      for (size_t resource = 0; resource < resource_count; ++resource)
        for (size_t node = 0; node < problem.nodes; ++node)
          if (int64_t demand = problem.needs[member.need].demand[resource];
              demand > 0 && demand > problem.room[resource][node])
            excluded.set(node);
    for (Note &line :
         compiler::exclusion_notes(intent, nodes, member.restriction, workload, excluded))
      fault.notes.push_back(std::move(line));
  }
  if (!one || first.replicas_min() > 1)
    add_shortage(problem, conflict, fault);
  fault.fix = "change one of these rules, or add a node that satisfies all of them";
  return fault;
}

Diagnostic tell(const proto::Intent &intent, const Problem &problem, const NotFound &failure) {
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

std::vector<Diagnostic> quotas(const proto::Intent &intent) {
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
  std::vector<Diagnostic> out;
  for (const proto::Tenant &tenant : intent.tenants())
    for (const Field &field : fields) {
      const uint64_t quota = (tenant.quota().*field.get)();
      if (quota == 0)
        continue;
      unsigned __int128 used = 0;
      for (const proto::Workload &workload : intent.workloads())
        if (workload.tenant() == tenant.name())
          used += static_cast<unsigned __int128>((workload.resources().*field.get)()) *
                  workload.replicas_min();
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
      for (const proto::Workload &workload : intent.workloads())
        if (workload.tenant() == tenant.name() && (workload.resources().*field.get)() > 0 &&
            fault.notes.size() < 6)
          fault.notes.push_back(note(fmt::format("workload {}: {} of {} each", workload.name(),
                                                 counted(workload.replicas_min(), "replica"),
                                                 field.text((workload.resources().*field.get)())),
                                     intent, workload.span()));
      fault.fix = "raise the quota, or ask for less";
      out.push_back(std::move(fault));
    }
  return out;
}

} // namespace nemo::placement
