// The log: its format, its limits, and that nothing that happens to it stops the workload.
#include <filesystem>
#include <regex>
#include <sstream>

#include <sys/mount.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "place.h"

using namespace nemo::sandbox;

namespace {

struct Line {
  std::string stream, tag, text;
};

std::vector<Line> parse(const std::string &text) {
  static const std::regex form(
      R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) ([FP]) ([^]*)$)");
  std::vector<Line> lines;
  std::istringstream in(text);
  std::string line;
  while (std::getline(in, line)) {
    // The header only: a regex over 16 KiB of text would be slow.
    std::smatch match;
    const std::string head = line.substr(0, 60);
    INFO(head);
    REQUIRE(std::regex_match(head, match, form));
    lines.push_back({match[1], match[2], line.substr(match.position(3))});
  }
  return lines;
}

} // namespace

TEST_CASE("both streams are in the log, line by line, the last one also without a newline") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.shell("echo one; sleep 0.1; echo two >&2; sleep 0.1; echo; printf end");
  place.run(spec);
  const auto lines = parse(Place::read(spec.log_path));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].text == "one");
  CHECK(lines[0].stream == "stdout");
  CHECK(lines[1].text == "two");
  CHECK(lines[1].stream == "stderr");
  CHECK(lines[2].text.empty());
  CHECK(lines[3].text == "end");
  for (const Line &line : lines)
    CHECK(line.tag == "F");
}

TEST_CASE("a program may log to /dev/stdout and /dev/stderr by name") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.shell("echo one > /dev/stdout; echo two > /dev/stderr; echo three > "
                                "/proc/self/fd/1");
  place.run(spec);
  const std::string text = Place::output(spec);
  for (const char *line : {"one\n", "two\n", "three\n"})
    CHECK(text.find(line) != std::string::npos);
}

TEST_CASE("long lines come in parts that add up") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.shell("head -c 40000 /dev/zero | tr '\\0' x; echo; echo short");
  place.run(spec);
  const auto lines = parse(Place::read(spec.log_path));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].tag == "P");
  CHECK(lines[0].text.size() == 16 * 1024);
  CHECK(lines[1].tag == "P");
  CHECK(lines[2].tag == "F");
  CHECK(lines[0].text + lines[1].text + lines[2].text == std::string(40000, 'x'));
  CHECK(lines[3].text == "short");
}

TEST_CASE("no line is lost or torn when there are many") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.spec({"seq", "1", "50000"});
  place.run(spec);
  const auto lines = parse(Place::read(spec.log_path));
  REQUIRE(lines.size() == 50000);
  bool in_order = true;
  for (size_t i = 0; i < lines.size(); ++i)
    in_order = in_order && lines[i].text == std::to_string(i + 1) && lines[i].tag == "F";
  CHECK(in_order);
}

TEST_CASE("the log is rotated once and stays within its limit") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.spec({"seq", "1", "20000"});
  spec.log_bytes = 64 << 10;
  place.run(spec);
  CHECK(std::filesystem::file_size(spec.log_path) <= spec.log_bytes);
  CHECK(std::filesystem::file_size(spec.log_path + ".1") <= spec.log_bytes);
  const auto older = parse(Place::read(spec.log_path + ".1"));
  const auto newer = parse(Place::read(spec.log_path));
  REQUIRE_FALSE(older.empty());
  REQUIRE_FALSE(newer.empty());
  CHECK(newer.back().text == "20000");
  CHECK(std::stoi(older.back().text) + 1 == std::stoi(newer.front().text));
}

TEST_CASE("a second run appends to the log and replaces the exit record") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.shell("echo first; exit 1");
  CHECK(place.run(spec).exit_code == 1);
  spec.argv[2] = "echo second; exit 2";
  spec.user_slot += 1; // another user now: the directory changes hands
  CHECK(place.run(spec).exit_code == 2);
  CHECK(Place::output(spec) == "first\nsecond\n");
}

TEST_CASE("a log directory that vanishes does not stop the workload") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.shell("echo ready; read -t 1 x; sleep 0.3; seq 1 20000; touch /data/through");
  spec.log_bytes = 64 << 10;
  spec.exit_path = place.directory() + "/elsewhere/exit";
  const std::string data = place.directory() + "/data";
  std::filesystem::create_directory(data);
  spec.binds.push_back({data, "/data", false, true});
  const Started started = place.start(spec);
  REQUIRE(Place::said(spec, "ready"));
  std::filesystem::remove_all(std::filesystem::path(spec.log_path).parent_path());
  CHECK(place.wait(started, spec).exit_code == 0);
  CHECK(std::filesystem::exists(data + "/through"));
}

TEST_CASE("a full disk costs log lines, not the workload nor its exit record") {
  Place place;
  if (place.lacks("sandbox.process") || place.not_root("a disk that is full"))
    return;
  const std::string disk = place.directory() + "/disk";
  std::filesystem::create_directory(disk);
  REQUIRE(::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") == 0);
  Spec spec = place.shell("seq 1 20000; echo over; touch /data/full; "
                          "while test -e /data/full; do sleep 0.05; done; echo after; exit 6");
  spec.log_path = disk + "/run/log";
  spec.exit_path = disk + "/run/exit";
  const std::string data = place.directory() + "/data";
  std::filesystem::create_directory(data);
  spec.binds.push_back({data, "/data", false, true});
  const Started started = place.start(spec);
  for (int i = 0; i < 500 && !std::filesystem::exists(data + "/full"); ++i)
    finished(started.pidfd, 20);
  REQUIRE(std::filesystem::exists(data + "/full"));
  CHECK(Place::output(spec).find("over") == std::string::npos);
  REQUIRE(::mount(nullptr, disk.c_str(), nullptr, MS_REMOUNT, "size=1m") == 0);
  std::filesystem::remove(data + "/full");
  CHECK(place.wait(started, spec).exit_code == 6);
  const std::string text = Place::output(spec);
  CHECK(text.find("bytes of output were lost: No space left on device") != std::string::npos);
  CHECK(text.find("after\n") != std::string::npos);
  ::umount2(disk.c_str(), MNT_DETACH);
}

TEST_CASE("as root, a directory that holds other things is not given away") {
  Place place;
  if (place.lacks("sandbox.process") || place.not_root("giving a directory away"))
    return;
  Spec spec = place.spec({"true"});
  spec.log_path = place.directory() + "/log";
  Place::write(place.directory() + "/precious", "x");
  CHECK(place.failure_of(spec).find("holds other things") != std::string::npos);
  struct stat info;
  REQUIRE(::stat(place.directory().c_str(), &info) == 0);
  CHECK(info.st_uid == 0);
}
