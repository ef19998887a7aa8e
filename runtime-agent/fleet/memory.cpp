#include "runtime-agent/fleet/memory.h"

#include <sqlite3.h>

#include "base/error.h"
#include "runtime-agent/fleet/validity.h"

namespace nemo::agent::fleet {

namespace {

// Validities are in a table of their own, since agents from before know those columns only: of the
// part that is in force (settled), and of what was accepted and is not settled yet.
// Numbers of events come from AUTOINCREMENT, which never gives one twice, also of rows that are
// gone.
constexpr const char *schema = R"(
PRAGMA journal_mode=WAL; PRAGMA cache_size=-128; PRAGMA wal_autocheckpoint=256;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS accepted(stack TEXT PRIMARY KEY, epoch INTEGER NOT NULL, generation INTEGER NOT NULL,
  issued INTEGER NOT NULL, payload BLOB NOT NULL, digest BLOB NOT NULL, tenants BLOB NOT NULL, call BLOB NOT NULL,
  response BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS validity(stack TEXT NOT NULL, settled INTEGER NOT NULL, validity BLOB NOT NULL,
  PRIMARY KEY(stack, settled)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox(sequence INTEGER PRIMARY KEY AUTOINCREMENT, event BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS delegations(only INTEGER PRIMARY KEY CHECK(only = 0), guard BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS taken(only INTEGER PRIMARY KEY CHECK(only = 0), event INTEGER NOT NULL);
INSERT OR IGNORE INTO taken VALUES(0, 0);
COMMIT;
)";

/// More events than these are not kept: the oldest go, which receivers see by the gap in the
/// numbers.
constexpr int64_t most_events = 200'000;

std::string bytes_at(sqlite3_stmt *row, int column) {
  const auto *bytes = static_cast<const char *>(sqlite3_column_blob(row, column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(row, column)))
               : std::string();
}

void put_value(sqlite3_stmt *statement, int column, const std::string &bytes) {
  sqlite3_bind_blob(statement, column, bytes.data() ? bytes.data() : "",
                    static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}

void put_value(sqlite3_stmt *statement, int column, uint64_t number) {
  sqlite3_bind_int64(statement, column, static_cast<int64_t>(number));
}

} // namespace

llvm::Error Memory::fault() {
  return failure("what this node remembers of its fleet, {}: {}", path_,
                 db_ ? sqlite3_errmsg(db_) : "out of memory");
}

llvm::Expected<std::unique_ptr<Memory>> Memory::open(const std::string &path) {
  std::unique_ptr<Memory> memory(new Memory);
  memory->path_ = path;
  if (sqlite3_open_v2(path.c_str(), &memory->db_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK)
    return memory->fault();
  sqlite3_busy_timeout(memory->db_, 1000);
  if (sqlite3_exec(memory->db_, schema, nullptr, nullptr, nullptr) != SQLITE_OK)
    return memory->fault();
  if (auto error = memory->load())
    return error;
  return memory;
}

Memory::~Memory() { sqlite3_close_v2(db_); }

llvm::Error Memory::run(const char *sql, llvm::function_ref<void(sqlite3_stmt *)> fill,
                        llvm::function_ref<void(sqlite3_stmt *)> row) {
  sqlite3_stmt *statement = nullptr;
  if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK)
    return fault();
  fill(statement);
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW)
    row(statement);
  llvm::Error error = code == SQLITE_DONE ? llvm::Error::success() : fault();
  sqlite3_finalize(statement);
  return error;
}

llvm::Error Memory::transact(llvm::function_ref<llvm::Error()> work, On on) {
  auto execute = [this](const char *sql) {
    return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  };
  if (!execute(on == On::disk ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL") ||
      !execute("BEGIN IMMEDIATE"))
    return fault();
  llvm::Error error = work();
  if (!error && execute("COMMIT"))
    return error;
  if (!error)
    error = fault();
  execute("ROLLBACK");
  return error;
}

llvm::Error Memory::load() {
  bool whole = true;
  auto nothing = [](sqlite3_stmt *) {};
  if (auto error = run("SELECT event FROM taken", nothing, [&](sqlite3_stmt *row) {
        last_event_ = static_cast<uint64_t>(sqlite3_column_int64(row, 0));
      }))
    return error;
  if (auto error = run("SELECT stack, epoch, generation, issued, payload, digest, tenants, call, "
                       "response FROM accepted",
                       nothing, [&](sqlite3_stmt *row) {
                         Accepted one;
                         one.mark = {static_cast<uint64_t>(sqlite3_column_int64(row, 1)),
                                     static_cast<uint64_t>(sqlite3_column_int64(row, 2)),
                                     sqlite3_column_int64(row, 3), bytes_at(row, 4)};
                         one.digest = bytes_at(row, 5);
                         proto::DesiredState tenants;
                         whole &= one.mark.digest.size() == 32 &&
                                  tenants.ParseFromString(bytes_at(row, 6));
                         one.tenants.assign(tenants.tenants().begin(), tenants.tenants().end());
                         one.call = bytes_at(row, 7);
                         if (sqlite3_column_type(row, 8) != SQLITE_NULL)
                           whole &= one.response.emplace().ParseFromString(bytes_at(row, 8));
                         accepted_[bytes_at(row, 0)] = std::move(one);
                       }))
    return error;
  if (auto error = load_validities(whole))
    return error;
  std::string guard;
  if (auto error = run("SELECT guard FROM delegations", nothing,
                       [&](sqlite3_stmt *row) { guard = bytes_at(row, 0); }))
    return error;
  auto delegations = trust::Guard::from_bytes(guard);
  if (!delegations)
    return delegations.takeError();
  delegations_ = std::move(*delegations);
  return whole ? llvm::Error::success()
               : failure("{} holds what cannot be read. Move it away, and have an operator apply "
                         "with a higher epoch.",
                         path_);
}

llvm::Error Memory::load_validities(bool &whole) {
  if (auto error = run(
          "SELECT stack, settled, validity FROM validity", [](sqlite3_stmt *) {},
          [&](sqlite3_stmt *row) {
            const std::string stack = bytes_at(row, 0);
            proto::Validity one;
            const bool good = one.ParseFromString(bytes_at(row, 2)) && is_whole(one);
            whole &= good;
            if (!good)
              return;
            if (sqlite3_column_int64(row, 1) != 0)
              validities_[stack] = std::move(one);
            else if (const auto found = accepted_.find(stack);
                     found != accepted_.end() &&
                     found->second.mark.issued_unix_ms == one.since_unix_ms())
              found->second.expires_unix_ms = one.until_unix_ms();
          }))
    return error;
  for (auto &[stack, one] : accepted_) {
    const uint64_t generation = one.response ? one.response->delivered().generation() : 0;
    // The issuing time of a good statement is far from where this could overflow.
    whole &= one.mark.issued_unix_ms >= 0 && one.mark.issued_unix_ms < INT64_MAX / 2;
    if (!whole)
      break;
    const proto::Validity otherwise = longest(generation, one.mark.issued_unix_ms);
    if (one.expires_unix_ms == 0)
      one.expires_unix_ms = otherwise.until_unix_ms();
    if (generation != 0 && validities_[stack].generation() != generation)
      validities_[stack] = otherwise;
  }
  return llvm::Error::success();
}

llvm::Error Memory::write(const std::string &stack, bool settled, const proto::Validity &validity) {
  return run("INSERT OR REPLACE INTO validity VALUES(?,?,?)", [&](sqlite3_stmt *statement) {
    sqlite3_bind_text(statement, 1, stack.data(), static_cast<int>(stack.size()), SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 2, settled);
    put_value(statement, 3, validity.SerializeAsString());
  });
}

llvm::Error Memory::write(const std::string &stack, const Accepted &accepted) {
  return run("INSERT OR REPLACE INTO accepted VALUES(?,?,?,?,?,?,?,?,?)",
             [&](sqlite3_stmt *statement) {
               sqlite3_bind_text(statement, 1, stack.data(), static_cast<int>(stack.size()),
                                 SQLITE_TRANSIENT);
               put_value(statement, 2, accepted.mark.epoch);
               put_value(statement, 3, accepted.mark.generation);
               sqlite3_bind_int64(statement, 4, accepted.mark.issued_unix_ms);
               put_value(statement, 5, accepted.mark.digest);
               put_value(statement, 6, accepted.digest);
               proto::DesiredState tenants;
               for (const std::string &one : accepted.tenants)
                 tenants.add_tenants(one);
               put_value(statement, 7, tenants.SerializeAsString());
               put_value(statement, 8, accepted.call);
               if (accepted.response)
                 put_value(statement, 9, accepted.response->SerializeAsString());
             });
}

llvm::Error Memory::accept(const std::string &stack, Accepted accepted) {
  proto::Validity validity;
  validity.set_since_unix_ms(accepted.mark.issued_unix_ms);
  validity.set_until_unix_ms(accepted.expires_unix_ms);
  if (auto error = transact([&]() -> llvm::Error {
        if (auto failed = write(stack, accepted))
          return failed;
        return write(stack, /*settled=*/false, validity);
      }))
    return error;
  accepted_[stack] = std::move(accepted);
  return llvm::Error::success();
}

llvm::Error Memory::settle(const std::string &stack, proto::BackendResponse response) {
  Accepted next = accepted_.at(stack);
  next.call.clear();
  next.response = std::move(response);
  std::optional<proto::Validity> validity;
  if (next.response->has_delivered()) {
    validity.emplace().set_generation(next.response->delivered().generation());
    validity->set_since_unix_ms(next.mark.issued_unix_ms);
    validity->set_until_unix_ms(next.expires_unix_ms);
  }
  if (auto error = transact(
          [&]() -> llvm::Error {
            if (auto failed = write(stack, next))
              return failed;
            return validity ? write(stack, /*settled=*/true, *validity) : llvm::Error::success();
          },
          On::kernel))
    return error;
  accepted_[stack] = std::move(next);
  if (validity)
    validities_[stack] = std::move(*validity);
  return llvm::Error::success();
}

llvm::Error Memory::admit_delegation(const std::string &controller, const trust::Mark &mark) {
  trust::Guard next = delegations_;
  if (auto error = next.admit(proto::Signed::DELEGATION, controller, mark))
    return error;
  if (next == delegations_)
    return llvm::Error::success();
  if (auto error = transact([&] {
        return run("INSERT OR REPLACE INTO delegations VALUES(0, ?)",
                   [&](sqlite3_stmt *row) { put_value(row, 1, next.to_bytes()); });
      }))
    return error;
  delegations_ = std::move(next);
  return llvm::Error::success();
}

llvm::Error Memory::keep(const std::vector<proto::Event> &events) {
  if (events.empty())
    return llvm::Error::success();
  const uint64_t last = events.back().sequence();
  if (auto error = transact([&]() -> llvm::Error {
        for (const proto::Event &event : events)
          if (auto failed = run("INSERT INTO outbox(event) VALUES(?)", [&](sqlite3_stmt *row) {
                put_value(row, 1, event.SerializeAsString());
              }))
            return failed;
        if (auto failed = run("DELETE FROM outbox WHERE sequence <= "
                              "(SELECT max(sequence) FROM outbox) - ?",
                              [](sqlite3_stmt *row) { sqlite3_bind_int64(row, 1, most_events); }))
          return failed;
        return run("UPDATE taken SET event = ?",
                   [&](sqlite3_stmt *row) { put_value(row, 1, last); });
      }))
    return error;
  last_event_ = last;
  return llvm::Error::success();
}

llvm::Expected<proto::NodeEvents> Memory::waiting(uint64_t up_to, int most, size_t bytes) {
  proto::NodeEvents events;
  size_t size = 0;
  bool whole = true;
  if (auto error = run(
          "SELECT sequence, event FROM outbox WHERE sequence <= ? ORDER BY sequence LIMIT ?",
          [&](sqlite3_stmt *row) {
            sqlite3_bind_int64(row, 1, static_cast<int64_t>(std::min<uint64_t>(up_to, INT64_MAX)));
            sqlite3_bind_int64(row, 2, most);
          },
          [&](sqlite3_stmt *row) {
            if (size > bytes)
              return;
            proto::NodeEvents::One &one = *events.add_events();
            one.set_sequence(static_cast<uint64_t>(sqlite3_column_int64(row, 0)));
            whole &= one.mutable_event()->ParseFromString(bytes_at(row, 1));
            size += one.ByteSizeLong();
          }))
    return error;
  if (!whole)
    return failure("{} holds an event that cannot be read", path_);
  return events;
}

llvm::Error Memory::drop_events(uint64_t up_to) {
  return transact(
      [&] {
        return run("DELETE FROM outbox WHERE sequence <= ?",
                   [&](sqlite3_stmt *row) { put_value(row, 1, up_to); });
      },
      On::kernel);
}

} // namespace nemo::agent::fleet
