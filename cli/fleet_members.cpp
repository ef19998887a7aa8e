// nemo fleet invite, join, renew and remove: how members come, stay and go.
#include "cli/fleet.h"

#include <csignal>
#include <cstdlib>
#include <memory>
#include <unistd.h>

#include <fmt/format.h>

#include "llvm/ADT/StringExtras.h"

#include "base/error.h"
#include "base/files.h"
#include "cli/units.h"
#include "orchestrator/fleet_members.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/own_agent.h"
#include "protocol/membership/address.h"

namespace nemo::cli {

namespace {

using service::Home;
using trust::Role;

const std::set<std::string> roles = {"node", "operator", "viewer", "controller"};

Role role_of(const std::string &text) {
  for (const Role role : {Role::node, Role::operator_, Role::viewer, Role::controller})
    if (trust::to_text(role) == text)
      return role;
  llvm_unreachable("the command line takes no other");
}

/// Of a node, said where it is invited or where it joins.
struct NodeOptions {
  std::string site, node_class, address;
  bool no_agent = false;

  std::string text() const {
    std::string out;
    if (!site.empty())
      out += " --site " + site;
    if (!node_class.empty())
      out += " --class " + node_class;
    if (!address.empty())
      out += " --address " + address;
    if (no_agent)
      out += " --no-agent";
    return out;
  }
};

std::string check_name(const std::string &text) {
  return trust::is_member_name(text) ? ""
                                     : "a name is 1 to 63 of a-z, 0-9 and '-', and begins and ends "
                                       "with a letter or digit";
}

std::string check_host(const std::string &text) {
  auto address = membership::parse_address(text, 1);
  return address ? "" : llvm::toString(address.takeError());
}

void add_node_options(CLI::App &command, NodeOptions &options) {
  command.add_option("--site", options.site, "Of a node: the site it is at")
      ->type_name("NAME")
      ->check(CLI::Validator(check_name, ""));
  command.add_option("--class", options.node_class, "Of a node: its class, such as edge or cloud")
      ->type_name("NAME")
      ->check(CLI::Validator(check_name, ""));
  command
      .add_option("--address", options.address,
                  "Of a node: the host at which others reach it; else that of its connection")
      ->type_name("HOST")
      ->check(CLI::Validator(check_host, ""));
  command.add_flag("--no-agent", options.no_agent,
                   "Of a node: leave starting its agent to somebody else");
}

struct Invite {
  std::string name, role = "node", lifetime = "1h";
  NodeOptions node;
  bool json = false;
};

int invite(const Invite &options, const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  auto member = orchestrator::member_id(*home, role_of(options.role), options.name);
  if (!member)
    return fleet_fault(session, member.takeError());
  auto invitation = orchestrator::invite(
      *home, *member, std::chrono::floor<std::chrono::seconds>(*parse_duration(options.lifetime)));
  if (!invitation)
    return fleet_fault(session, invitation.takeError());
  if (options.json) {
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"member", member->text()},
                                               {"authority", home->authority.text()},
                                               {"token", invitation->token.bytes()},
                                               {"expires", to_rfc3339(invitation->expires, 0)}});
    return ok;
  }
  session.err << fmt::format("Run this on the machine that becomes {}, once, before {}:\n\n",
                             member->text(), to_rfc3339(invitation->expires, 0));
  session.out << orchestrator::join_command(*home, *invitation, options.node.text());
  return ok;
}

struct Join {
  std::string address, token_file;
  NodeOptions node;
  bool json = false;
};

/// From --token-file, $NEMO_JOIN_TOKEN or standard input: never an argument, which every user of a
/// machine can read in its list of processes.
llvm::Expected<std::string> read_token(const Join &options, const Session &session) {
  constexpr size_t most = 4 << 10;
  if (!options.token_file.empty()) {
    auto text = read_file(options.token_file, most, Input::stream);
    if (!text)
      return failure("{}: {}", options.token_file, llvm::toString(text.takeError()));
    return text;
  }
  if (const char *token = std::getenv("NEMO_JOIN_TOKEN"); token && *token)
    return std::string(token);
  if (::isatty(STDIN_FILENO)) {
    session.err << "Paste the token, then press Ctrl-D on a line of its own:\n";
    session.err.flush();
  }
  return read_descriptor(STDIN_FILENO, most);
}

int tell(const membership::Member &member, bool json, const char *what, const Session &session) {
  auto svid = member.svid(now());
  if (!svid)
    return fleet_fault(session, svid.takeError());
  if (json) {
    llvm::json::Array brokers;
    for (const std::string &broker : member.places().brokers)
      brokers.push_back(broker);
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"member", member.id().text()},
                                               {"directory", member.directory()},
                                               {"brokers", std::move(brokers)},
                                               {"expires", to_rfc3339(svid->not_after, 0)}});
    return ok;
  }
  session.out << fmt::format("{} {}.\n  certificate  until {}\n  identity     {}\n", what,
                             member.id().text(), to_rfc3339(svid->not_after, 0),
                             member.directory());
  return ok;
}

/// An agent that runs is in no fleet: another takes over from it, and what it runs stays.
int take_part(const Session &session) {
  auto ran = orchestrator::stop_agent();
  if (!ran)
    return session.report(orchestrator::backend_diagnostics(ran.takeError()));
  auto socket = orchestrator::start_agent();
  if (!socket)
    return session.report(orchestrator::backend_diagnostics(socket.takeError()));
  session.err << "Its agent " << (*ran ? "was started anew" : "runs") << " and takes part.\n";
  return ok;
}

int join(const Join &options, const Session &session) {
  std::signal(SIGPIPE, SIG_IGN);
  auto token = read_token(options, session);
  if (!token)
    return fleet_fault(session, token.takeError());
  membership::NodeSettings settings;
  settings.site = options.node.site;
  settings.node_class = options.node.node_class;
  settings.address = options.node.address;
  auto member = orchestrator::join_fleet(options.address, *token, settings);
  if (!member)
    return fleet_fault(session, member.takeError());
  if (const int code = tell(*member, options.json, "This machine is", session); code != ok)
    return code;
  return member->id().role == Role::node && !options.node.no_agent ? take_part(session) : ok;
}

struct Delegate {
  std::string name, lifetime = "30d";
  std::vector<std::string> tenants;
  bool json = false;
};

int delegate(const Delegate &options, const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  auto controller = orchestrator::member_id(*home, Role::controller, options.name);
  if (!controller)
    return fleet_fault(session, controller.takeError());
  auto until = orchestrator::delegate(
      *home, *controller, options.tenants,
      std::chrono::floor<std::chrono::seconds>(*parse_duration(options.lifetime)));
  if (!until)
    return fleet_fault(session, until.takeError());
  if (options.json) {
    llvm::json::Array tenants;
    for (const std::string &tenant : options.tenants)
      tenants.push_back(tenant);
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"controller", controller->text()},
                                               {"all_tenants", options.tenants.empty()},
                                               {"tenants", std::move(tenants)},
                                               {"expires", to_rfc3339(*until, 0)}});
  } else {
    session.out << fmt::format("{} decides for {} until {}.\n", controller->text(),
                               options.tenants.empty() ? "everybody"
                                                       : llvm::join(options.tenants, ", "),
                               to_rfc3339(*until, 0));
  }
  return ok;
}

struct Renew {
  std::string role = "node";
  bool json = false;
};

int renew(const Renew &options, const Session &session) {
  std::signal(SIGPIPE, SIG_IGN);
  auto member = orchestrator::renew_member(role_of(options.role));
  if (!member)
    return fleet_fault(session, member.takeError());
  return tell(*member, options.json, "There is a new certificate for", session);
}

struct Remove {
  std::string name, role = "node", why;
  bool json = false;
};

int remove(const Remove &options, const Session &session) {
  auto home = Home::load();
  if (!home)
    return fleet_fault(session, home.takeError());
  auto member = orchestrator::member_id(*home, role_of(options.role), options.name);
  if (!member)
    return fleet_fault(session, member.takeError());
  auto closed = orchestrator::remove_member(*home, *member, options.why);
  if (!closed)
    return fleet_fault(session, closed.takeError());
  if (options.json)
    print_line(session.out, llvm::json::Object{{"version", 1},
                                               {"member", member->text()},
                                               {"sessions_closed", *closed}});
  else
    session.out << fmt::format("{} is revoked; {} of its sessions {} closed.\n", member->text(),
                               *closed, *closed == 1 ? "was" : "were");
  return ok;
}

void add_role(CLI::App &command, std::string &role) {
  command.add_option("--role", role, "What it is in the fleet")
      ->check(CLI::IsMember(roles))
      ->capture_default_str();
}

} // namespace

void add_fleet_members(CLI::App &fleet, Session &session) {
  auto inviting = std::make_shared<Invite>();
  CLI::App *command =
      fleet_command(fleet, "invite", "Print the command that lets one machine or person in, once",
                    "invite gw1 --site athens\ninvite anna --role viewer --lifetime 10min");
  command->add_option("MEMBER", inviting->name, "Its name in the fleet")->required();
  add_role(*command, inviting->role);
  command->add_option("--lifetime", inviting->lifetime, "How long the invitation holds")
      ->type_name("TIME")
      ->check(CLI::Validator(check_duration, ""))
      ->capture_default_str();
  add_node_options(*command, inviting->node);
  command->add_flag("--json", inviting->json, "Print it as JSON");
  command->callback([inviting, &session] {
    session.run = [inviting, &session] { return invite(*inviting, session); };
  });

  auto joining = std::make_shared<Join>();
  command = fleet_command(fleet, "join", "Make this machine a member, with a token",
                          "join 10.0.0.1:7423 --token-file /run/token");
  command->add_option("AUTHORITY", joining->address, "HOST:PORT that the invitation names")
      ->required();
  command
      ->add_option("--token-file", joining->token_file,
                   "Read the token from there; else from NEMO_JOIN_TOKEN, else from standard input")
      ->type_name("FILE");
  add_node_options(*command, joining->node);
  command->add_flag("--json", joining->json, "Print it as JSON");
  command->callback([joining, &session] {
    session.run = [joining, &session] { return join(*joining, session); };
  });

  auto renewing = std::make_shared<Renew>();
  command =
      fleet_command(fleet, "renew", "Get a new certificate for this machine's member", "renew");
  add_role(*command, renewing->role);
  command->add_flag("--json", renewing->json, "Print it as JSON");
  command->callback([renewing, &session] {
    session.run = [renewing, &session] { return renew(*renewing, session); };
  });

  auto delegating = std::make_shared<Delegate>();
  command = fleet_command(fleet, "delegate",
                          "Let a controller decide, until then; what it was delegated before ends",
                          "delegate c1\ndelegate c1 --tenant blue --lifetime 7d");
  command->add_option("CONTROLLER", delegating->name, "Its name in the fleet")->required();
  command->add_option("--tenant", delegating->tenants, "Only for this tenant, or these")
      ->type_name("NAME");
  command->add_option("--lifetime", delegating->lifetime, "How long it may decide")
      ->type_name("TIME")
      ->check(CLI::Validator(check_duration, ""))
      ->capture_default_str();
  command->add_flag("--json", delegating->json, "Print it as JSON");
  command->callback([delegating, &session] {
    session.run = [delegating, &session] { return delegate(*delegating, session); };
  });

  auto removing = std::make_shared<Remove>();
  command = fleet_command(fleet, "remove", "Revoke a member and close its sessions",
                          "remove gw1 --why 'it was stolen'");
  command->add_option("MEMBER", removing->name, "Its name in the fleet")->required();
  add_role(*command, removing->role);
  command->add_option("--why", removing->why, "For the audit log")->type_name("TEXT");
  command->add_flag("--json", removing->json, "Print it as JSON");
  command->callback([removing, &session] {
    session.run = [removing, &session] { return remove(*removing, session); };
  });
}

} // namespace nemo::cli
