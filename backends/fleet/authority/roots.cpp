// What takes a root's key, which is elsewhere most of the time: intermediates, and other roots.
#include <cerrno>
#include <unistd.h>

#include "llvm/ADT/StringExtras.h"

#include "backends/fleet/authority/authority.h"
#include "base/error.h"
#include "protocol/trust/bundle.h"

namespace nemo::authority {

using namespace trust;

namespace {

/// Of so many changes of roots the statements are kept for members that were away.
constexpr int64_t kept_changes = 16;

} // namespace

llvm::Expected<Issuer> Authority::load_root(const std::string &root_key) {
  auto key = SigningKey::load(root_key);
  if (!key)
    return key.takeError();
  std::string certificate;
  if (auto error = state_->select("SELECT certificate FROM roots WHERE key_id=?", {key->id()},
                                  [&](const Row &row) { certificate = row.bytes(0); }))
    return error;
  if (certificate.empty())
    return failure("{} is not the key of a root of the fleet {}", root_key, fleet_);
  return Issuer{std::move(*key), std::move(certificate)};
}

llvm::Error Authority::put_root(const Issuer &root, int64_t position) {
  if (auto error =
          state_
              ->run("INSERT INTO roots VALUES(?,?,?)", {root.key.id(), root.certificate, position})
              .takeError())
    return error;
  auto sequence = state_->number("bundle");
  return sequence ? state_->set("bundle", *sequence + 1) : sequence.takeError();
}

llvm::Error Authority::sign_bundle(const Issuer &root, UnixNanos now) {
  auto roots = bundle();
  if (!roots)
    return roots.takeError();
  auto document = to_document(*roots);
  if (!document)
    return document.takeError();
  // A root signs certificates only; this one is for a single statement.
  auto key = SigningKey::generate();
  if (!key)
    return key.takeError();
  const SpiffeId id{fleet_, Role::authority, "main"};
  auto certificate =
      make_svid(root, key->get(), id, {}, {now - std::chrono::minutes(1), now + svid_lifetime});
  if (!certificate)
    return certificate.takeError();
  proto::Statement statement;
  statement.set_generation(roots->sequence);
  statement.set_issued_unix_ms(to_unix_ms(now));
  statement.set_expires_unix_ms(to_unix_ms(now + std::chrono::hours(24 * 30)));
  statement.mutable_bundle()->set_fleet(fleet_);
  statement.mutable_bundle()->set_document(std::move(*document));
  auto bytes = sign(std::move(statement), {*key, id, {std::move(*certificate)}, ""});
  if (!bytes)
    return bytes.takeError();
  const auto sequence = static_cast<int64_t>(roots->sequence);
  if (auto error = state_->run("DELETE FROM bundles WHERE sequence<=?", {sequence - kept_changes})
                       .takeError())
    return error;
  return state_
      ->run("INSERT OR REPLACE INTO bundles VALUES(?,?,?)", {sequence, root.key.id(), *bytes})
      .takeError();
}

llvm::Expected<std::vector<std::string>> Authority::signed_bundles() {
  std::vector<std::string> statements;
  if (auto error = state_->select("SELECT statement FROM bundles ORDER BY sequence, root", {},
                                  [&](const Row &row) { statements.push_back(row.bytes(0)); }))
    return error;
  return statements;
}

llvm::Error Authority::rotate(const std::string &root_key, llvm::StringRef who, UnixNanos now) {
  std::string old_file;
  auto failed = state_->transact([&]() -> llvm::Error {
    auto root = load_root(root_key);
    if (!root)
      return root.takeError();
    auto number = state_->number("intermediate");
    auto pin = state_->bytes("pin");
    if (!number || !pin)
      return llvm::joinErrors(number.takeError(), pin.takeError());
    old_file = intermediate_file(*number);
    int voided = 0;
    if (*pin != root->key.id()) {
      // Of no use any more, and nobody's open invitation.
      if (auto error =
              state_
                  ->run("DELETE FROM tokens WHERE used IS NOT NULL OR expires<?", {to_unix_ms(now)})
                  .takeError())
        return error;
      auto deleted = state_->run("DELETE FROM tokens", {});
      if (!deleted)
        return deleted.takeError();
      voided = *deleted;
    }
    if (auto error = put_intermediate(*root, now))
      return error;
    // Joiners will pin this root, and believe it alone.
    if (auto error = sign_bundle(*root, now))
      return error;
    return log(now, who, "rotate", fleet_,
               "intermediate under root " + llvm::toHex(root->key.id(), true) +
                   (voided == 0 ? "" : ", invitations void: " + std::to_string(voided)));
  });
  if (failed)
    return failed;
  // Nobody signs with it any more, and it would be good for a year to who finds it.
  if (::unlink(old_file.c_str()) != 0 && errno != ENOENT)
    return system_failure(
        errno, "the new intermediate is in use, but the old one's key is still in {}", old_file);
  return llvm::Error::success();
}

llvm::Error Authority::add_root(const std::string &root_key, const std::string &new_root_key,
                                llvm::StringRef who, UnixNanos now) {
  auto root = make_root(fleet_, {now - std::chrono::minutes(1), now + root_lifetime});
  if (!root)
    return root.takeError();
  return state_->transact([&]() -> llvm::Error {
    auto old = load_root(root_key);
    if (!old)
      return old.takeError();
    int64_t position = 0;
    if (auto error = state_->select(
            "SELECT ifnull(max(position),0)+1, count(*) FROM roots", {}, [&](const Row &row) {
              position = row.number(1) < int64_t{max_roots} ? row.number(0) : 0;
            }))
      return error;
    if (position == 0)
      return failure("the fleet {} has {} roots already", fleet_, max_roots);
    if (auto error = put_root(*root, position))
      return error;
    if (auto error = sign_bundle(*old, now))
      return error;
    if (auto error = root->key.save(new_root_key))
      return error;
    return log(now, who, "add-root", fleet_, "root " + llvm::toHex(root->key.id(), true));
  });
}

llvm::Error Authority::drop_root(llvm::StringRef key_id, const std::string &root_key,
                                 llvm::StringRef who, UnixNanos now) {
  return state_->transact([&]() -> llvm::Error {
    auto staying = load_root(root_key);
    if (!staying)
      return staying.takeError();
    if (staying->key.id() == key_id)
      return failure("{} is the key of the root that is to go: members hear it from another one",
                     root_key);
    auto pin = state_->bytes("pin");
    if (!pin)
      return pin.takeError();
    if (*pin == key_id)
      return failure("the intermediate leads to this root: rotate to another one first");
    auto changed = state_->run("DELETE FROM roots WHERE key_id=?", {key_id.str()});
    if (!changed)
      return changed.takeError();
    if (*changed == 0)
      return failure("the fleet {} has no such root", fleet_);
    auto sequence = state_->number("bundle");
    if (!sequence)
      return sequence.takeError();
    if (auto error = state_->set("bundle", *sequence + 1))
      return error;
    if (auto error = sign_bundle(*staying, now))
      return error;
    return log(now, who, "drop-root", fleet_, "root " + llvm::toHex(key_id, true));
  });
}

} // namespace nemo::authority
