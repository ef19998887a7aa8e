// Machines, as far as they can be told without an image of one's own.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "place.h"
#include "runtime-agent/sandbox/machine.h"

using namespace nemo::sandbox;

namespace {

/// What follows `option` in a command; empty: it is not there.
std::string after(const std::vector<std::string> &words, const std::string &option) {
  const auto at = std::find(words.begin(), words.end(), option);
  return at == words.end() || at + 1 == words.end() ? "" : *(at + 1);
}

Machine machine(Place &place) {
  Machine made;
  made.spec = place.spec({});
  made.kernel = "/kernel";
  made.memory_bytes = kLeastMemory;
  made.control_path = place.directory() + "/control.qmp";
  return made;
}

std::string refusal(const Machine &machine, const Host &host) {
  auto started = start(machine, host);
  REQUIRE_FALSE(static_cast<bool>(started));
  return llvm::toString(started.takeError());
}

} // namespace

TEST_CASE("each kind of machine is told of its network in its own words") {
  Place place;
  Machine made = machine(place);
  made.spec.own_network = true;
  made.spec.user_slot = 3;
  made.command_line = "port=7";
  auto words = monitor_command(made, "/usr/bin/qemu", "tcg");
  CHECK(words.front() == "/usr/bin/qemu");
  CHECK(after(words, "-append") == "ip=10.213.0.5/16 gw=10.213.0.1 port=7");
  CHECK(after(words, "-kernel") == "/kernel");
  CHECK(after(words, "-m") == "16392K"); // 16 MiB and two pages
  CHECK(after(words, "-accel") == "tcg,tb-size=16");
  CHECK(after(words, "-sandbox") ==
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  made.kind = Machine::Kind::microvm;
  made.initrd = "/initrd";
  words = monitor_command(made, "/usr/bin/qemu", "kvm");
  CHECK(after(words, "-append") == "ip=10.213.0.5::10.213.0.1:255.255.0.0::eth0:off port=7");
  CHECK(after(words, "-initrd") == "/initrd");
  CHECK(after(words, "-accel") == "kvm");
}

TEST_CASE("machines that cannot be are refused before anything is made") {
  Place place;
  Host host = place.host();
  CHECK(refusal(machine(place), host).find("runs no machines") != std::string::npos);
  host.accelerator = "tcg";
  Machine made = machine(place);
  made.memory_bytes = kLeastMemory - 1;
  CHECK(refusal(made, host).find("too small") != std::string::npos);
  made = machine(place);
  made.processors = 0;
  CHECK(refusal(made, host).find("processors") != std::string::npos);
  made = machine(place);
  made.command_line = std::string(kMostCommandLine + 1, 'x');
  CHECK(refusal(made, host).find("longer than") != std::string::npos);
  made = machine(place);
  made.command_line = "a\nb";
  CHECK(refusal(made, host).find("line's end") != std::string::npos);
  made = machine(place);
  made.kernel = "/kernel,share=on";
  CHECK(refusal(made, host).find("comma") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(made.control_path));
}

TEST_CASE("the accelerator is the one that runs a loop fastest, and the answer is kept") {
  Place place;
  Host first = place.host();
  const size_t abilities = first.abilities.size();
  probe_machines(first, place.directory());
  CHECK(first.abilities.size() == abilities + 2);
  CHECK(first.can("sandbox.microvm") == !first.accelerator.empty());
  CHECK(first.can("sandbox.unikernel") == first.reason("sandbox.unikernel").empty());
  if (!first.can("sandbox.microvm")) {
    WARN("no machines here: " << first.reason("sandbox.microvm"));
    return;
  }
  const std::string kept = place.directory() + "/accelerator";
  REQUIRE(std::filesystem::exists(kept));
  std::string answer = Place::read(kept);
  const std::string other = first.accelerator == "tcg" ? "kvm" : "tcg";
  answer.replace(answer.rfind(first.accelerator), 3, other);
  Place::write(kept, answer);
  Host second = place.host();
  probe_machines(second, place.directory());
  CHECK(second.accelerator == other); // it was read, and not looked for again
  answer.replace(0, 8, "earlier-");
  Place::write(kept, answer);
  Host third = place.host();
  probe_machines(third, place.directory());
  CHECK(third.accelerator == first.accelerator); // of another boot, so found out anew
  size_t files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(place.directory()))
    files += entry.path() != kept;
  CHECK(files == 0);
}
