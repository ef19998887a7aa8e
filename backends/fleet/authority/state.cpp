#include "backends/fleet/authority/state.h"

#include <cerrno>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Path.h"

#include "base/error.h"

namespace nemo::authority {

namespace {

constexpr int application_id = 0x6e656361; // "neca"
constexpr int schema_version = 3;

constexpr const char *schema = R"(
CREATE TABLE facts(name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE roots(key_id TEXT PRIMARY KEY, certificate TEXT NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE bundles(sequence INTEGER NOT NULL, root TEXT NOT NULL, statement TEXT NOT NULL, PRIMARY KEY(sequence, root))
  WITHOUT ROWID;
CREATE TABLE tokens(id TEXT PRIMARY KEY, digest TEXT NOT NULL, member TEXT NOT NULL, expires INTEGER NOT NULL,
  used TEXT) WITHOUT ROWID;
CREATE TABLE certified(key_id TEXT PRIMARY KEY, member TEXT NOT NULL, hosts TEXT NOT NULL, expires INTEGER NOT NULL,
  begins INTEGER NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX certified_member ON certified(member);
CREATE TABLE revoked_keys(key_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE revoked_members(member TEXT PRIMARY KEY, issued_before INTEGER NOT NULL, until INTEGER NOT NULL)
  WITHOUT ROWID;
)";

/// Who can write here says who is certified. `unwanted`: permissions.
llvm::Error check_owner(const std::string &path, bool directory, mode_t unwanted) {
  struct stat status {};
  if ((directory ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status)) != 0)
    return system_failure(errno, "the authority's state {}", path);
  if (directory ? !S_ISDIR(status.st_mode) : !S_ISREG(status.st_mode))
    return failure("the authority's state {} is no {}", path,
                   directory ? "directory" : "regular file");
  if (status.st_uid != ::geteuid())
    return failure("the authority's state {} belongs to user {}, not to the user {} that opens it: "
                   "run as its owner",
                   path, status.st_uid, ::geteuid());
  if ((status.st_mode & unwanted) != 0)
    return failure(
        "the authority's state {} has mode {:04o}: others may have changed it. If nobody "
        "did, chmod {} it",
        path, status.st_mode & 07777, directory ? "700" : "600");
  return llvm::Error::success();
}

} // namespace

int64_t Row::number(int column) const { return sqlite3_column_int64(row_, column); }
bool Row::is_null(int column) const { return sqlite3_column_type(row_, column) == SQLITE_NULL; }
std::string Row::bytes(int column) const {
  const auto *bytes = static_cast<const char *>(sqlite3_column_blob(row_, column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(row_, column)))
               : std::string();
}

llvm::Error State::fault() {
  return failure("the authority's state {}: {}", path_,
                 db_ ? sqlite3_errmsg(db_) : "out of memory");
}

llvm::Error State::execute(const char *sql) {
  return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? llvm::Error::success()
                                                                        : fault();
}

llvm::Expected<std::unique_ptr<State>> State::open(const std::string &path, bool fresh) {
  std::unique_ptr<State> state(new State);
  state->path_ = path;
  const std::string directory = llvm::sys::path::parent_path(path).str();
  if (auto error = check_owner(directory.empty() ? "." : directory, /*directory=*/true, 0022))
    return error;
  if (fresh) {
    // SQLite gives its other files the mode of this one.
    const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0)
      return system_failure(errno, "the authority's state {}", path);
    ::close(made);
  }
  if (auto error = check_owner(path, /*directory=*/false, 0077))
    return error;
  if (sqlite3_open_v2(path.c_str(), &state->db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK)
    return state->fault();
  sqlite3_busy_timeout(state->db_, 10'000);
  if (auto error = state->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"))
    return error;
  if (fresh) {
    const std::string marks = fmt::format("PRAGMA application_id={}; PRAGMA user_version={};",
                                          application_id, schema_version);
    if (auto error = state->transact([&]() -> llvm::Error {
          if (auto failed = state->execute(schema))
            return failed;
          return state->execute(marks.c_str());
        }))
      return error;
    return state;
  }
  int64_t application = 0, version = 0;
  if (auto error = state->select("SELECT application_id, user_version FROM pragma_application_id, "
                                 "pragma_user_version",
                                 {}, [&](const Row &row) {
                                   application = row.number(0);
                                   version = row.number(1);
                                 }))
    return error;
  if (application != application_id || version != schema_version)
    return failure("{} is not an authority's state of this version", path);
  return state;
}

State::~State() {
  if (db_)
    sqlite3_close_v2(db_);
}

llvm::Error State::transact(llvm::function_ref<llvm::Error()> work) {
  if (auto error = execute("BEGIN IMMEDIATE"))
    return error;
  llvm::Error error = work();
  if (!error)
    error = execute("COMMIT");
  if (error)
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  return error;
}

llvm::Error State::select(const char *sql, const std::vector<Value> &values,
                          llvm::function_ref<void(const Row &)> each) {
  sqlite3_stmt *statement = nullptr;
  if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK)
    return fault();
  auto finalized = llvm::make_scope_exit([&] { sqlite3_finalize(statement); });
  int column = 0;
  for (const Value &value : values) {
    ++column;
    if (const auto *number = std::get_if<int64_t>(&value))
      sqlite3_bind_int64(statement, column, *number);
    else
      sqlite3_bind_text(statement, column, std::get<std::string>(value).data(),
                        static_cast<int>(std::get<std::string>(value).size()), SQLITE_STATIC);
  }
  int code = 0;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW)
    each(Row(statement));
  return code == SQLITE_DONE ? llvm::Error::success() : fault();
}

llvm::Expected<int> State::run(const char *sql, const std::vector<Value> &values) {
  if (auto error = select(sql, values, [](const Row &) {}))
    return error;
  return sqlite3_changes(db_);
}

llvm::Expected<int64_t> State::number(const char *name) {
  int64_t value = 0;
  if (auto error = select("SELECT value FROM facts WHERE name=?", {std::string(name)},
                          [&](const Row &row) { value = row.number(0); }))
    return error;
  return value;
}

llvm::Expected<std::string> State::bytes(const char *name) {
  std::string value;
  if (auto error = select("SELECT value FROM facts WHERE name=?", {std::string(name)},
                          [&](const Row &row) { value = row.bytes(0); }))
    return error;
  return value;
}

llvm::Error State::set(const char *name, const Value &value) {
  return run("INSERT OR REPLACE INTO facts VALUES(?,?)", {std::string(name), value}).takeError();
}

} // namespace nemo::authority
