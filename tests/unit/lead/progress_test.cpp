// A leader that gets nothing done gives others the lead: in simulated time, a second at a time.
#include <catch2/catch.hpp>

#include "orchestrator/lead/progress.h"

using namespace nemo::lead;
using namespace std::chrono_literals;

namespace {

enum class Round { well, fails, hangs };

struct Course {
  Ms now = 1'000s;
  Progress progress{now};
  Stand last = Stand::first;

  /// One second. \returns how it stands at its end.
  Stand second(bool leads, Round round) {
    now += 1s;
    if (round != Round::hangs)
      progress.round(round == Round::well, now);
    return last = progress.stand(leads, now);
  }
  void run(int seconds, bool leads, Round round) {
    for (int i = 0; i < seconds; ++i)
      second(leads, round);
  }
  /// Leads until it gives the lead back. \returns after how many seconds.
  int until_it_gives_back(Round round) {
    for (int i = 0; i < 100'000; ++i)
      if (second(true, round) == Stand::aside)
        return i;
    return -1;
  }
};

} // namespace

TEST_CASE("who leads and gets something done leads on") {
  Course course;
  course.run(86'400, true, Round::well);
  CHECK(course.last == Stand::first);
  for (int i = 0; i < 100; ++i) { // now and then
    course.run(29, true, i % 2 == 0 ? Round::fails : Round::hangs);
    CHECK(course.last == Stand::first);
    course.second(true, Round::well);
  }
  CHECK(course.progress.why().empty());
}

TEST_CASE("a leader whose rounds all fail gives the lead back, and others come first") {
  Course course;
  course.run(100, false, Round::well); // following is no work
  CHECK(course.until_it_gives_back(Round::fails) == 30);
  CHECK(course.progress.why() == "nothing that this controller tried has succeeded for 30 s");
  CHECK(course.second(true, Round::fails) == Stand::aside); // until it is given back
  CHECK(course.second(false, Round::fails) == Stand::last);
  course.run(1'000, false, Round::well);
  CHECK(course.last == Stand::last);
  // Nobody else was there, and what it tries succeeds now.
  CHECK(course.second(true, Round::well) == Stand::last);
  CHECK(course.second(true, Round::well) == Stand::first);
  CHECK(course.until_it_gives_back(Round::fails) == 29); // after the last that succeeded
}

TEST_CASE("a leader whose loop hangs gives the lead back, and stands no more until it goes on") {
  Course course;
  course.run(10, true, Round::well);
  CHECK(course.until_it_gives_back(Round::hangs) == 29);
  CHECK(course.progress.why() == "this controller's loop has not come round for 30 s");
  course.run(1'000, false, Round::hangs);
  CHECK(course.last == Stand::aside);
  CHECK(course.second(false, Round::fails) == Stand::last);
}

TEST_CASE("who hangs while another leads does not stand until it goes on") {
  Course course;
  course.run(10, false, Round::well);
  course.run(29, false, Round::hangs);
  CHECK(course.last == Stand::first);
  CHECK(course.second(false, Round::hangs) == Stand::aside);
  CHECK(course.second(false, Round::fails) == Stand::first);
}

TEST_CASE("what all fail at moves the lead ever more rarely, until something succeeds") {
  Course course;
  int expected = 30;
  for (int i = 0; i < 10; ++i) {
    CHECK(course.until_it_gives_back(Round::fails) == expected);
    course.run(5, false, Round::fails);
    expected = std::min(expected * 2, 3'600);
  }
  course.run(5, true, Round::well);
  CHECK(course.until_it_gives_back(Round::fails) == 29);
}

TEST_CASE("what succeeds just before the lead is given back keeps it") {
  Course course;
  CHECK(course.until_it_gives_back(Round::fails) == 30);
  CHECK(course.second(true, Round::well) == Stand::first);
  course.run(10, true, Round::well);
  CHECK(course.last == Stand::first);
}
