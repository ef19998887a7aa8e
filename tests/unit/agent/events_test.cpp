// The record of what happened: numbers, what is given up, and what a file still knows after a
// crash.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include "runtime-agent/core/events.h"
#include "support.h"

using namespace nemo;
using namespace nemo::test;
using agent::Events;

namespace {

proto::Event event(const std::string &message) {
  proto::Event event;
  event.set_type("note");
  event.set_message(message);
  return event;
}

std::vector<std::string> messages(const Events &events) {
  std::vector<std::string> all;
  events.each([&](const proto::Event &one) { all.push_back(one.message()); });
  return all;
}

} // namespace

TEST_CASE("events are numbered, read from anywhere, and given up oldest first") {
  Events events(100, 2);
  CHECK(!events.next(0));
  events.add(event("a"));
  events.add(event("b"));
  CHECK(!events.missed(0));
  events.add(event("c"));
  CHECK(events.missed(100));
  CHECK(!events.missed(101));
  REQUIRE(events.next(0));
  CHECK(events.next(0)->message() == "b");
  CHECK(events.next(0)->sequence() == 102);
  CHECK(!events.next(0)->time().empty());
  CHECK(events.next(102)->message() == "c");
  CHECK(!events.next(103));
  CHECK(events.last() == 103);
}

TEST_CASE("the next agent knows what happened, and numbers go on") {
  TempDir dir;
  {
    Events events(1);
    events.keep_in(dir / "events");
    events.add(event("before"));
  }
  Events events(1);
  events.keep_in(dir / "events");
  CHECK(messages(events) == std::vector<std::string>{"before"});
  events.add(event("after"));
  CHECK(events.last() == 3);
  struct stat found {};
  REQUIRE(::stat((dir / "events").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a torn end of the file costs the event that was being written, and no other") {
  TempDir dir;
  {
    Events events(1);
    events.keep_in(dir / "events");
    events.add(event("whole"));
    events.add(event("torn"));
  }
  std::filesystem::resize_file(dir / "events", std::filesystem::file_size(dir / "events") - 3);
  for (const char *next : {"second", "third"}) {
    Events events(1);
    events.keep_in(dir / "events");
    events.add(event(next));
  }
  Events events(1);
  events.keep_in(dir / "events");
  CHECK(messages(events) == std::vector<std::string>{"whole", "second", "third"});
}

TEST_CASE("a file of something else is no reason to fail") {
  TempDir dir;
  std::ofstream(dir / "events") << std::string(1000, '\xff');
  std::ofstream(dir / "events.1") << "hello";
  Events events(7);
  events.keep_in(dir / "events");
  CHECK(messages(events).empty());
  events.add(event("first"));
  Events next(1);
  next.keep_in(dir / "events");
  CHECK(messages(next) == std::vector<std::string>{"first"});
  CHECK(next.last() == 8);
}

TEST_CASE("the files stay small, and the last events are the ones that are kept") {
  TempDir dir;
  const std::string text(1000, 'x');
  {
    Events events(0, 100);
    events.keep_in(dir / "events");
    for (int i = 0; i < 1500; ++i)
      events.add(event(text + std::to_string(i)));
  }
  CHECK(std::filesystem::file_size(dir / "events") <= 256u << 10);
  CHECK(std::filesystem::file_size(dir / "events.1") <= 256u << 10);
  Events events(0, 100);
  events.keep_in(dir / "events");
  CHECK(events.last() == 1500);
  CHECK(events.missed(1400) == false);
  CHECK(events.next(1499)->message() == text + "1499");
  CHECK(events.next(0)->message() == text + "1400");
}
