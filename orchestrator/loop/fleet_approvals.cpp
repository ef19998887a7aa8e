#include "orchestrator/loop/fleet_approvals.h"

#include "orchestrator/lead/candidate.h"
#include "protocol/link/subjects.h"

namespace nemo::loop {

namespace {
constexpr std::chrono::seconds patience{2};
} // namespace

std::string approve_command(llvm::StringRef digest, llvm::StringRef lead) {
  std::string command = "nemo approve";
  if (!digest.empty())
    command += " " + digest.str();
  command += " --backend fleet";
  if (lead != lead::usual_lead)
    command += " --lead " + lead.str();
  return command;
}

llvm::Expected<std::optional<lead::Asked>> FleetApprovals::pending() const {
  auto value = lead::read(*line_->connection(), link::asked(lead_), patience);
  if (!value)
    return value.takeError();
  if (value->bytes.empty())
    return std::nullopt;
  auto asked = lead::read_asked(*line_->member(), value->bytes);
  if (!asked)
    return asked.takeError();
  return std::move(*asked);
}

llvm::Error FleetApprovals::ask(const lead::Asked &asked) const {
  auto bytes = lead::sign_asked(*line_->member(), asked);
  return bytes ? lead::put(*line_->connection(), link::asked(lead_), *bytes, patience)
               : bytes.takeError();
}

llvm::Error FleetApprovals::withdraw() const {
  return lead::put(*line_->connection(), link::asked(lead_), "", patience);
}

std::set<std::string> FleetApprovals::approved() const {
  auto value = lead::read(*line_->connection(), link::approved(lead_), patience);
  if (!value) {
    llvm::consumeError(value.takeError()); // it is asked again in the next round
    return {};
  }
  if (value->bytes.empty())
    return {};
  auto digest = lead::read_approval(*line_->member(), value->bytes);
  if (digest)
    return {std::move(*digest)};
  llvm::consumeError(digest.takeError()); // it has expired, or was never said by an operator
  return {};
}

llvm::Error FleetApprovals::approve(const std::string &digest) const {
  auto bytes = lead::sign_approval(*line_->member(), digest);
  return bytes ? lead::put(*line_->connection(), link::approved(lead_), *bytes, patience)
               : bytes.takeError();
}

} // namespace nemo::loop
