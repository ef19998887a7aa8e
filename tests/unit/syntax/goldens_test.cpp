// The syntax goldens read by the parser alone: what the checker would add is not its business.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../../language/expectations.h"
#include "intent/syntax/parse.h"

namespace fs = std::filesystem;

TEST_CASE("the parser says what the syntax goldens expect") {
  const char *source = std::getenv("NEMO_SOURCE_DIR");
  REQUIRE(source != nullptr);
  size_t count = 0;
  for (const auto &entry : fs::directory_iterator(fs::path(source) / "tests/language/syntax")) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    const std::string path = entry.path().string();
    std::vector<nemo::language_test::Expectation> expected;
    for (const auto &one : nemo::language_test::expectations(path, text.str()))
      if (one.id.substr(0, 3) == "N01")
        expected.push_back(one);
    const auto parsed = nemo::syntax::parse(path, text.str());
    for (const std::string &wrong : nemo::language_test::differences(expected, parsed.diagnostics))
      FAIL_CHECK(wrong);
    ++count;
  }
  CHECK(count >= 8);
}
