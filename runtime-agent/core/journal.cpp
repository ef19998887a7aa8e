#include "runtime-agent/core/journal.h"

#include <variant>

#include <sqlite3.h>

#include <fmt/format.h>

#include "base/error.h"

namespace nemo::agent {

namespace {

constexpr int schema_version = 1;
constexpr int application_id = 0x6e656d6f; // "nemo"

constexpr const char *schema = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE parts(stack TEXT PRIMARY KEY, generation INTEGER NOT NULL, holder TEXT NOT NULL, part BLOB NOT NULL);
CREATE TABLE replicas(stack TEXT, workload TEXT, replica INTEGER, uid TEXT NOT NULL, slot INTEGER NOT NULL,
  PRIMARY KEY(stack, workload, replica)) WITHOUT ROWID;
CREATE TABLE instances(stack TEXT, workload TEXT, replica INTEGER, revision TEXT, instance BLOB NOT NULL,
  phase INTEGER NOT NULL, pid INTEGER NOT NULL, start_time INTEGER NOT NULL, boot TEXT NOT NULL, address TEXT NOT NULL,
  ports TEXT NOT NULL, restarts INTEGER NOT NULL, streak INTEGER NOT NULL, exit_code INTEGER, reason TEXT NOT NULL,
  started_unix_ms INTEGER NOT NULL, started INTEGER NOT NULL, until INTEGER, admitted INTEGER NOT NULL,
  killed INTEGER NOT NULL, healthy INTEGER NOT NULL, PRIMARY KEY(stack, workload, replica, revision)) WITHOUT ROWID;
INSERT INTO meta VALUES('generation', 0), ('opened', 0);
)";

/// Of later versions; older ones do not know of it and go on.
constexpr const char *moves_schema = R"(
CREATE TABLE IF NOT EXISTS moves(stack TEXT, workload TEXT, replica INTEGER, revision TEXT, id TEXT NOT NULL,
  node TEXT NOT NULL, PRIMARY KEY(stack, workload, replica, revision)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken(id TEXT PRIMARY KEY, node TEXT NOT NULL) WITHOUT ROWID;
)";

std::string to_text(const std::vector<PortUse> &ports) {
  std::string text;
  for (const PortUse &port : ports)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", port.name, port.number);
  return text;
}

std::vector<PortUse> ports_from(llvm::StringRef text) {
  std::vector<PortUse> ports;
  while (!text.empty()) {
    const auto [entry, rest] = text.split(',');
    const auto [name, number] = entry.rsplit('=');
    PortUse port{name.str(), 0};
    if (!number.getAsInteger(10, port.number))
      ports.push_back(std::move(port));
    text = rest;
  }
  return ports;
}

std::string text_at(sqlite3_stmt *row, int column) {
  const auto *bytes = static_cast<const char *>(sqlite3_column_blob(row, column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(row, column)))
               : std::string();
}

} // namespace

struct Journal::Value : std::variant<std::monostate, int64_t, std::string> {
  using variant::variant;
  template <typename T> static Value maybe(const std::optional<T> &value) {
    return value ? Value(static_cast<int64_t>(*value)) : Value();
  }
};

llvm::Error Journal::fault(const char *doing) {
  const int code = db_ ? sqlite3_errcode(db_) : SQLITE_NOMEM;
  const std::string said = db_ ? sqlite3_errmsg(db_) : "out of memory";
  switch (code & 0xff) {
  case SQLITE_FULL:
    return failure("The agent's journal {} cannot be written: the disk is full. Free some space; "
                   "nothing that was "
                   "acknowledged is lost.",
                   path_);
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
    return failure("The agent's journal {} cannot be opened for writing: {}. Give the agent's user "
                   "write permission to the "
                   "directory, or name another with --state.",
                   path_, said);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return failure("The agent's journal {} is damaged: {}. Restore it from a backup, or move it "
                   "away and apply the stacks of "
                   "this node again.",
                   path_, said);
  case SQLITE_BUSY:
    return failure("The agent's journal {} is held by another process. Only one agent may use a "
                   "state directory.",
                   path_);
  default:
    return failure("The agent's journal {}: {} failed: {}.", path_, doing, said);
  }
}

llvm::Error Journal::execute(const char *sql) {
  return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? llvm::Error::success()
                                                                        : fault("writing");
}

llvm::Expected<std::unique_ptr<Journal>> Journal::open(const std::string &path) {
  std::unique_ptr<Journal> journal(new Journal);
  journal->path_ = path;
  if (sqlite3_open_v2(path.c_str(), &journal->db_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK)
    return journal->fault("opening");
  sqlite3_extended_result_codes(journal->db_, 1);
  sqlite3_busy_timeout(journal->db_, 1000);
  if (auto error = journal->execute(
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-256;"
          "PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=256;"))
    return error;
  int64_t version = 0, application = 0;
  std::string integrity;
  if (auto error = journal->select("PRAGMA user_version", [&](sqlite3_stmt *row) {
        version = sqlite3_column_int64(row, 0);
        return true;
      }))
    return error;
  if (auto error = journal->select("PRAGMA application_id", [&](sqlite3_stmt *row) {
        application = sqlite3_column_int64(row, 0);
        return true;
      }))
    return error;
  if (version > schema_version)
    return failure("The agent's journal {} was written by a newer agent (version {}; this one "
                   "knows {}). Start that agent, or "
                   "name another directory with --state.",
                   path, version, schema_version);
  if (version == 0) {
    if (auto error = journal->execute("BEGIN IMMEDIATE"))
      return error;
    if (auto error = journal->execute(schema))
      return error;
    if (auto error =
            journal->execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}; COMMIT",
                                         application_id, schema_version)
                                 .c_str()))
      return error;
  } else if (application != application_id) {
    return failure("{} is a database of another program. Name another directory with --state.",
                   path);
  }
  if (auto error = journal->execute(moves_schema))
    return error;
  if (auto error = journal->select("PRAGMA quick_check(1)", [&](sqlite3_stmt *row) {
        integrity = text_at(row, 0);
        return true;
      }))
    return error;
  if (integrity != "ok")
    return failure("The agent's journal {} is damaged: {}. Restore it from a backup, or move it "
                   "away and apply the stacks of "
                   "this node again.",
                   path, integrity);
  // Said before anything is promised: this disk can be written.
  if (auto error = journal->execute("UPDATE meta SET value = value + 1 WHERE key = 'opened'"))
    return error;
  return journal;
}

Journal::~Journal() {
  for (auto &[sql, statement] : prepared_)
    sqlite3_finalize(statement);
  if (db_)
    sqlite3_close_v2(db_);
}

llvm::Error Journal::select(const char *sql, llvm::function_ref<bool(sqlite3_stmt *)> row,
                            const std::string &first) {
  sqlite3_stmt *statement = nullptr;
  if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK)
    return fault("reading");
  if (!first.empty())
    sqlite3_bind_text(statement, 1, first.data(), static_cast<int>(first.size()), SQLITE_TRANSIENT);
  int code = SQLITE_ROW;
  bool whole = true;
  while (whole && (code = sqlite3_step(statement)) == SQLITE_ROW)
    whole = row(statement);
  llvm::Error error = llvm::Error::success();
  if (!whole)
    error = failure("The agent's journal {} holds a record that cannot be read. Restore it from a "
                    "backup, or move it away and "
                    "apply the stacks of this node again.",
                    path_);
  else if (code != SQLITE_DONE)
    error = fault("reading");
  sqlite3_finalize(statement);
  return error;
}

llvm::Expected<Journal::Contents> Journal::read() {
  Contents contents;
  if (auto error = select("SELECT value FROM meta WHERE key='generation'", [&](sqlite3_stmt *row) {
        contents.generation = static_cast<uint64_t>(sqlite3_column_int64(row, 0));
        return true;
      }))
    return error;
  if (auto error = select("SELECT generation, holder, part FROM parts", [&](sqlite3_stmt *row) {
        StoredPart stored;
        stored.generation = static_cast<uint64_t>(sqlite3_column_int64(row, 0));
        stored.holder = text_at(row, 1);
        const bool whole = stored.part.ParseFromString(text_at(row, 2));
        contents.parts[stored.part.stack()] = std::move(stored);
        return whole;
      }))
    return error;
  if (auto error = select(
          "SELECT stack, workload, replica, uid, slot FROM replicas", [&](sqlite3_stmt *row) {
            contents.identities[{text_at(row, 0), text_at(row, 1),
                                 static_cast<uint32_t>(sqlite3_column_int64(row, 2))}] = {
                text_at(row, 3), static_cast<uint32_t>(sqlite3_column_int64(row, 4))};
            return true;
          }))
    return error;
  if (auto error = select(
          "SELECT stack, workload, replica, revision, instance, phase, pid, start_time, boot, "
          "address, ports, restarts, streak,"
          " exit_code, reason, started_unix_ms, started, until, admitted, killed, healthy FROM "
          "instances",
          [&](sqlite3_stmt *row) {
            auto number = [&](int column) { return sqlite3_column_int64(row, column); };
            auto null = [&](int column) { return sqlite3_column_type(row, column) == SQLITE_NULL; };
            Record record;
            record.key = {text_at(row, 0), text_at(row, 1), static_cast<uint32_t>(number(2)),
                          text_at(row, 3)};
            const bool whole = record.instance.ParseFromString(text_at(row, 4)) && number(5) >= 0 &&
                               number(5) <= static_cast<int64_t>(Phase::arriving);
            record.phase = static_cast<Phase>(number(5));
            record.pid = static_cast<pid_t>(number(6));
            record.start_time = static_cast<uint64_t>(number(7));
            record.boot = text_at(row, 8);
            record.address = text_at(row, 9);
            record.ports = ports_from(text_at(row, 10));
            record.restarts = static_cast<uint32_t>(number(11));
            record.streak = static_cast<uint32_t>(number(12));
            if (!null(13))
              record.exit_code = static_cast<int>(number(13));
            record.reason = text_at(row, 14);
            record.started_unix_ms = number(15);
            record.started = number(16);
            if (!null(17))
              record.until = number(17);
            record.admitted = number(18) != 0;
            record.killed = number(19) != 0;
            record.healthy = number(20) != 0;
            contents.records[record.key] = std::move(record);
            return whole;
          }))
    return error;
  if (auto error = select(
          "SELECT stack, workload, replica, revision, id, node FROM moves", [&](sqlite3_stmt *row) {
            const auto record = contents.records.find(
                {text_at(row, 0), text_at(row, 1),
                 static_cast<uint32_t>(sqlite3_column_int64(row, 2)), text_at(row, 3)});
            if (record != contents.records.end())
              record->second.move = Move{text_at(row, 4), text_at(row, 5)};
            return true;
          }))
    return error;
  return contents;
}

llvm::Expected<bool> Journal::taken(const std::string &move) {
  bool found = false;
  if (auto error = select(
          "SELECT 1 FROM taken WHERE id=?",
          [&](sqlite3_stmt *) {
            found = true;
            return true;
          },
          move))
    return error;
  return found;
}

void Journal::run(const char *sql, std::vector<Value> values) {
  if (failed_ != 0)
    return;
  sqlite3_stmt *&statement = prepared_[sql];
  if (!statement && sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                                       nullptr) != SQLITE_OK) {
    failed_ = sqlite3_errcode(db_);
    return;
  }
  int column = 0;
  for (const Value &value : values) {
    ++column;
    if (const auto *number = std::get_if<int64_t>(&value))
      sqlite3_bind_int64(statement, column, *number);
    else if (const auto *text = std::get_if<std::string>(&value))
      sqlite3_bind_text(statement, column, text->data(), static_cast<int>(text->size()),
                        SQLITE_TRANSIENT);
    else
      sqlite3_bind_null(statement, column);
  }
  if (sqlite3_step(statement) != SQLITE_DONE)
    failed_ = sqlite3_errcode(db_);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

llvm::Error Journal::write(llvm::function_ref<void(Batch &)> fill) {
  if (auto error = execute("BEGIN IMMEDIATE"))
    return error;
  failed_ = 0;
  Batch batch(*this);
  fill(batch);
  if (failed_ == 0 && sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK)
    return llvm::Error::success();
  llvm::Error error = fault("writing");
  sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  failed_ = 0;
  return error;
}

void Journal::Batch::put(const StoredPart &part) {
  const auto generation = static_cast<int64_t>(part.generation);
  journal_.run("INSERT OR REPLACE INTO parts VALUES(?,?,?,?)",
               {part.part.stack(), generation, part.holder, part.part.SerializeAsString()});
  journal_.run("UPDATE meta SET value=max(value,?) WHERE key='generation'", {generation});
}

void Journal::Batch::drop_part(const std::string &stack) {
  journal_.run("DELETE FROM parts WHERE stack=?", {stack});
}

void Journal::Batch::put(const Record &record) {
  journal_.run("INSERT OR REPLACE INTO instances VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
               {record.key.stack,
                record.key.workload,
                int64_t{record.key.replica},
                record.key.revision,
                record.instance.SerializeAsString(),
                static_cast<int64_t>(record.phase),
                int64_t{record.pid},
                static_cast<int64_t>(record.start_time),
                record.boot,
                record.address,
                to_text(record.ports),
                int64_t{record.restarts},
                int64_t{record.streak},
                Value::maybe(record.exit_code),
                record.reason,
                record.started_unix_ms,
                int64_t{record.started},
                Value::maybe(record.until),
                int64_t{record.admitted},
                int64_t{record.killed},
                int64_t{record.healthy}});
  if (record.move)
    journal_.run("INSERT OR REPLACE INTO moves VALUES(?,?,?,?,?,?)",
                 {record.key.stack, record.key.workload, int64_t{record.key.replica},
                  record.key.revision, record.move->id, record.move->node});
  else
    drop_move(record.key);
}

void Journal::Batch::put_taken(const Move &move) {
  journal_.run("INSERT OR REPLACE INTO taken VALUES(?,?)", {move.id, move.node});
}

void Journal::Batch::drop_move(const Key &key) {
  journal_.run("DELETE FROM moves WHERE stack=? AND workload=? AND replica=? AND revision=?",
               {key.stack, key.workload, int64_t{key.replica}, key.revision});
}

void Journal::Batch::drop(const Key &key) {
  drop_move(key);
  journal_.run("DELETE FROM instances WHERE stack=? AND workload=? AND replica=? AND revision=?",
               {key.stack, key.workload, int64_t{key.replica}, key.revision});
}

void Journal::Batch::put(const ReplicaKey &replica, const Identity &identity) {
  const auto &[stack, workload, number] = replica;
  journal_.run("INSERT OR REPLACE INTO replicas VALUES(?,?,?,?,?)",
               {stack, workload, int64_t{number}, identity.uid, int64_t{identity.slot}});
}

void Journal::Batch::drop(const ReplicaKey &replica) {
  const auto &[stack, workload, number] = replica;
  journal_.run("DELETE FROM replicas WHERE stack=? AND workload=? AND replica=?",
               {stack, workload, int64_t{number}});
}

} // namespace nemo::agent
