// What is said about texts that are wrong: one diagnostic for each fault, at its place, and the
// rest of the file is read.
#include <catch2/catch.hpp>

#include <random>

#include "base/diagnostics/registry.h"
#include "intent/syntax/parse.h"
#include "shape.h"

using namespace nemo;
using namespace nemo::syntax;

namespace {

/// "N0109@1:5 N0114@3:2": ids with line and column.
std::string faults(const std::string &text, const Limits &limits = {}) {
  std::string found;
  for (const Diagnostic &diagnostic : parse("t.nemo", text, limits).diagnostics) {
    REQUIRE(diag::find(diagnostic.id) != nullptr);
    if (!found.empty())
      found += ' ';
    found += diagnostic.id + "@" + std::to_string(diagnostic.range.line) + ":" +
             std::to_string(diagnostic.range.column);
  }
  return found;
}

std::string repeat(const std::string &text, size_t times) {
  std::string all;
  for (size_t i = 0; i != times; ++i)
    all += text;
  return all;
}

} // namespace

TEST_CASE("four faults give four diagnostics") {
  CHECK(faults("a {\n  x = (1 + 2\n  y = [a, b\n  require (a == b\n  z = 20 ms\n}\n") ==
        "N0109@2:7 N0109@3:7 N0109@4:11 N0124@5:7");
  CHECK(faults("x = (a\nb {\n  c = )\n}\nd = a b\ne = \"open\n") ==
        "N0109@1:5 N0110@3:7 N0114@5:7 N0106@6:5");
}

TEST_CASE("what follows a fault is still read") {
  const Parsed parsed = parse("t.nemo", "a = (1\nb c { d = ; e = 2 }\nf = 3\n");
  CHECK(parsed.diagnostics.size() == 2);
  CHECK(shape(parsed.file) ==
        "(= a (invalid))\n(block b c { (= d (invalid)) (= e 2) })\n(= f 3)\n");
}

TEST_CASE("an open bracket ends where a statement begins") {
  CHECK(faults("x = [a,\n  b\ny = 1") == "N0109@1:5");
  CHECK(faults("x = [a,\n  b\nweight = 1") == "N0109@1:5");
  CHECK(faults("x = (a\nw \"l\" m {\n}") == "N0109@1:5");
  CHECK(faults("x = (a\nrequire b\n") == "N0109@1:5");
  CHECK(faults("w {\n  x = (a\n}\ny = 1") == "N0109@2:7");
  CHECK(faults("x = (a; y = 1") == "N0109@1:5");
  CHECK(faults("x = f([(a") == "N0109@1:6");
}

TEST_CASE("brackets that do not fit") {
  CHECK(faults("x = (a]") == "N0110@1:7");
  CHECK(faults("x = a)") == "N0110@1:6");
  CHECK(faults("}") == "N0112@1:1");
}

TEST_CASE("bodies that are not closed are told by indentation") {
  CHECK(faults("a {\n  b = 1\n") == "N0111@1:3");
  CHECK(faults("a {\n  r {\n    x = 1\n}\nc = 2\n") == "N0111@2:5");
  CHECK(faults("a {\n  b = 1\nc {\n  d = 1\n}\n") == "N0111@1:3");
  CHECK(shape(parse("t.nemo", "a {\n  b = 1\nc { }\n").file) ==
        "(block a { (= b 1) })\n(block c { })\n");
  // Matching braces are believed, whatever the indentation; so is a text without any.
  CHECK(faults("a {\n    b {\n  c = 1\n}\n }\n").empty());
  CHECK(faults("a {\nb {\nc = 1\n}\n") == "N0111@1:3");
  CHECK(faults("a {\n  b {\n") == "N0111@1:3 N0111@2:5");
}

TEST_CASE("values that are missing") {
  CHECK(faults("x =\ny = 1") == "N0113@1:3");
  CHECK(faults("require a and\n  b\nc = 1") == "N0113@1:11"); // the wrapped line is no second fault
  CHECK(faults("x = a + * b") == "N0113@1:9");
  CHECK(faults("x = (a == )") == "N0113@1:11");
  CHECK(faults("x = a.") == "N0113@1:6");
  CHECK(faults("require") == "N0113@1:1");
}

TEST_CASE("statements that are none") {
  CHECK(faults("+ 3") == "N0115@1:1");
  CHECK(faults("{ a = 1 }") == "N0115@1:1");
  CHECK(faults("requires x <= 3") == "N0115@1:1");
  CHECK(faults("replicas 3") == "N0114@1:10");
  CHECK(faults("a.b = 3") == "N0114@1:2");
  CHECK(faults("shop") == "N0116@1:1");
  CHECK(faults("workload shop") == "N0116@1:1");
  CHECK(faults("resources = { cpu = 1 }") == "N0117@1:13");
  CHECK(faults("require a { b = 1 }") == "N0117@1:11");
  CHECK(faults("workload web\n{\n  a = 1\n}") == "N0122@2:1");
  CHECK(faults("a { b = 1 } c = 3") == "N0121@1:13");
  CHECK(faults("e = 1 f = 2") == "N0121@1:7");
  CHECK(faults("e = 1 require f") == "N0121@1:7");
  CHECK(faults("g = a over 3") == "N0123@1:7");
}

TEST_CASE("formulas that are none") {
  CHECK(faults("x = a < b < c") == "N0118@1:11");
  CHECK(faults("x = a == b in c") == "N0118@1:12");
  CHECK(faults("x = (a < b) == c").empty());
  CHECK(faults("require a = b") == "N0119@1:11");
  CHECK(faults("require a =< b") == "N0119@1:11");
  CHECK(faults("x = 20 ms") == "N0124@1:5");
  CHECK(faults("x = [a b]") == "N0114@1:8");
  CHECK(faults("x = a, b") == "N0114@1:6");
  CHECK(faults("x = 10.0.0.1") == "N0114@1:9");
  CHECK(faults("x = 1..2..3").empty()); // the checker knows ranges
}

TEST_CASE("characters and texts") {
  CHECK(faults("x = 'a'") == "N0105@1:5");
  CHECK(faults("x = 50µs") == "N0105@1:7");
  CHECK(faults("x = a\x01") == "N0105@1:6");
  CHECK(faults("x = \"a") == "N0106@1:5");
  CHECK(faults("x = \"a\\") == "N0106@1:5");
  CHECK(faults("x = \"a\\qb\"") == "N0107@1:7");
  CHECK(faults("x = \"a\\\\qb\"").empty());
}

TEST_CASE("bytes that are no text") {
  CHECK(faults("a = 1\nb = \"\xFF\"") == "N0103@2:6");
  CHECK(faults("a = \"\xC0\xAF\"") == "N0103@1:6");        // overlong
  CHECK(faults("# \xED\xA0\x80") == "N0103@1:3");          // surrogate
  CHECK(faults(std::string("a = 1\0", 6)) == "N0105@1:6"); // NUL
  CHECK(faults("a = 1 # \xE2\x80\xAE\n").empty());         // bidi in a comment
  CHECK(faults("a = \"\xE2\x80\xAE\"\n") == "N0104@1:6");  // right-to-left override
  CHECK(faults("a = \xE2\x81\xA6 b") == "N0104@1:5");      // isolate
  CHECK(faults("a = \"\xD8\x9C\"") == "N0104@1:6");        // Arabic letter mark
}

TEST_CASE("limits") {
  Limits small;
  small.file_bytes = 10;
  const Parsed parsed = parse("t.nemo", "nemo = 1 # long", small);
  REQUIRE(parsed.diagnostics.size() == 1);
  CHECK(parsed.diagnostics[0].id == "N0102");
  CHECK(parsed.diagnostics[0].range.line == 0);
  CHECK(parsed.file.statements().empty());

  const std::string junk = repeat("= 1\n", 3000);
  const Parsed many = parse("t.nemo", junk);
  REQUIRE(many.diagnostics.size() == 1001);
  CHECK(many.diagnostics.back().id == "N0120");
}

TEST_CASE("nesting of any kind is one diagnostic and no overflow") {
  const size_t deep = 20000;
  for (const std::string &text :
       {"x = " + repeat("(", deep) + "1" + repeat(")", deep), "x = " + repeat("[", deep),
        "x = " + repeat("-", 5 * deep) + "1", "require " + repeat("not ", deep) + "a",
        "require " + repeat("a or ", deep) + "a", "x = " + repeat("(-", deep),
        "x = " + repeat("f(", deep), repeat("a {\n", deep) + repeat("}\n", deep),
        repeat("a {", deep), repeat("a { x = [", deep)}) {
    const Parsed parsed = parse("t.nemo", text);
    INFO(text.substr(0, 40));
    size_t nesting = 0;
    for (const Diagnostic &diagnostic : parsed.diagnostics)
      nesting += diagnostic.id == "N0108";
    CHECK(nesting == 1);
    if (text.substr(0, 9) != "a { x = [")
      CHECK(parsed.diagnostics.size() == 1);
  }
  // Right below the limit all is well; each item of a list starts counting anew.
  CHECK(faults("x = " + repeat("(", 255) + "1" + repeat(")", 255)).empty());
  CHECK(faults("x = [" + repeat("a + b, ", 5000) + "]").empty());
}

TEST_CASE("no bytes whatever make the parser fail") {
  const std::string base = "import \"x\" { as = y }\nworkload a {\n  x = [1, 20ms, \"é\"]\n"
                           "  require (a.b in c\n   and not d) over 5min # why\n}\n";
  const std::string pieces[] = {"(",  ")",       "[",    "]",  "{",    "}", "\"", "\\",
                                "#",  "=",       "==",   "..", ".",    ",", ";",  "\n",
                                "\r", "require", "not ", "-",  "\xC3", "\t"};
  std::mt19937 random(7);
  for (int round = 0; round != 3000; ++round) {
    std::string text = base;
    for (int change = 0; change != 4; ++change) {
      const size_t at = random() % text.size();
      if (random() % 2)
        text.erase(at, 1 + random() % 3);
      else
        text.insert(at, pieces[random() % std::size(pieces)]);
    }
    const Parsed parsed = parse("t.nemo", text);
    for (const Diagnostic &diagnostic : parsed.diagnostics) {
      REQUIRE(diagnostic.range.begin <= diagnostic.range.end);
      REQUIRE(diagnostic.range.end <= text.size());
      REQUIRE(diagnostic.range.line >= 1);
      REQUIRE(!diagnostic.message.empty());
    }
    shape(parsed.file); // walks the whole tree
  }
}
