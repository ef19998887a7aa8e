// The authority's own keys, and what it signs with them besides members' certificates.
#include <cerrno>
#include <sys/stat.h>

#include "llvm/ADT/StringExtras.h"

#include "backends/fleet/authority/authority.h"
#include "base/error.h"

namespace nemo::authority {

using namespace trust;

namespace {

constexpr std::chrono::hours list_due{24 * 3};
constexpr std::chrono::hours list_daily{24};

} // namespace

std::string Authority::intermediate_file(int64_t number) const {
  return directory_ + "/intermediate-" + std::to_string(number) + ".key";
}

llvm::Error Authority::create(const std::string &directory, const std::string &fleet,
                              const std::string &root_key, llvm::StringRef who, UnixNanos now) {
  auto root = make_root(fleet, {now - std::chrono::minutes(1), now + root_lifetime});
  if (!root)
    return root.takeError();
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return system_failure(errno, "{}", directory);
  auto state = State::open(directory + "/authority.db", /*fresh=*/true);
  if (!state)
    return state.takeError();
  if (auto error = root->key.save(root_key))
    return error;
  Authority made;
  made.directory_ = directory;
  made.fleet_ = fleet;
  made.state_ = std::move(*state);
  return made.state_->transact([&]() -> llvm::Error {
    if (auto error = made.state_->set("fleet", fleet))
      return error;
    if (auto error = made.put_root(*root, 1))
      return error;
    if (auto error = made.put_intermediate(*root, now))
      return error;
    if (auto error = made.sign_bundle(*root, now))
      return error;
    return made.log(now, who, "create", fleet, "root " + llvm::toHex(root->key.id(), true));
  });
}

llvm::Expected<std::unique_ptr<Authority>> Authority::open(const std::string &directory) {
  auto state = State::open(directory + "/authority.db", /*fresh=*/false);
  if (!state)
    return state.takeError();
  auto fleet = (*state)->bytes("fleet");
  if (!fleet)
    return fleet.takeError();
  if (fleet->empty())
    return failure(
        "{} was left half made: remove it, and the root key beside it, and make the fleet "
        "again",
        directory);
  std::unique_ptr<Authority> authority(new Authority);
  authority->directory_ = directory;
  authority->fleet_ = std::move(*fleet);
  authority->state_ = std::move(*state);
  if (auto error = authority->load())
    return error;
  return authority;
}

llvm::Error Authority::load() {
  auto number = state_->number("intermediate");
  if (!number)
    return number.takeError();
  if (online_ && online_number_ == *number)
    return llvm::Error::success();
  auto key = SigningKey::load(intermediate_file(*number));
  if (!key) {
    // Another process may have put a new one in its place since.
    auto since = state_->number("intermediate");
    if (!since)
      return llvm::joinErrors(key.takeError(), since.takeError());
    if (*since == *number)
      return key.takeError();
    llvm::consumeError(key.takeError());
    return load();
  }
  auto certificate = state_->bytes("intermediate_certificate");
  if (!certificate)
    return certificate.takeError();
  online_.emplace(Issuer{std::move(*key), std::move(*certificate)});
  online_number_ = *number;
  own_key_.reset();
  return llvm::Error::success();
}

llvm::Error Authority::put_intermediate(const Issuer &root, UnixNanos now) {
  // Lists under this one have to stand above those under the one before (protocol/trust).
  UnixNanos from = now - std::chrono::minutes(1);
  auto last = state_->bytes("intermediate_certificate");
  if (!last)
    return last.takeError();
  if (!last->empty()) {
    auto before = parse_certificate(*last);
    if (!before)
      return before.takeError();
    from = std::max(from, not_before(before->get()) + std::chrono::seconds(1));
    if (from > now)
      return failure("the intermediate in use begins at {}: the clock went back, or it was only "
                     "just made",
                     to_rfc3339(from));
  }
  auto made = make_intermediate(root, fleet_, {from, now + intermediate_lifetime});
  if (!made)
    return made.takeError();
  auto number = state_->number("intermediate");
  if (!number)
    return number.takeError();
  // A key that a crash left without its entry is in nobody's way: the next number is tried.
  int64_t next = *number + 1;
  llvm::Error error = made->key.save(intermediate_file(next));
  for (int tries = 0; error && tries < 16; ++tries) {
    llvm::consumeError(std::move(error));
    error = made->key.save(intermediate_file(++next));
  }
  if (error)
    return error;
  if (auto failed = state_->set("intermediate", next))
    return failed;
  if (auto failed = state_->set("pin", root.key.id()))
    return failed;
  // Under the one before it ends with that one's root, and is not heard by who knows of this one.
  if (auto failed = state_->set("list_changed", int64_t{1}))
    return failed;
  return state_->set("intermediate_certificate", made->certificate);
}

llvm::Expected<Signer> Authority::self(UnixNanos now) {
  if (auto error = load())
    return error;
  const SpiffeId id{fleet_, Role::authority, "main"};
  if (!own_key_ || own_until_ < now + svid_lifetime / 2) {
    auto key = SigningKey::generate();
    if (!key)
      return key.takeError();
    const Validity validity{now - std::chrono::minutes(1), now + svid_lifetime};
    auto certificate = make_svid(*online_, key->get(), id, {}, validity);
    if (!certificate)
      return certificate.takeError();
    own_key_.emplace(std::move(*key));
    own_chain_ = {std::move(*certificate), online_->certificate};
    own_until_ = validity.until;
  }
  return Signer{*own_key_, id, own_chain_, ""};
}

llvm::Expected<Authority::Chain> Authority::chain_for_joins(UnixNanos now) {
  auto own = self(now);
  if (!own)
    return own.takeError();
  Chain chain = own->chain;
  auto pin = state_->bytes("pin");
  if (!pin)
    return pin.takeError();
  if (auto error = state_->select("SELECT certificate FROM roots WHERE key_id=?", {*pin},
                                  [&](const Row &row) { chain.push_back(row.bytes(0)); }))
    return error;
  return chain;
}

llvm::Expected<std::string> Authority::sign_list(UnixNanos now) {
  auto list = state_->bytes("list");
  auto number = state_->number("list_number");
  auto made = state_->number("list_made");
  auto changed = state_->number("list_changed");
  if (!list || !number || !made || !changed)
    return llvm::joinErrors(llvm::joinErrors(list.takeError(), number.takeError()),
                            llvm::joinErrors(made.takeError(), changed.takeError()));
  const int64_t age = to_unix_ms(now) - *made;
  if (!list->empty() && *changed == 0 && age >= 0 &&
      age < std::chrono::milliseconds(list_daily).count())
    return std::move(*list);
  auto signer = self(now);
  if (!signer)
    return signer.takeError();
  proto::Statement statement;
  statement.set_generation(static_cast<uint64_t>(*number) + 1);
  statement.set_issued_unix_ms(to_unix_ms(now));
  statement.set_expires_unix_ms(to_unix_ms(now + list_due));
  proto::RevocationList &body = *statement.mutable_revocations();
  for (const char *sql :
       {"DELETE FROM revoked_keys WHERE until<?", "DELETE FROM revoked_members WHERE until<?"})
    if (auto error = state_->run(sql, {to_unix_ms(now)}).takeError())
      return error;
  if (auto error =
          state_->select("SELECT key_id, until FROM revoked_keys", {}, [&](const Row &row) {
            proto::RevocationList::Key &key = *body.add_keys();
            key.set_key_id(row.bytes(0));
            key.set_until_unix_ms(row.number(1));
          }))
    return error;
  if (auto error = state_->select("SELECT member, issued_before, until FROM revoked_members", {},
                                  [&](const Row &row) {
                                    proto::RevocationList::Identity &one = *body.add_identities();
                                    one.set_id(row.bytes(0));
                                    one.set_issued_before_unix_ms(row.number(1));
                                    one.set_until_unix_ms(row.number(2));
                                  }))
    return error;
  auto bytes = sign(std::move(statement), *signer);
  if (!bytes)
    return bytes;
  if (auto error = state_->set("list", *bytes))
    return error;
  if (auto error = state_->set("list_number", *number + 1))
    return error;
  if (auto error = state_->set("list_made", to_unix_ms(now)))
    return error;
  if (auto error = state_->set("list_changed", int64_t{0}))
    return error;
  return bytes;
}

llvm::Expected<std::string> Authority::revocations(UnixNanos now) {
  std::string list;
  auto error = state_->transact([&]() -> llvm::Error {
    auto bytes = sign_list(now);
    if (!bytes)
      return bytes.takeError();
    list = std::move(*bytes);
    return llvm::Error::success();
  });
  if (error)
    return error;
  return list;
}

llvm::Error Authority::log(UnixNanos time, llvm::StringRef who, llvm::StringRef what,
                           llvm::StringRef about, const std::string &detail) {
  auto sequence = state_->number("audit");
  auto digest = state_->bytes("audit_digest");
  if (!sequence || !digest)
    return llvm::joinErrors(sequence.takeError(), digest.takeError());
  auto head = append_audit(directory_ + "/audit.log", {static_cast<uint64_t>(*sequence), *digest},
                           {time, who.str(), what.str(), about.str(), detail});
  if (!head)
    return head.takeError();
  if (auto error = state_->set("audit", static_cast<int64_t>(head->sequence)))
    return error;
  return state_->set("audit_digest", head->digest);
}

llvm::Error Authority::record(const AuditEntry &entry) {
  return state_->transact(
      [&] { return log(entry.time, entry.who, entry.what, entry.about, entry.detail); });
}

llvm::Expected<AuditHead> Authority::verify_audit() {
  auto sequence = state_->number("audit");
  auto digest = state_->bytes("audit_digest");
  if (!sequence || !digest)
    return llvm::joinErrors(sequence.takeError(), digest.takeError());
  return trust::verify_audit(directory_ + "/audit.log",
                             {static_cast<uint64_t>(*sequence), *digest});
}

} // namespace nemo::authority
