#include <catch2/catch.hpp>

#include "backends/fleet/number.h"
#include "protocol/trust/guard.h"

using namespace nemo;
using backends::fleet::Accepted;
using backends::fleet::next_number;
using backends::fleet::Number;

namespace {
/// What a node does with a number that it is shown.
bool takes(const Accepted &accepted, const Number &next) {
  trust::Mark last, mark{next.epoch, next.generation, 1, std::string(32, 'n')};
  if (accepted.number)
    last = {accepted.number->epoch, accepted.number->generation, 0, std::string(32, 'l')};
  auto error = trust::may_follow(last, mark);
  const bool good = !error;
  llvm::consumeError(std::move(error));
  return good;
}
} // namespace

TEST_CASE("who leads delivers in its term, others in the epoch that there is") {
  const Accepted nothing{true, {}}, some{true, Number{3, 7}};
  CHECK(next_number(nothing, {}, {}) == Number{1, 1});
  CHECK(next_number(some, {}, {}) == Number{3, 8});
  CHECK(next_number(some, Number{3, 9}, {}) == Number{3, 10});
  CHECK(next_number(some, Number{3, 9}, 3) == Number{3, 10});
  CHECK(next_number(some, Number{3, 9}, 5) == Number{5, 1});
  CHECK(next_number(some, Number{6, 1}, 5) == std::nullopt);
  CHECK(next_number(Accepted{}, Number{6, 1}, 9) == Number{6, 2}); // a node that is silent
}

TEST_CASE("a node that misses deliveries can take a later one, however far the term is") {
  const Accepted behind{true, Number{3, 7}};
  const uint64_t far = uint64_t{1} << 39;
  std::optional<Number> stored;
  for (int i = 0; i < 5; ++i) {
    const auto next = next_number(behind, stored, far);
    REQUIRE(next);
    CHECK(takes(behind, *next));
    if (stored)
      CHECK(*next > *stored);
    stored = next;
  }
  // What lies there was never to be taken, and is replaced.
  const auto next = next_number(behind, Number{far, 1}, far);
  REQUIRE(next);
  CHECK(takes(behind, *next));
}

TEST_CASE("no claim of a node makes numbers wrap") {
  const Accepted liar{true, Number{UINT64_MAX, UINT64_MAX}};
  CHECK(next_number(liar, {}, 5) == std::nullopt);
  CHECK(next_number(liar, {}, {}) == std::nullopt);
}
