// The agent's memory: desired parts and what was started, in SQLite (WAL, synchronous=FULL). What
// write() has returned from survives a kill and a power cut; what it has not is gone as a whole.
// Secrets are never in it, only where they are found.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include "runtime-agent/core/record.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nemo::agent {

/// A replica, whatever its revision.
using ReplicaKey = std::tuple<std::string, std::string, uint32_t>;
inline ReplicaKey replica_of(const Key &key) { return {key.stack, key.workload, key.replica}; }

class Journal {
public:
  /// Opens or creates; checks that it is a journal, of this version or older, whole, and that it
  /// can be written.
  static llvm::Expected<std::unique_ptr<Journal>> open(const std::string &path);
  ~Journal();

  struct Contents {
    std::map<std::string, StoredPart> parts; ///< by stack
    std::map<Key, Record> records;
    std::map<ReplicaKey, Identity> identities;
    uint64_t generation = 0; ///< the highest ever given: one sequence for all stacks, never reused
  };
  llvm::Expected<Contents> read();
  llvm::Expected<bool> taken(const std::string &move);

  class Batch {
  public:
    void put(const StoredPart &part); ///< also raises the generation
    void drop_part(const std::string &stack);
    void put(const Record &record);
    void drop(const Key &key);
    void put(const ReplicaKey &replica, const Identity &identity);
    void drop(const ReplicaKey &replica);
    /// A move is this node's. It is never forgotten while anybody may ask.
    void put_taken(const Move &move);

  private:
    friend class Journal;
    explicit Batch(Journal &journal) : journal_(journal) {}
    void drop_move(const Key &key);
    Journal &journal_;
  };
  /// One transaction: all of it is on disk when this returns, or none of it.
  llvm::Error write(llvm::function_ref<void(Batch &)> fill);

private:
  Journal() = default;
  llvm::Error execute(const char *sql);
  llvm::Error fault(const char *doing);
  struct Value;
  void run(const char *sql, std::vector<Value> values);
  llvm::Error select(const char *sql, llvm::function_ref<bool(sqlite3_stmt *)> row,
                     const std::string &first = {});
  sqlite3 *db_ = nullptr;
  std::string path_;
  int failed_ = 0; ///< first error code of the batch that is being written
  std::map<const char *, sqlite3_stmt *> prepared_;
};

} // namespace nemo::agent
