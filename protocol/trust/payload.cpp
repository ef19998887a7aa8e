// Desired state, sealed to its node and bound to the statement that it stands in.
#include "protocol/trust/statement.h"

#include "llvm/Support/Endian.h"

#include "base/error.h"

namespace nemo::trust {

namespace {

constexpr llvm::StringLiteral info = "nemo desired state 1";

void append(std::string &out, uint64_t number) {
  char bytes[8];
  llvm::support::endian::write64be(bytes, number);
  out.append(bytes, sizeof bytes);
}

void append(std::string &out, llvm::StringRef text) {
  append(out, text.size());
  out += text;
}

/// Each part with its length, so that no two statements give the same bytes.
std::string bound_to(const proto::Statement &statement, llvm::StringRef signer) {
  const proto::DesiredState &state = statement.desired_state();
  std::string bytes;
  for (llvm::StringRef text :
       {llvm::StringRef(statement.node()), signer, llvm::StringRef(state.plan_digest())})
    append(bytes, text);
  append(bytes, statement.epoch());
  append(bytes, statement.generation());
  append(bytes, static_cast<uint64_t>(state.tenants_size()));
  for (const std::string &tenant : state.tenants())
    append(bytes, llvm::StringRef(tenant));
  return bytes;
}

} // namespace

llvm::Error seal_payload(proto::Statement &statement, const SpiffeId &signer,
                         llvm::StringRef public_key, llvm::StringRef plain) {
  // The signer's SPIFFE ID holds the fleet.
  auto sealed = seal(public_key, info, bound_to(statement, signer.text()), plain);
  if (!sealed)
    return sealed.takeError();
  *statement.mutable_desired_state()->mutable_sealed() = std::move(*sealed);
  return llvm::Error::success();
}

llvm::Expected<Secret> open_payload(const Verified &state, const SealingKey &key) {
  const proto::Statement &statement = state.statement;
  return open(key, info, bound_to(statement, statement.signer()),
              statement.desired_state().sealed());
}

} // namespace nemo::trust
