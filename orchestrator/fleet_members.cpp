#include "orchestrator/fleet_members.h"

#include <filesystem>

#include "llvm/ADT/StringExtras.h"

#include "backends/fleet/authority/authority.h"
#include "backends/fleet/broker/process.h"
#include "backends/fleet/service/members.h"
#include "base/error.h"
#include "orchestrator/lead/control.h"
#include "protocol/link/subjects.h"
#include "protocol/membership/exchange.h"

namespace nemo::orchestrator {

using namespace std::chrono_literals;
using membership::Member;
using service::Home;

namespace {

constexpr auto exchange_limit = 20s;

int sessions_of(const Home &home, const trust::SpiffeId &member) {
  auto sessions = service::sessions(home);
  if (!sessions) {
    llvm::consumeError(sessions.takeError());
    return 0;
  }
  return static_cast<int>(llvm::count_if(
      *sessions, [&](const service::Session &one) { return one.user == member.text(); }));
}

} // namespace

llvm::Expected<trust::SpiffeId> member_id(const Home &home, trust::Role role,
                                          const std::string &name) {
  if (!trust::is_member_name(name))
    return failure("{} is no member's name: it is 1 to 63 of a-z, 0-9 and '-', and neither begins "
                   "nor ends with '-'",
                   trust::shown(name));
  return trust::SpiffeId{home.fleet, role, name};
}

llvm::Expected<Invitation> invite(const Home &home, const trust::SpiffeId &member,
                                  std::chrono::seconds lifetime) {
  auto authority = authority::Authority::open(home.authority_directory());
  if (!authority)
    return authority.takeError();
  const UnixNanos at = now();
  auto token = (*authority)->invite(member, lifetime, service::who(), at);
  if (!token)
    return token.takeError();
  return Invitation{std::move(*token), at + lifetime};
}

std::string join_command(const Home &home, const Invitation &invitation,
                         const std::string &options) {
  return fmt::format("nemo fleet join {}{} <<'END'\n{}\nEND\n", home.authority.text(), options,
                     invitation.token.bytes().str());
}

llvm::Expected<Member> join_fleet(const std::string &address, llvm::StringRef text,
                                  membership::NodeSettings settings) {
  auto authority = membership::parse_address(address, membership::authority_port);
  if (!authority)
    return authority.takeError();
  auto token = trust::parse_token(text.trim());
  if (!token)
    return token.takeError();
  if (token->expires <= now())
    return failure("this token was good until {}: ask for a new one",
                   to_rfc3339(token->expires, 0));
  if (token->member.role == trust::Role::broker)
    return failure("a broker's certificate is made on the machine that holds the fleet");
  auto directory = service::member_place(token->member.role);
  if (!directory)
    return directory.takeError();
  std::error_code ignored;
  if (std::filesystem::exists(*directory, ignored)) // before the token is used up
    return failure("{} is there already: this machine is a member of a fleet. Move that directory "
                   "away to join another",
                   *directory);
  auto key = trust::SigningKey::generate();
  if (!key)
    return key.takeError();
  auto answer = membership::join(*authority, *token, *key, exchange_limit);
  if (!answer)
    return failure("{} does not let this machine in: {}", authority->text(),
                   llvm::toString(answer.takeError()));
  if (settings.address.empty() && token->member.role == trust::Role::node)
    settings.address = answer->own_host;
  if (auto error = Member::create(*directory, token->member, *key, answer->credentials,
                                  answer->places, settings))
    return error;
  return Member::load(*directory);
}

llvm::Expected<Member> renew_member(trust::Role role) {
  auto directory = service::member_place(role);
  if (!directory)
    return directory.takeError();
  auto member = Member::load(*directory);
  if (!member)
    return member;
  auto answer = membership::renew(*member, exchange_limit);
  if (!answer)
    return failure("{} does not renew the certificate of {}: {}", member->places().authority,
                   member->id().text(), llvm::toString(answer.takeError()));
  if (auto error = member->replace(std::move(answer->credentials), std::move(answer->places)))
    return error;
  return member;
}

llvm::Expected<UnixNanos> delegate(const Home &home, const trust::SpiffeId &controller,
                                   const std::vector<std::string> &tenants,
                                   std::chrono::seconds lifetime) {
  auto authority = authority::Authority::open(home.authority_directory());
  if (!authority)
    return authority.takeError();
  const UnixNanos at = now();
  auto certified = (*authority)->certified(at);
  if (!certified)
    return certified.takeError();
  const authority::Authority::Certified *newest = nullptr;
  for (const auto &one : *certified)
    if (one.id == controller && (newest == nullptr || newest->expires < one.expires))
      newest = &one;
  if (newest == nullptr)
    return failure("{} is no member of the fleet {}: `nemo fleet invite {} --role controller`",
                   controller.text(), home.fleet, controller.name);
  auto own = Member::load(home.operator_directory());
  if (!own)
    return own.takeError();
  proto::Statement statement;
  statement.set_generation(static_cast<uint64_t>(trust::to_unix_ms(at)));
  statement.set_issued_unix_ms(trust::to_unix_ms(at));
  statement.set_expires_unix_ms(trust::to_unix_ms(at + lifetime));
  proto::Delegation &body = *statement.mutable_delegation();
  body.set_controller(controller.text());
  body.set_key_id(newest->key_id);
  body.set_all_tenants(tenants.empty());
  body.mutable_tenants()->Assign(tenants.begin(), tenants.end());
  auto bytes = trust::sign(std::move(statement), own->signer());
  if (!bytes)
    return bytes.takeError();
  if (auto error = (*authority)
                       ->record({at, service::who(), "delegate", controller.text(),
                                 tenants.empty() ? "all tenants" : llvm::join(tenants, ", ")}))
    return error;
  auto broker = link::Connection::open(*own, {}, 5s);
  if (!broker)
    return broker.takeError();
  if (auto error = lead::put(**broker, link::delegation(controller.name), *bytes, 5s))
    return error;
  return at + lifetime;
}

llvm::Expected<int> remove_member(const Home &home, const trust::SpiffeId &member,
                                  const std::string &why) {
  auto authority = authority::Authority::open(home.authority_directory());
  if (!authority)
    return authority.takeError();
  const UnixNanos at = now();
  auto certified = (*authority)->certified(at);
  if (!certified)
    return certified.takeError();
  if (llvm::none_of(*certified, [&](const auto &one) { return one.id == member; }))
    return failure("{} is no member of the fleet {}", member.text(), home.fleet);
  if (member == home.broker_id() || member == home.operator_id())
    return failure("the fleet's service itself is {}: it cannot do without", member.text());
  const bool is_running = broker::Process(home.broker_directory()).running() != 0;
  const int before = is_running ? sessions_of(home, member) : 0;
  if (auto error = (*authority)->revoke(member, service::who(), why, at))
    return error;
  if (auto error = service::close_sessions(home, **authority, member, at))
    return error;
  if (const int left = is_running ? sessions_of(home, member) : 0)
    return failure("{} is revoked, and {} of its sessions with the broker are still open",
                   member.text(), left);
  return before;
}

} // namespace nemo::orchestrator
