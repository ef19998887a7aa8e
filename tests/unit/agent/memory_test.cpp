// What a node remembers of its fleet: until when its desired state holds, over restarts, and in a
// file that is damaged.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sqlite3.h>

#include "runtime-agent/fleet/memory.h"
#include "support.h"

using namespace nemo;
using agent::fleet::Accepted;
using agent::fleet::Memory;

namespace {

constexpr int64_t issued = 1'700'000'000'000, day = 24 * 3'600'000;

Accepted statement(uint64_t generation, int64_t issued_ms, int64_t expires_ms) {
  Accepted one;
  one.mark = {1, generation, issued_ms, std::string(32, 'd')};
  one.digest = std::string(32, 's');
  one.call = "a call";
  one.expires_unix_ms = expires_ms;
  return one;
}

proto::BackendResponse delivered(uint64_t generation) {
  proto::BackendResponse response;
  response.mutable_delivered()->set_generation(generation);
  return response;
}

proto::BackendResponse refused() {
  proto::BackendResponse response;
  response.mutable_error()->set_code(proto::BackendError::CONFLICT);
  return response;
}

void run_sql(const std::string &path, const std::string &sql) {
  sqlite3 *db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

} // namespace

TEST_CASE("until when desired state holds is remembered") {
  test::TempDir dir;
  const std::string path = dir / "memory.db";
  {
    auto memory = llvm::cantFail(Memory::open(path));
    CHECK(memory->validities().empty());
    llvm::cantFail(memory->accept("web", statement(1, issued, issued + day)));
    CHECK(memory->validities().empty()); // the agent has not taken it yet
    llvm::cantFail(memory->settle("web", delivered(7)));
  }
  auto memory = llvm::cantFail(Memory::open(path));
  REQUIRE(memory->validities().count("web"));
  const proto::Validity one = memory->validities().at("web");
  CHECK(one.generation() == 7);
  CHECK(one.since_unix_ms() == issued);
  CHECK(one.until_unix_ms() == issued + day);

  SECTION("a later statement that the agent refused changes nothing") {
    llvm::cantFail(memory->accept("web", statement(2, issued + day, issued + 9 * day)));
    llvm::cantFail(memory->settle("web", refused()));
    memory.reset();
    memory = llvm::cantFail(Memory::open(path));
    CHECK(memory->accepted().at("web").mark.generation == 2);
    CHECK(memory->validities().at("web").until_unix_ms() == issued + day);
    CHECK(memory->validities().at("web").generation() == 7);
  }
  SECTION("an agent that ends before it knows what became of it finds the end again") {
    llvm::cantFail(memory->accept("web", statement(2, issued + day, issued + 9 * day)));
    memory.reset();
    memory = llvm::cantFail(Memory::open(path));
    CHECK_FALSE(memory->accepted().at("web").response);
    llvm::cantFail(memory->settle("web", delivered(7)));
    CHECK(memory->validities().at("web").until_unix_ms() == issued + 9 * day);
  }
  SECTION("what an agent from before wrote holds as long as any statement can") {
    memory.reset();
    run_sql(path, "DROP TABLE validity");
    memory = llvm::cantFail(Memory::open(path));
    CHECK(memory->validities().at("web").generation() == 7);
    CHECK(memory->validities().at("web").until_unix_ms() == issued + 90 * day);
  }
  SECTION("times that no statement has are refused, and nothing is made of them") {
    memory.reset();
    const std::string odd = GENERATE(
        as<std::string>{}, "x'ffffff'", "x''", "'text'",
        "x'18ffffffffffffffff7f20ffffffffffffffff7f'", // from the end of time to the end of time
        "x'1880808080808080808001'",                   // before all time, and no end
        "zeroblob(1000000)");
    run_sql(path, "UPDATE validity SET validity = " + odd);
    auto damaged = Memory::open(path);
    REQUIRE_FALSE(static_cast<bool>(damaged));
    CHECK_THAT(llvm::toString(damaged.takeError()), Catch::Matchers::Contains("cannot be read"));
  }
  SECTION("an issuing time that would overflow is refused") {
    memory.reset();
    run_sql(path, "UPDATE accepted SET issued = 9223372036854775807; DELETE FROM validity");
    auto damaged = Memory::open(path);
    REQUIRE_FALSE(static_cast<bool>(damaged));
    CHECK_THAT(llvm::toString(damaged.takeError()), Catch::Matchers::Contains("cannot be read"));
  }
}

TEST_CASE("a file that is cut anywhere is opened or refused, and never misread") {
  test::TempDir dir;
  const std::string whole = dir / "whole.db", cut = dir / "cut.db";
  {
    auto memory = llvm::cantFail(Memory::open(whole));
    llvm::cantFail(memory->accept("web", statement(1, issued, issued + day)));
    llvm::cantFail(memory->settle("web", delivered(7)));
  }
  const auto size = std::filesystem::file_size(whole);
  REQUIRE(size > 4096);
  for (std::uintmax_t keep = 0; keep < size; keep += 1024) {
    std::filesystem::copy_file(whole, cut, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(cut, keep);
    for (const char *rest : {"-wal", "-shm"})
      std::filesystem::remove(cut + rest);
    auto memory = Memory::open(cut);
    if (!memory) {
      CHECK_FALSE(llvm::toString(memory.takeError()).empty());
      continue;
    }
    for (const auto &[stack, one] : (*memory)->validities()) {
      CHECK(stack == "web");
      CHECK(one.until_unix_ms() == issued + day);
    }
  }
}
