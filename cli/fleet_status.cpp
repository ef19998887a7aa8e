// nemo fleet status, nodes and upgrade-check: the fleet that this machine holds, as it is.
#include "cli/fleet.h"

#include <memory>

#include <fmt/format.h>

#include "backends/fleet/broker/version.h"
#include "base/error.h"
#include "cli/units.h"
#include "compiler/explain/texts.h"
#include "compiler/plan/table.h"
#include "orchestrator/fleet.h"

namespace nemo::cli {

namespace {

using orchestrator::FleetState;
using orchestrator::LeadState;
using orchestrator::MemberState;
using plan::Tone;
using service::Home;

llvm::json::Array members_json(const FleetState &state) {
  llvm::json::Array list;
  for (const MemberState &member : state.members)
    list.push_back(llvm::json::Object{
        {"id", member.id.text()},
        {"role", trust::to_text(member.id.role)},
        {"name", member.id.name},
        {"expires", to_rfc3339(member.expires, 0)},
        {"connected", state.broker_fault.empty() ? llvm::json::Value(member.address.has_value())
                                                 : llvm::json::Value(nullptr)},
        {"address",
         member.address ? llvm::json::Value(*member.address) : llvm::json::Value(nullptr)},
        {"cordoned", member.cordon.has_value()},
        {"drained", member.cordon && member.cordon->drained()},
        {"cordon_reason",
         member.cordon ? llvm::json::Value(member.cordon->reason()) : llvm::json::Value(nullptr)},
        {"since",
         member.since.empty() ? llvm::json::Value(nullptr) : llvm::json::Value(member.since)}});
  return list;
}

llvm::json::Array leads_json(const FleetState &state) {
  llvm::json::Array list;
  for (const LeadState &one : state.leads)
    list.push_back(llvm::json::Object{
        {"lead", one.lead},
        {"leader", one.leader.empty() ? llvm::json::Value(nullptr) : llvm::json::Value(one.leader)},
        {"term", static_cast<int64_t>(one.term)},
        {"renewed", to_rfc3339(one.renewed)}});
  return list;
}

llvm::json::Array desired_json(const FleetState &state) {
  llvm::json::Array list;
  for (const backends::fleet::Validity &one : state.validities)
    list.push_back(llvm::json::Object{{"stack", one.stack},
                                      {"node", one.node},
                                      {"until", to_rfc3339(one.until, 0)},
                                      {"starts_new", !one.held && one.until > now()}});
  return list;
}

llvm::json::Value pid_json(pid_t pid) {
  return pid != 0 ? llvm::json::Value(pid) : llvm::json::Value(nullptr);
}

llvm::json::Value text_or_null(const std::string &text) {
  return text.empty() ? llvm::json::Value(nullptr) : llvm::json::Value(text);
}

int status(bool json, const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  auto state = orchestrator::look_at_fleet(*home);
  if (!state)
    return fleet_fault(session, state.takeError());
  const bool is_good =
      state->serving != 0 && state->broker_fault.empty() && state->audit_fault.empty();
  if (json) {
    print_line(session.out,
               llvm::json::Object{{"version", 1},
                                  {"fleet", home->fleet},
                                  {"broker", home->broker.text()},
                                  {"authority", home->authority.text()},
                                  {"directory", home->directory},
                                  {"serving_pid", pid_json(state->serving)},
                                  {"broker_pid", pid_json(state->broker)},
                                  {"broker_fault", text_or_null(state->broker_fault)},
                                  {"audit_lines", static_cast<int64_t>(state->audit_lines)},
                                  {"audit_fault", text_or_null(state->audit_fault)},
                                  {"leads", leads_json(*state)},
                                  {"desired", desired_json(*state)},
                                  {"members", members_json(*state)}});
    return is_good ? ok : fault;
  }
  auto process = [](pid_t pid) {
    return pid != 0 ? fmt::format("runs, pid {}", pid) : std::string("does not run");
  };
  const auto connected = llvm::count_if(
      state->members, [](const MemberState &member) { return member.address.has_value(); });
  session.out << fmt::format("fleet      {}\n"
                             "service    {}\n"
                             "broker     {}, {}\n"
                             "authority  {}\n"
                             "members    {}",
                             home->fleet, process(state->serving), home->broker.text(),
                             process(state->broker), home->authority.text(), state->members.size());
  if (state->broker_fault.empty())
    session.out << fmt::format(", {} connected", connected);
  for (const LeadState &one : state->leads)
    session.out << fmt::format("\nlead       {}: {}", one.lead,
                               one.leader.empty()
                                   ? std::string("nobody")
                                   : fmt::format("{}, term {}, renewed {}", one.leader, one.term,
                                                 to_rfc3339(one.renewed)));
  session.out << fmt::format("\naudit log  {}\nstate      {}\n",
                             state->audit_fault.empty()
                                 ? fmt::format("{} lines, as they were written", state->audit_lines)
                                 : state->audit_fault,
                             home->directory);
  if (state->broker != 0 && !state->broker_fault.empty())
    session.out << fmt::format("\nThe broker does not say who is connected: {}\n",
                               state->broker_fault);
  for (const std::string &note : backends::fleet::notes_of(state->validities, now()))
    session.out << '\n' << on_one_line(note) << '\n';
  if (state->serving == 0)
    session.out << "\n`nemo fleet start` starts what does not run.\n";
  return is_good ? ok : fault;
}

int nodes(bool json, const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  auto state = orchestrator::look_at_fleet(*home);
  if (!state)
    return fleet_fault(session, state.takeError());
  if (json) {
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"fleet", home->fleet},
                                               {"broker_fault", text_or_null(state->broker_fault)},
                                               {"members", members_json(*state)}});
    return ok;
  }
  plan::Table table;
  table.row({{"member", Tone::faint},
             {"role", Tone::faint},
             {"certificate until", Tone::faint},
             {"connected", Tone::faint},
             {"state", Tone::faint}});
  for (const MemberState &member : state->members)
    table.row({{member.id.name, Tone::strong},
               {trust::to_text(member.id.role).str()},
               {to_rfc3339(member.expires, 0)},
               {!state->broker_fault.empty() ? "?"
                : member.address             ? *member.address
                                             : "-"},
               {member.id.role != trust::Role::node ? ""
                : member.cordon                     ? explain::closed(*member.cordon)
                                                    : "open",
                member.cordon ? Tone::bad : Tone::plain}});
  table.print(session.out, session.style());
  if (!state->broker_fault.empty())
    session.out << fmt::format("\nThe broker does not say who is connected: {}\n",
                               state->broker_fault);
  return ok;
}

int upgrade_check(bool json, const Session &session) {
  auto server = broker::find_server();
  if (!server)
    return fleet_fault(session, server.takeError());
  const std::vector<std::string> faults = broker::known_faults(server->version);
  const bool syncs = broker::can_sync_always(server->version);
  const int code = faults.empty() && syncs ? ok : changes;
  if (json) {
    llvm::json::Array list;
    for (const std::string &one : faults)
      list.push_back(one);
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"program", server->program},
                                               {"nats_server", server->version.text()},
                                               {"faults", std::move(list)},
                                               {"can_sync_always", syncs}});
    return code;
  }
  session.out << fmt::format("{} is nats-server {}.\n", server->program, server->version.text());
  for (const std::string &one : faults)
    session.out << "  " << one << '\n';
  if (!syncs)
    session.out << "  it writes to the disk once a minute, and cannot be told to do so "
                   "before it\n  acknowledges; 2.10 and newer can\n";
  session.out << (code == ok
                      ? "Nothing to do.\n"
                      : "Install 2.12.6 or newer for production, then: nemo fleet stop, nemo "
                        "fleet start.\n");
  return code;
}

} // namespace

void add_fleet_looks(CLI::App &fleet, Session &session) {
  auto add = [&](const char *name, const char *text, int (*what)(bool, const Session &)) {
    auto json = std::make_shared<bool>(false);
    CLI::App *command = fleet_command(fleet, name, text, name);
    command->add_flag("--json", *json, "Print it as JSON");
    command->callback([what, json, &session] {
      session.run = [what, json, &session] { return what(*json, session); };
    });
  };
  add("status", "Say whether the fleet is served and whole; exits 1 when it is not", status);
  add("nodes", "List the members, and who is connected", nodes);
  add("upgrade-check", "Say what is wrong with this nats-server; exits 2 when it should go",
      upgrade_check);
}

} // namespace nemo::cli
