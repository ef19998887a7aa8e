// No diagnostic is registered that no test raises: every id stands in some other file of the tests.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/diagnostics/registry.h"

namespace fs = std::filesystem;

TEST_CASE("every registered id is exercised") {
  const char *source = std::getenv("NEMO_SOURCE_DIR");
  REQUIRE(source != nullptr);
  std::set<std::string> seen;
  for (const auto &entry : fs::recursive_directory_iterator(fs::path(source) / "tests")) {
    if (!entry.is_regular_file() || entry.path().filename() == "ids_test.cpp")
      continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    const std::string text = bytes.str();
    for (size_t at = text.find('N'); at != std::string::npos; at = text.find('N', at + 1)) {
      const std::string id = text.substr(at, 5);
      if (id.size() == 5 && id.find_first_not_of("0123456789", 1) == std::string::npos)
        seen.insert(id);
    }
  }
  for (const nemo::diag::Entry &entry : nemo::diag::all()) {
    INFO(entry.id << " " << entry.title);
    CHECK(seen.count(entry.id) == 1);
  }
}
