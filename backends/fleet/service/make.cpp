#include "backends/fleet/service/make.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/ScopeExit.h"

#include "backends/fleet/service/members.h"
#include "base/error.h"
#include "protocol/membership/member.h"
#include "protocol/trust/certificate.h"

namespace nemo::service {

using authority::Authority;
using membership::Address;
using membership::Member;

namespace {

std::vector<std::string> names_of(const Home &home, const trust::SpiffeId &id) {
  if (id.role != trust::Role::broker)
    return {};
  return {membership::broker_name, home.broker.host};
}

llvm::Expected<membership::Credentials> certify(const Home &home, Authority &authority,
                                                const trust::SpiffeId &id,
                                                const trust::SigningKey &key, UnixNanos now) {
  auto csr = trust::make_request(key, id);
  if (!csr)
    return csr.takeError();
  auto chain = authority.certify(*csr, names_of(home, id), who(), now);
  if (!chain)
    return chain.takeError();
  auto bundle = authority.bundle();
  auto list = authority.revocations(now);
  if (!bundle || !list)
    return llvm::joinErrors(bundle.takeError(), list.takeError());
  auto revocations = trust::Revocations().next(*list, *bundle, now);
  if (!revocations)
    return revocations.takeError();
  return membership::Credentials{std::move(*chain), std::move(*bundle), std::move(*revocations)};
}

membership::Places places_of(const Home &home) {
  return {home.authority.text(), {home.broker.text()}};
}

llvm::Error make_member(const Home &home, Authority &authority, const std::string &directory,
                        const trust::SpiffeId &id, UnixNanos now) {
  auto key = trust::SigningKey::generate();
  if (!key)
    return key.takeError();
  auto credentials = certify(home, authority, id, *key, now);
  if (!credentials)
    return credentials.takeError();
  return Member::create(directory, id, *key, *credentials, places_of(home));
}

} // namespace

llvm::Expected<Home> make_fleet(const std::string &name, const Address &broker,
                                const Address &authority, UnixNanos now) {
  namespace fs = std::filesystem;
  auto place = Home::place();
  if (!place)
    return place.takeError();
  const Home home{*place, name, broker, authority};
  std::error_code ignored;
  fs::create_directories(fs::path(*place).parent_path(), ignored);
  if (::mkdir(place->c_str(), 0700) != 0 && errno != EEXIST)
    return system_failure(errno, "{}", *place);
  for (const std::string &path :
       {*place + "/fleet.json", home.authority_directory(), home.broker_directory(),
        home.operator_directory(), home.root_key()})
    if (fs::exists(fs::symlink_status(path, ignored)))
      return failure("{} is there already: this machine holds a fleet, or is a member of one",
                     path);
  auto undo = llvm::make_scope_exit([&] {
    for (const std::string &path : {home.authority_directory(), home.broker_directory(),
                                    home.operator_directory(), home.root_key()})
      fs::remove_all(path, ignored);
  });
  if (auto error = Authority::create(home.authority_directory(), name, home.root_key(), who(), now))
    return error;
  auto made = Authority::open(home.authority_directory());
  if (!made)
    return made.takeError();
  if (auto error = make_member(home, **made, home.broker_directory(), home.broker_id(), now))
    return error;
  if (auto error = make_member(home, **made, home.operator_directory(), home.operator_id(), now))
    return error;
  if (auto error = refresh(home, **made, now))
    return error;
  if (auto error = home.save())
    return error;
  undo.release();
  return home;
}

llvm::Expected<bool> renew_own(const Home &home, Authority &authority, UnixNanos now) {
  bool is_broker_new = false;
  for (const std::string &directory : {home.broker_directory(), home.operator_directory()}) {
    if (!Member::is_there(directory))
      continue; // the operator's identity has been moved to where the operator is
    auto member = Member::load(directory);
    if (!member)
      return member.takeError();
    if (!member->is_renewal_due(now))
      continue;
    auto credentials = certify(home, authority, member->id(), member->key(), now);
    if (!credentials)
      return credentials.takeError();
    if (auto error = member->replace(std::move(*credentials), places_of(home)))
      return error;
    is_broker_new = is_broker_new || member->id().role == trust::Role::broker;
  }
  return is_broker_new;
}

} // namespace nemo::service
