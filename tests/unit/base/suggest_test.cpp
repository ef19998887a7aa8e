#include <catch2/catch.hpp>

#include <set>

#include "base/diagnostics/diagnostics.h"
#include "base/diagnostics/registry.h"

using namespace nemo;

TEST_CASE("did you mean") {
  const std::vector<std::string> names = {"memory", "cpu", "replicas", "resources", "require"};
  CHECK(did_you_mean("memroy", names) == "memory"); // neighbours swapped count once
  CHECK(did_you_mean("replica", names) == "replicas");
  CHECK(did_you_mean("requires", names) == "require");
  CHECK(did_you_mean("cpus", names) == "cpu");
  CHECK(did_you_mean("storage", names) == std::nullopt);
  CHECK(did_you_mean("xyz", names) == std::nullopt);
  CHECK(did_you_mean("", names) == std::nullopt);
  CHECK(did_you_mean("memory", {}) == std::nullopt);
  CHECK(did_you_mean("ab", {std::vector<std::string>{"cd", "ax"}}) == "ax");
  CHECK(did_you_mean(std::string(100000, 'a'), names) == std::nullopt);
}

TEST_CASE("the registry is sorted, unique, and explains every id") {
  std::set<std::string> seen;
  std::string last;
  for (const diag::Entry &entry : diag::all()) {
    INFO(entry.id);
    CHECK(seen.insert(entry.id).second);
    CHECK(std::string(entry.id) > last);
    last = entry.id;
    CHECK(std::string(entry.id).size() == 5);
    CHECK(std::string(entry.title).size() > 5);
    CHECK(std::string(entry.explanation).size() > 60);
    CHECK(diag::find(entry.id) == &entry);
  }
  CHECK(diag::find("N9999") == nullptr);
}
