// Members: how they get their certificates.
#include "backends/fleet/authority/authority.h"

#include "llvm/ADT/StringExtras.h"

#include "base/error.h"

namespace nemo::authority {

using namespace trust;

namespace {

/// Certificates begin a little before they are made, for members whose clocks are behind.
constexpr std::chrono::seconds head_start{60};
/// What a certificate's key signed is kept for 90 days at most (protocol/trust/statement.cpp).
constexpr std::chrono::hours longest_statement{24 * 90};

std::string joined(llvm::ArrayRef<std::string> hosts) { return llvm::join(hosts, ","); }

std::vector<std::string> hosts_in(llvm::StringRef text) {
  llvm::SmallVector<llvm::StringRef, 4> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  return {parts.begin(), parts.end()};
}

} // namespace

llvm::Expected<Bundle> Authority::bundle() {
  Bundle bundle{fleet_, {}, 0, 3600};
  auto sequence = state_->number("bundle");
  if (!sequence)
    return sequence.takeError();
  bundle.sequence = static_cast<uint64_t>(*sequence);
  if (auto error = state_->select("SELECT certificate FROM roots ORDER BY position", {},
                                  [&](const Row &row) { bundle.roots.push_back(row.bytes(0)); }))
    return error;
  return bundle;
}

llvm::Expected<std::vector<Authority::Certified>> Authority::certified(UnixNanos now) {
  std::vector<Certified> all;
  std::string odd;
  if (auto error = state_->select(
          "SELECT member, key_id, expires FROM certified WHERE revoked=0 AND expires>? "
          "ORDER BY member, key_id",
          {to_unix_ms(now)}, [&](const Row &row) {
            auto id = parse_id(row.bytes(0));
            if (id)
              all.push_back({std::move(*id), row.bytes(1), from_unix_ms(row.number(2))});
            else
              odd = llvm::toString(id.takeError());
          }))
    return error;
  if (!odd.empty())
    return failure("the authority's state: {}", odd);
  return all;
}

llvm::Expected<uint64_t> Authority::revision() {
  auto sequence = state_->number("audit");
  if (!sequence)
    return sequence.takeError();
  return static_cast<uint64_t>(*sequence);
}

llvm::Expected<Secret> Authority::invite(const SpiffeId &member, std::chrono::seconds lifetime,
                                         llvm::StringRef who, UnixNanos now) {
  if (member.fleet != fleet_ || !is_member_name(member.name))
    return failure("{} cannot be invited to the fleet {}", shown(member.text()), fleet_);
  if (member.role == Role::authority)
    return failure("nobody is invited to be the authority");
  if (lifetime <= std::chrono::seconds(0) || lifetime > longest_invitation)
    return failure("an invitation holds for 1 s to {} h", longest_invitation.count());
  Secret text;
  auto error = state_->transact([&]() -> llvm::Error {
    // The root that the intermediate leads to: chain_for_joins() shows it.
    auto pin = state_->bytes("pin");
    if (!pin)
      return pin.takeError();
    if (auto error = load())
      return error;
    const Certificate intermediate = llvm::cantFail(parse_certificate(online_->certificate));
    const JoinToken token =
        make_token(member, *pin, not_before(intermediate.get()), now + lifetime);
    auto key = token_key(token);
    if (!key)
      return key.takeError();
    if (auto error =
            state_->run("DELETE FROM tokens WHERE expires<?", {to_unix_ms(now)}).takeError())
      return error;
    if (auto error =
            state_
                ->run("INSERT INTO tokens VALUES(?,?,?,?,NULL)",
                      {token.id, sha256_bytes(*key), member.text(), to_unix_ms(token.expires)})
                .takeError())
      return error;
    text = to_text(token);
    return log(now, who, "invite", member.text(),
               "token " + llvm::toHex(token.id, true) + " until " + to_rfc3339(token.expires));
  });
  if (error)
    return error;
  return text;
}

llvm::Expected<SpiffeId> Authority::member_of(const proto::JoinRequest &request,
                                              llvm::StringRef key_id, UnixNanos now, bool &again) {
  std::string digest, member, used;
  int64_t expires = 0;
  if (auto error = state_->select("SELECT digest, member, expires, used FROM tokens WHERE id=?",
                                  {request.token_id()}, [&](const Row &row) {
                                    digest = row.bytes(0);
                                    member = row.bytes(1);
                                    expires = row.number(2);
                                    used = row.bytes(3);
                                  }))
    return error;
  // One answer for a token that never was and one whose secret is not known, in the same time.
  if (!equal_secret(sha256_bytes(request.token_key()),
                    digest.empty() ? std::string(32, '\0') : digest))
    return failure("there is no such join token");
  // Who did not get the answer asks again, with the same key.
  again = used == key_id;
  if (!used.empty() && !again)
    return failure(
        "this join token was used before; ask for a new one. If it was not you, somebody "
        "else joined as {}: revoke it",
        member);
  if (expires <= to_unix_ms(now))
    return failure("this join token has expired; ask for a new one");
  return parse_id(member);
}

llvm::Expected<proto::JoinResponse> Authority::join(const proto::JoinRequest &request,
                                                    llvm::StringRef channel, UnixNanos now) {
  if (auto error = check_proof(request, channel))
    return error;
  auto csr = parse_request(request.csr());
  if (!csr)
    return csr.takeError();
  proto::JoinResponse response;
  auto error = state_->transact([&]() -> llvm::Error {
    bool again = false;
    auto member = member_of(request, csr->key_id, now, again);
    if (!member)
      return member.takeError();
    if (csr->id != *member)
      return failure("this join token is for {}, not for {}", member->text(), csr->id.text());
    bool known = false;
    if (auto error =
            state_->select("SELECT 1 FROM certified WHERE member=? AND expires>?",
                           {member->text(), to_unix_ms(now)}, [&](const Row &) { known = true; }))
      return error;
    known = known && !again;
    if (known)
      if (auto error = revoke_member(*member, now))
        return error;
    if (auto error =
            state_->run("UPDATE tokens SET used=? WHERE id=?", {csr->key_id, request.token_id()})
                .takeError())
      return error;
    auto chain = issue(*csr, {}, now);
    if (!chain)
      return chain.takeError();
    response.mutable_chain()->Assign(chain->begin(), chain->end());
    auto pin = state_->bytes("pin");
    if (!pin)
      return pin.takeError();
    if (auto error = state_->select("SELECT certificate FROM roots WHERE key_id=?", {*pin},
                                    [&](const Row &row) { response.set_root(row.bytes(0)); }))
      return error;
    auto bundles = signed_bundles();
    if (!bundles)
      return bundles.takeError();
    response.mutable_bundles()->Assign(bundles->begin(), bundles->end());
    auto list = sign_list(now);
    if (!list)
      return list.takeError();
    response.set_revocations(std::move(*list));
    return log(now, member->text(), "join", member->text(),
               "key " + llvm::toHex(csr->key_id, true) +
                   (known   ? ", in place of another"
                    : again ? ", again"
                            : ""));
  });
  if (error)
    return error;
  return response;
}

llvm::Expected<Authority::Chain> Authority::renew(llvm::StringRef signed_bytes, UnixNanos now) {
  Chain chain;
  // From the list of who is revoked to the certificate nobody else may write: a revocation is
  // either seen here, or finds what was issued here.
  auto error = state_->transact([&]() -> llvm::Error {
    auto roots = bundle();
    if (!roots)
      return roots.takeError();
    auto list = sign_list(now);
    if (!list)
      return list.takeError();
    auto revoked = Revocations().next(*list, *roots, now);
    if (!revoked)
      return revoked.takeError();
    auto verified = verify(signed_bytes, Expectation::renewal(fleet_, now), {*roots, *revoked});
    if (!verified)
      return verified.takeError();
    auto csr = parse_request(verified->statement.renewal().csr());
    if (!csr)
      return csr.takeError();
    const SpiffeId &member = verified->signer.id;
    if (csr->id != member)
      return failure("{} asked for a certificate of {}", member.text(), csr->id.text());
    std::string hosts;
    if (auto error = state_->select("SELECT hosts FROM certified WHERE key_id=?",
                                    {verified->signer.key_ids.front()},
                                    [&](const Row &row) { hosts = row.bytes(0); }))
      return error;
    auto issued = issue(*csr, hosts_in(hosts), now);
    if (!issued)
      return issued.takeError();
    chain = std::move(*issued);
    return log(now, member.text(), "renew", member.text(), "key " + llvm::toHex(csr->key_id, true));
  });
  if (error)
    return error;
  return chain;
}

llvm::Expected<Authority::Chain> Authority::certify(llvm::StringRef csr,
                                                    llvm::ArrayRef<std::string> hosts,
                                                    llvm::StringRef who, UnixNanos now) {
  auto request = parse_request(csr);
  if (!request)
    return request.takeError();
  if (request->id.fleet != fleet_ || request->id.role == Role::authority)
    return failure("{} cannot be certified by the fleet {}", request->id.text(), fleet_);
  Chain chain;
  auto error = state_->transact([&]() -> llvm::Error {
    auto issued = issue(*request, hosts, now);
    if (!issued)
      return issued.takeError();
    chain = std::move(*issued);
    return log(now, who, "certify", request->id.text(),
               "key " + llvm::toHex(request->key_id, true) +
                   (hosts.empty() ? "" : ", hosts " + joined(hosts)));
  });
  if (error)
    return error;
  return chain;
}

llvm::Expected<Authority::Chain> Authority::issue(const CertificateRequest &request,
                                                  llvm::ArrayRef<std::string> hosts,
                                                  UnixNanos now) {
  if (auto error = load())
    return error;
  bool revoked = false;
  int64_t issued_before = 0;
  if (auto error = state_->select("SELECT 1 FROM revoked_keys WHERE key_id=?", {request.key_id},
                                  [&](const Row &) { revoked = true; }))
    return error;
  if (revoked)
    return failure("{} asks for a certificate with a key that was revoked", request.id.text());
  if (auto error = state_->select("SELECT issued_before FROM revoked_members WHERE member=?",
                                  {request.id.text()},
                                  [&](const Row &row) { issued_before = row.number(0); }))
    return error;
  std::string other;
  if (auto error = state_->select("SELECT member FROM certified WHERE key_id=? AND member<>?",
                                  {request.key_id, request.id.text()},
                                  [&](const Row &row) { other = row.bytes(0); }))
    return error;
  if (!other.empty())
    return failure("{} asks for a certificate with the key of {}", request.id.text(), other);
  const Validity validity{
      std::max(std::chrono::floor<std::chrono::seconds>(now) - UnixNanos::duration(head_start),
               from_unix_ms(issued_before)),
      now + svid_lifetime};
  auto certificate = make_svid(*online_, request.key.get(), request.id, hosts, validity);
  if (!certificate)
    return certificate.takeError();
  // Whose a key was is known for as long as it can be of use to revoke it.
  if (auto error =
          state_
              ->run("DELETE FROM certified WHERE expires<?", {to_unix_ms(now - longest_statement)})
              .takeError())
    return error;
  if (auto error =
          state_
              ->run("INSERT OR REPLACE INTO certified(key_id, member, hosts, expires, begins, "
                    "revoked) VALUES(?,?,?,?,?,0)",
                    {request.key_id, request.id.text(), joined(hosts), to_unix_ms(validity.until),
                     to_unix_ms(validity.from)})
              .takeError())
    return error;
  return Chain{std::move(*certificate), online_->certificate};
}

llvm::Error Authority::revoke_member(const SpiffeId &member, UnixNanos now) {
  // After the begin of everything that was made so far, also by a clock that was ahead or within
  // this second; what comes next begins there.
  int64_t last = to_unix_ms(std::chrono::floor<std::chrono::seconds>(now) - head_start);
  for (const char *sql : {"SELECT max(begins) FROM certified WHERE member=?",
                          "SELECT max(issued_before) FROM revoked_members WHERE member=?"})
    if (auto error = state_->select(sql, {member.text()},
                                    [&](const Row &row) { last = std::max(last, row.number(0)); }))
      return error;
  const int64_t before = last + std::chrono::milliseconds(std::chrono::seconds(1)).count();
  const auto until = now + svid_lifetime + longest_statement;
  if (auto error = state_
                       ->run("INSERT OR REPLACE INTO revoked_members VALUES(?,?,?)",
                             {member.text(), before, to_unix_ms(until)})
                       .takeError())
    return error;
  // What was used brings a certificate again, to the key that is revoked here.
  if (auto error =
          state_->run("DELETE FROM tokens WHERE member=? AND used IS NOT NULL", {member.text()})
              .takeError())
    return error;
  if (auto error =
          state_->run("UPDATE certified SET revoked=1 WHERE member=?", {member.text()}).takeError())
    return error;
  return state_->set("list_changed", int64_t{1});
}

llvm::Error Authority::revoke(const SpiffeId &member, llvm::StringRef who, llvm::StringRef why,
                              UnixNanos now) {
  if (member.fleet != fleet_)
    return failure("{} is not of the fleet {}", member.text(), fleet_);
  if (member.role == Role::authority)
    return failure("the authority is nobody's to revoke but the root's: rotate to a new "
                   "intermediate, and revoke the key of the old one");
  return state_->transact([&]() -> llvm::Error {
    if (auto error = revoke_member(member, now))
      return error;
    if (auto error = state_->run("DELETE FROM tokens WHERE member=?", {member.text()}).takeError())
      return error;
    return log(now, who, "revoke", member.text(), why.str());
  });
}

llvm::Error Authority::revoke_key(llvm::StringRef key_id, llvm::StringRef who, llvm::StringRef why,
                                  UnixNanos now) {
  if (key_id.size() != 32)
    return failure("a key's id has 32 bytes, not {}", key_id.size());
  return state_->transact([&]() -> llvm::Error {
    if (auto error = load())
      return error;
    // Its own list, and every certificate that it could make, would be void with it.
    if (key_id == online_->key.id())
      return failure("this is the intermediate in use: rotate to a new one first");
    bool is_root = false;
    if (auto error = state_->select("SELECT 1 FROM roots WHERE key_id=?", {key_id.str()},
                                    [&](const Row &) { is_root = true; }))
      return error;
    if (is_root)
      return failure(
          "this is a root, which no list takes away: rotate to another one, and drop it");
    // An intermediate's own certificate may last as long as one can.
    const auto until = now + intermediate_lifetime + longest_statement;
    if (auto error = state_
                         ->run("INSERT OR REPLACE INTO revoked_keys VALUES(?,?)",
                               {key_id.str(), to_unix_ms(until)})
                         .takeError())
      return error;
    std::string holder;
    if (auto error = state_->select("SELECT member FROM certified WHERE key_id=?", {key_id.str()},
                                    [&](const Row &row) { holder = row.bytes(0); }))
      return error;
    if (holder.empty()) {
      if (auto error = state_->set("list_changed", int64_t{1}))
        return error;
    } else {
      auto member = parse_id(holder);
      if (!member)
        return member.takeError();
      if (auto error = revoke_member(*member, now))
        return error;
    }
    return log(now, who, "revoke", "key " + llvm::toHex(key_id, true),
               why.str() + (holder.empty() ? "" : ", and what " + holder + " had"));
  });
}

} // namespace nemo::authority
