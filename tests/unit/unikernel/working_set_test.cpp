// Memory that is written, and watched.
#include <vector>

#include <catch2/catch.hpp>

#include "examples/unikernel/echo/working_set.h"

using namespace unikernel;

constexpr size_t kWords = WorkingSet::kPage / sizeof(uint64_t);

TEST_CASE("every page is written, and in the end every word") {
  std::vector<uint64_t> memory(3 * kWords);
  WorkingSet set(memory);
  CHECK(set.pages() == 3);
  REQUIRE(set.write(3));
  for (size_t page = 0; page < 3; ++page)
    CHECK(memory[page * kWords] == 1);
  REQUIRE(set.write(3 * (2 * kWords - 1)));
  for (const uint64_t word : memory)
    CHECK(word > kWords);
}

TEST_CASE("a page that lost its last round is noticed") {
  std::vector<uint64_t> memory(3 * kWords);
  WorkingSet set(memory);
  REQUIRE(set.write(3 * 5));
  memory[kWords + 4] = 4; // as it was, or might have been, earlier
  CHECK(set.write(1));
  CHECK(!set.write(1));
}

TEST_CASE("without memory there is nothing to do") {
  WorkingSet set;
  CHECK(set.pages() == 0);
  CHECK(set.write(100));
}
