// Diffs are judged by applying them: hunks are replayed on the old text and must give the new one.
#include <catch2/catch.hpp>

#include <cstdio>
#include <random>
#include <sstream>

#include "intent/syntax/diff.h"

using nemo::syntax::unified_diff;

namespace {

std::vector<std::string> lines(const std::string &text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    all.push_back(line);
  return all;
}

std::string patched(const std::string &old_text, const std::string &diff) {
  const std::vector<std::string> old_lines = lines(old_text);
  std::string result;
  size_t at = 0;
  for (const std::string &line : lines(diff)) {
    int first = 0, count = 1;
    if (std::sscanf(line.c_str(), "@@ -%d,%d", &first, &count) >= 1) {
      const auto start = static_cast<size_t>(count == 0 ? first : first - 1);
      REQUIRE(start >= at);
      for (; at != start; ++at)
        result += old_lines[at] + "\n";
    } else if (line.substr(0, 4) == "--- " || line.substr(0, 4) == "+++ ") {
      continue;
    } else if (line[0] == '+') {
      result += line.substr(1) + "\n";
    } else {
      REQUIRE(old_lines.at(at) == line.substr(1));
      result += line[0] == ' ' ? line.substr(1) + "\n" : "";
      ++at;
    }
  }
  for (; at != old_lines.size(); ++at)
    result += old_lines[at] + "\n";
  return result;
}

} // namespace

TEST_CASE("a small diff reads as one expects") {
  CHECK(unified_diff("a", "x\n", "b", "x\n").empty());
  CHECK(unified_diff("a/f", "1\n2\n3\n4\n5\n6\n", "b/f", "1\n2\n3\n4x\n5\n6\n") ==
        "--- a/f\n+++ b/f\n@@ -1,6 +1,6 @@\n 1\n 2\n 3\n-4\n+4x\n 5\n 6\n");
  CHECK(unified_diff("a", "", "b", "1\n") == "--- a\n+++ b\n@@ -0,0 +1 @@\n+1\n");
  CHECK(unified_diff("a", "1", "b", "1\n") ==
        "--- a\n+++ b\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n");
}

TEST_CASE("diffs of random texts apply") {
  std::mt19937 random(11);
  for (int round = 0; round != 500; ++round) {
    std::string texts[2];
    for (std::string &text : texts)
      for (size_t i = random() % 60; i != 0; --i)
        text += std::string(1, static_cast<char>('a' + random() % 5)) + "\n";
    if (round % 2) { // mostly equal
      texts[1] = texts[0];
      if (!texts[1].empty())
        texts[1].insert(2 * (random() % (texts[1].size() / 2)), "new\n");
    }
    CHECK(patched(texts[0], unified_diff("a", texts[0], "b", texts[1])) == texts[1]);
  }
}

TEST_CASE("very different long texts are one replacement") {
  std::string old_text, new_text;
  for (int i = 0; i != 4000; ++i) {
    old_text += "old" + std::to_string(i) + "\n";
    new_text += "new" + std::to_string(i) + "\n";
  }
  CHECK(patched(old_text, unified_diff("a", old_text, "b", new_text)) == new_text);
}
