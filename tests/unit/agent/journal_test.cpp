// What was written is there after the writer was killed, and what was not finished is not.
#include <catch2/catch.hpp>

#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime-agent/core/journal.h"
#include "support.h"

using namespace nemo;
using namespace nemo::agent;

namespace {

StoredPart stored(const std::string &stack, uint64_t generation) {
  StoredPart part;
  part.part.set_stack(stack);
  part.generation = generation;
  part.holder = "h";
  return part;
}

Record record() {
  Record one;
  one.key = {"s", "w", 3, "ab"};
  one.instance.set_workload("w");
  one.phase = Phase::backoff;
  one.pid = 42;
  one.ports = {{"http", 20001}, {"admin", 20002}};
  one.exit_code = 9;
  one.until = 77;
  one.admitted = true;
  return one;
}

} // namespace

TEST_CASE("a journal survives its writer's death in the middle of a batch") {
  test::TempDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    auto journal = llvm::cantFail(Journal::open(dir / "j.db"));
    llvm::cantFail(journal->write([&](Journal::Batch &batch) {
      batch.put(stored("s", 5));
      batch.put(record());
      batch.put(ReplicaKey{"s", "w", 3}, Identity{"uid", 7});
    }));
    llvm::consumeError(journal->write([&](Journal::Batch &batch) {
      batch.put(stored("other", 6));
      ::_exit(0);
    }));
  }
  ::waitpid(child, nullptr, 0);
  auto journal = Journal::open(dir / "j.db");
  REQUIRE(static_cast<bool>(journal));
  auto contents = (*journal)->read();
  REQUIRE(static_cast<bool>(contents));
  CHECK(contents->generation == 5);
  CHECK(contents->parts.size() == 1);
  CHECK(contents->identities.at({"s", "w", 3}).slot == 7);
  const Record &back = contents->records.at(record().key);
  CHECK(back.ports == record().ports);
  CHECK(back.exit_code == 9);
  CHECK(back.until == Ticks{77});
  CHECK((back.phase == Phase::backoff && back.admitted && !back.killed));
}

TEST_CASE("a journal knows whose a machine is, and for ever what was taken") {
  test::TempDir dir;
  Record one = record();
  const Move move{"00ff", "gw2"};
  {
    auto journal = llvm::cantFail(Journal::open(dir / "j.db"));
    one.phase = Phase::given;
    one.move = move;
    llvm::cantFail(journal->write([&](Journal::Batch &batch) { batch.put(one); }));
  }
  {
    auto journal = llvm::cantFail(Journal::open(dir / "j.db"));
    const Record back = llvm::cantFail(journal->read()).records.at(one.key);
    CHECK(back.phase == Phase::given);
    CHECK(back.move == move);
    CHECK_FALSE(llvm::cantFail(journal->taken(move.id)));
    one.move.reset();
    llvm::cantFail(journal->write([&](Journal::Batch &batch) {
      batch.put(one);
      batch.put_taken(move);
    }));
    CHECK_FALSE(llvm::cantFail(journal->read()).records.at(one.key).move);
    llvm::cantFail(journal->write([&](Journal::Batch &batch) { batch.drop(one.key); }));
  }
  auto journal = llvm::cantFail(Journal::open(dir / "j.db"));
  CHECK(llvm::cantFail(journal->read()).records.empty());
  CHECK(llvm::cantFail(journal->taken(move.id)));
  CHECK_FALSE(llvm::cantFail(journal->taken("00fe")));
}

TEST_CASE("what is no journal is refused in words and left alone") {
  test::TempDir dir;
  const std::string text(8192, 'x');
  std::ofstream(dir / "j.db") << text;
  auto journal = Journal::open(dir / "j.db");
  REQUIRE(!journal);
  CHECK(llvm::toString(journal.takeError()).find("is damaged") != std::string::npos);
  std::ifstream file(dir / "j.db");
  CHECK(std::string((std::istreambuf_iterator<char>(file)), {}) == text);
}
