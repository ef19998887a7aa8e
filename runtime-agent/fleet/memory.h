// What a node must not forget of its fleet, in SQLite (WAL, synchronous=FULL) beside its
// membership: what it has accepted, before it acts on it; and the events that nobody has taken from
// it yet.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include "protocol/backend.pb.h"
#include "protocol/transport.pb.h"
#include "protocol/trust/guard.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nemo::agent::fleet {

/// The last statement of a stack that was accepted.
struct Accepted {
  trust::Mark mark;
  std::string digest;               ///< of the Signed as it came
  std::vector<std::string> tenants; ///< whom the stack belongs to, as its signer said
  std::string call; ///< the DeliverCall, until it is known what became of it; then empty
  std::optional<proto::BackendResponse> response; ///< nothing: the agent ended before it knew
  int64_t expires_unix_ms = 0;                    ///< of the statement
};

class Memory {
public:
  static llvm::Expected<std::unique_ptr<Memory>> open(const std::string &path);
  ~Memory();

  /// By stack. Also of stacks that are gone: an old statement must not bring one back.
  const std::map<std::string, Accepted> &accepted() const { return accepted_; }
  /// On disk when it returns without an error; the same for what follows, but for settle() and
  /// drop_events(), which are when the next of the others is.
  llvm::Error accept(const std::string &stack, Accepted accepted);
  /// After a loss of power it may have to be found out again what became of it: Desired::finish().
  llvm::Error settle(const std::string &stack, proto::BackendResponse response);

  /// By stack, of what the agent took last: a later statement that it refused changes nothing.
  const std::map<std::string, proto::Validity> &validities() const { return validities_; }

  /// Of controllers' delegations: none from before the last counts.
  const trust::Guard &delegations() const { return delegations_; }
  llvm::Error admit_delegation(const std::string &controller, const trust::Mark &mark);

  /// The agent's number of the last event that was taken in here.
  uint64_t last_event() const { return last_event_; }
  llvm::Error keep(const std::vector<proto::Event> &events);
  /// The oldest that wait, up to a number, at most so many and about so many bytes.
  llvm::Expected<proto::NodeEvents> waiting(uint64_t up_to, int most, size_t bytes);
  /// After a loss of power they may wait again, and be sent again.
  llvm::Error drop_events(uint64_t up_to);

private:
  Memory() = default;
  llvm::Error fault();
  enum class On : uint8_t {
    disk,  ///< when it returns
    kernel ///< what a loss of power may take back: it is found out again
  };
  llvm::Error transact(llvm::function_ref<llvm::Error()> work, On on = On::disk);
  llvm::Error run(
      const char *sql, llvm::function_ref<void(sqlite3_stmt *)> bind,
      llvm::function_ref<void(sqlite3_stmt *)> row = [](sqlite3_stmt *) {});
  llvm::Error load();
  llvm::Error load_validities(bool &whole);
  llvm::Error write(const std::string &stack, const Accepted &accepted);
  llvm::Error write(const std::string &stack, bool settled, const proto::Validity &validity);

  sqlite3 *db_ = nullptr;
  std::string path_;
  std::map<std::string, Accepted> accepted_;
  std::map<std::string, proto::Validity> validities_;
  trust::Guard delegations_;
  uint64_t last_event_ = 0;
};

} // namespace nemo::agent::fleet
