// What the authority must not forget, in SQLite (WAL, synchronous=FULL): tokens, what was certified
// and revoked, the head of the audit log. Several processes may have it open; a transaction holds
// off the others from its first read.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nemo::authority {

class Row {
public:
  explicit Row(sqlite3_stmt *row) : row_(row) {}
  int64_t number(int column) const;
  std::string bytes(int column) const;
  bool is_null(int column) const;

private:
  sqlite3_stmt *row_;
};

class State {
public:
  using Value = std::variant<int64_t, std::string>;

  /// \param fresh  makes it, and refuses where there is one; else opens it, and refuses where there
  /// is none. Also refused: a directory or a file that belongs to another user, or that others may
  /// write to; a file that is a link.
  static llvm::Expected<std::unique_ptr<State>> open(const std::string &path, bool fresh);
  ~State();

  /// All of what `work` writes is on the disk when this returns, or none of it: also where it
  /// returns an error.
  llvm::Error transact(llvm::function_ref<llvm::Error()> work);

  /// \returns how many rows were changed.
  llvm::Expected<int> run(const char *sql, const std::vector<Value> &values);
  llvm::Error select(const char *sql, const std::vector<Value> &values,
                     llvm::function_ref<void(const Row &)> each);

  /// Named values; 0 and empty where they were never set.
  llvm::Expected<int64_t> number(const char *name);
  llvm::Expected<std::string> bytes(const char *name);
  llvm::Error set(const char *name, const Value &value);

private:
  State() = default;
  llvm::Error fault();
  llvm::Error execute(const char *sql);
  sqlite3 *db_ = nullptr;
  std::string path_;
};

} // namespace nemo::authority
