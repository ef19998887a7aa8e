// What texts become which trees, and what the edges of the text itself do.
#include <catch2/catch.hpp>

#include "intent/syntax/parse.h"
#include "shape.h"

using namespace nemo;
using namespace nemo::syntax;

namespace {

/// The shape of a text that must parse without diagnostics.
std::string tree(const std::string &text) {
  const Parsed parsed = parse("t.nemo", text);
  for (const Diagnostic &diagnostic : parsed.diagnostics)
    FAIL_CHECK(diagnostic.id << " " << diagnostic.message << " in: " << text);
  return shape(parsed.file);
}

std::string value(const std::string &text) {
  const std::string all = tree("x = " + text + "\n");
  return all.substr(5, all.size() - 7); // without "(= x " and ")\n"
}

} // namespace

TEST_CASE("the three forms of statements") {
  CHECK(tree("nemo = 1\nstack = \"shop\"") == "(= nemo 1)\n(= stack \"shop\")\n");
  CHECK(tree("a b \"c d\" { e = 1; f { } }") == "(block a b 'c d { (= e 1) (block f { }) })\n");
  CHECK(tree("require a.p99 <= 20ms over 5min where b weight 2 else \"no\"") ==
        "(require (<= (ref a p99) 20ms) over 5min where (ref b) weight 2 else \"no\")\n");
  CHECK(tree("when a for 3s") == "(when (ref a) for 3s)\n");
  CHECK(tree("import \"x\"\nuse web shop\nuse web shop { a = 1 }") ==
        "(block import 'x)\n(block use web shop)\n(block use web shop { (= a 1) })\n");
  CHECK(tree("").empty());
  CHECK(tree("\n ; ;\n# only a comment").empty());
}

TEST_CASE("words of the language are names where a name must be") {
  CHECK(tree("weight = 3\nfor = 1\nrequire = 2") == "(= weight 3)\n(= for 1)\n(= require 2)\n");
  CHECK(tree("require { in = true }\nor { }") ==
        "(block require { (= in true) })\n(block or { })\n");
  CHECK(value("node.labels.for") == "(ref node labels for)");
  CHECK(value("(a.not.true and b)") == "(par (and (ref a not true) (ref b)))");
  CHECK(tree("labels { \"topology.kubernetes.io/zone\" = \"x\" }") ==
        "(block labels { (= topology.kubernetes.io/zone \"x\") })\n");
  CHECK(value("node.labels.\"topology.kubernetes.io/zone\" == \"x\"") ==
        "(== (ref node labels 'topology.kubernetes.io/zone) \"x\")");
}

TEST_CASE("operators bind as documented") {
  CHECK(value("a + b * c - d") == "(- (+ (ref a) (* (ref b) (ref c))) (ref d))");
  CHECK(value("-a * b") == "(* (neg (ref a)) (ref b))");
  CHECK(value("a or b and not c == d") == "(or (ref a) (and (ref b) (not (== (ref c) (ref d)))))");
  CHECK(value("a not in [b, c,]") == "(not-in (ref a) (list (ref b) (ref c)))");
  CHECK(value("1 + 2..6") == "(.. (+ 1 2) 6)");
  CHECK(value("0ms..50ms") == "(.. 0ms 50ms)");
  CHECK(value("f(a, 2)") == "(call f (ref a) 2)");
  CHECK(value("[]") == "(list)");
}

TEST_CASE("quantities, numbers and names as single words") {
  CHECK(value("0.012EUR/core/h") == "0.012EUR/core/h");
  CHECK(value("99.95%") == "99.95%");
  CHECK(value("1e-6") == "1e-6");
  CHECK(value("aes-256-gcm") == "(ref aes-256-gcm)");
  CHECK(value("a - b") == "(- (ref a) (ref b))");
  CHECK(value("a- b") == "(- (ref a) (ref b))");
  CHECK(value("20ms-3ms") == "(- 20ms 3ms)");
}

TEST_CASE("line ends wrap inside brackets only") {
  CHECK(value("(a and\n\n b)") == "(par (and (ref a) (ref b)))");
  CHECK(value("[\n  a, # one\n  b,\n]") == "(list (ref a) (ref b))");
}

TEST_CASE("positions are bytes, lines and columns from 1, ends exclusive") {
  const Parsed parsed = parse("t.nemo", "a = \"é\"\r\nbb = 20ms # end\n");
  REQUIRE(parsed.diagnostics.empty());
  const File &file = parsed.file;
  const Stmt &second = file[file.statements()[1]];
  const SourceRange range = file.range(file[second.value].extent);
  CHECK(range.begin == 15);
  CHECK(range.end == 19);
  CHECK(range.line == 2);
  CHECK(range.column == 6);
  CHECK(range.end_line == 2);
  CHECK(range.end_column == 10);
  REQUIRE(file.comments.size() == 1);
  CHECK(file.source(file.comments[0].extent) == "# end");
  CHECK_FALSE(file.comments[0].alone);
}

TEST_CASE("texts are decoded") {
  const Parsed parsed = parse("t.nemo", R"(import "a\"b\\c" { })");
  REQUIRE(parsed.diagnostics.empty());
  CHECK(parsed.file.labels_of(parsed.file[parsed.file.statements()[0]])[0].text == R"(a"b\c)");
  CHECK(unescape(R"("tab\tline\n\"q\" \\")") == "tab\tline\n\"q\" \\");
}

TEST_CASE("a byte order mark at the start is skipped, also before a comment") {
  CHECK(tree("\xEF\xBB\xBFnemo = 1") == "(= nemo 1)\n");
  CHECK(parse("t.nemo", "\xEF\xBB\xBF# c\n").file.comments[0].alone);
}

TEST_CASE("a tree outlives its moves") {
  Parsed parsed = parse("t.nemo", "a \"q\\\"q\" { b = c.d }");
  const File moved = std::move(parsed.file);
  CHECK(shape(moved) == "(block a 'q\"q { (= b (ref c d)) })\n");
}
