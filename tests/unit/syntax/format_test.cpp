// One style: idempotent, keeps every comment, changes no meaning. Shown on texts written by hand
// and on texts written at random.
#include <catch2/catch.hpp>

#include <random>

#include "intent/syntax/format.h"
#include "intent/syntax/parse.h"
#include "shape.h"

using namespace nemo;
using namespace nemo::syntax;

namespace {

std::vector<std::string> comments(const File &file) {
  std::vector<std::string> all;
  for (const Comment &comment : file.comments)
    all.push_back(file.source(comment.extent).rtrim().str());
  return all;
}

/// Formats, and checks what must hold for every text.
std::string formatted(const std::string &text) {
  const Parsed before = parse("t.nemo", text);
  INFO(text);
  for (const Diagnostic &diagnostic : before.diagnostics)
    FAIL(diagnostic.id << " " << diagnostic.message << " at " << diagnostic.range.line);
  const std::string once = format(before.file);
  INFO(once);
  const Parsed after = parse("t.nemo", once);
  REQUIRE(after.diagnostics.empty());
  REQUIRE(shape(before.file) == shape(after.file));
  REQUIRE(comments(before.file) == comments(after.file));
  REQUIRE(format(after.file) == once);
  REQUIRE(once.find(" \n") == std::string::npos);
  REQUIRE(once.find("\n\n\n") == std::string::npos);
  return once;
}

/// Writes texts that parse: every form, with white space and comments wherever they may be.
class Writer {
public:
  explicit Writer(unsigned seed) : random_(seed) {}

  std::string file() {
    const size_t statements = pick(8);
    for (size_t i = 0; i != statements; ++i)
      statement(0);
    return out_;
  }

private:
  size_t pick(size_t below) { return random_() % below; }
  bool maybe(size_t one_in) { return pick(one_in) == 0; }
  void put(const std::string &text) { out_ += text; }
  void space() { put(maybe(6) ? "\t " : " "); }
  std::string name() {
    static const char *names[] = {"a", "cpu", "long-name", "x9", "weight", "memory", "signed-by"};
    return names[pick(std::size(names))];
  }
  std::string plain() {
    static const char *names[] = {"a", "node", "long-name", "x9", "edge"};
    return names[pick(std::size(names))];
  }

  /// Between words inside brackets.
  void gap() {
    switch (pick(8)) {
    case 0:
      return put("\n    ");
    case 1:
      return put("  # in a bracket " + std::to_string(pick(100)) + "\n");
    case 2:
      return put("\n  # on its own \"line\" {\n  ");
    default:
      return put(" ");
    }
  }

  void primary(size_t depth, bool wraps) {
    static const char *literals[] = {"3", "20ms", "\"é # no comment\"", "true", "0.1EUR/core/h"};
    const auto between = [&] { wraps ? gap() : space(); };
    switch (depth > 3 ? pick(2) : pick(6)) {
    case 0:
      return put(literals[pick(std::size(literals))]);
    case 1:
      put(plain());
      if (maybe(2))
        put(".for");
      if (maybe(3))
        put(".\"k/v\"");
      return;
    case 2: {
      put("[");
      const size_t items = pick(5);
      for (size_t i = 0; i != items; ++i) {
        gap();
        value(depth + 1, true);
        gap();
        if (i + 1 != items || maybe(2))
          put(",");
      }
      gap();
      return put("]");
    }
    case 3:
      put("(");
      gap();
      value(depth + 1, true);
      gap();
      return put(")");
    case 4:
      put(maybe(2) ? "not" : "-");
      between();
      return primary(depth + 1, wraps);
    default:
      put("f(");
      gap();
      value(depth + 1, true);
      gap();
      return put(")");
    }
  }

  void value(size_t depth, bool wraps) {
    static const char *signs[] = {"+", "-", "*", "/", "and", "or", ".."};
    // Operands of prefix operators and comparisons stand in brackets, so that none chain.
    primary(depth, wraps);
    for (size_t more = pick(3); more != 0; --more) {
      wraps ? gap() : space();
      put(signs[pick(std::size(signs))]);
      wraps ? gap() : space();
      primary(depth, wraps);
    }
  }

  void rest_of_line() {
    if (maybe(5))
      put("  # behind " + std::to_string(pick(100)) + "  ");
    put(maybe(9) ? "\r\n" : "\n");
    if (maybe(4))
      put(maybe(2) ? "\n" : "\n\n\n");
    if (maybe(6))
      put("    # alone\n");
  }

  void flat_body(size_t depth) {
    put("{");
    const size_t statements = pick(3);
    for (size_t i = 0; i != statements; ++i) {
      space();
      put(name() + "=");
      put(maybe(2) ? "1core" : plain());
      put(";");
    }
    if (depth < 2 && maybe(3)) {
      put(" q ");
      flat_body(depth + 1);
    }
    put(maybe(2) ? "}" : " }");
  }

  void statement(size_t depth) {
    if (maybe(3))
      put("   ");
    switch (depth > 3 ? pick(2) : pick(5)) {
    case 0:
      put(name() + " = ");
      value(0, false);
      break;
    case 1:
      put("require ");
      value(0, false);
      if (maybe(2)) {
        put(" over  5min");
        if (maybe(2)) {
          put(" where ");
          value(1, false);
        }
      }
      break;
    case 2:
      put("use web shop");
      break;
    case 3:
      put(plain() + " ");
      if (maybe(2))
        put("label  \"quoted label\" ");
      flat_body(0);
      break;
    default: {
      put(plain() + " label {");
      if (maybe(3))
        put(" # opens");
      put("\n");
      const size_t statements = pick(5);
      for (size_t i = 0; i != statements; ++i)
        statement(depth + 1);
      if (maybe(4))
        put("  # closes\n");
      put("}");
    }
    }
    rest_of_line();
  }

  std::mt19937 random_;
  std::string out_;
};

} // namespace

TEST_CASE("the style") {
  CHECK(formatted("nemo=1\nworkload web{\nexec=[\"a\",\"b\"]\nreplicas=2 .. 6;x  = 1\n"
                  "resources{cpu=1core;memory=1GiB}\n\n\n\nafter=[app] # why\n"
                  "require a<=1 and(b or not c)over 5min}\n") == "nemo = 1\n"
                                                                 "workload web {\n"
                                                                 "  exec      = [\"a\", \"b\"]\n"
                                                                 "  replicas  = 2..6\n"
                                                                 "  x         = 1\n"
                                                                 "  resources { cpu = 1core; "
                                                                 "memory = 1GiB }\n"
                                                                 "\n"
                                                                 "  after = [app]  # why\n"
                                                                 "  require a <= 1 and (b or not "
                                                                 "c) over 5min\n"
                                                                 "}\n");
  CHECK(formatted("") == "");
  CHECK(formatted("\xEF\xBB\xBF\r\n# c\r\na { }\r\n") == "# c\na {}\n");
  CHECK(formatted("a = 20ms\nlonger = 1.50core # as written") ==
        "a      = 20ms\nlonger = 1.50core  # as written\n");
}

TEST_CASE("lists are broken when the author did or when they do not fit") {
  CHECK(formatted("a = [1,\n 2]") == "a = [\n  1,\n  2,\n]\n");
  CHECK(formatted("a = [1, 2,]") == "a = [1, 2]\n");
  const std::string item(40, 'x');
  CHECK(formatted("a = [" + item + ", " + item + ", " + item + "]") ==
        "a = [\n  " + item + ",\n  " + item + ",\n  " + item + ",\n]\n");
}

TEST_CASE("one-line bodies that do not fit are opened") {
  const std::string item(45, 'x');
  CHECK(formatted("a { b = " + item + "; c = " + item + " }") ==
        "a {\n  b = " + item + "\n  c = " + item + "\n}\n");
}

TEST_CASE("comments stay where they were") {
  const std::string text = "# head\n"
                           "\n"
                           "a = [  # why\n"
                           "  1,  # one\n"
                           "  # own\n"
                           "  2,\n"
                           "  # tail\n"
                           "]  # end\n"
                           "w x {  # open\n"
                           "  # first\n"
                           "  require (a == b  # left\n"
                           "      # own\n"
                           "      or d) over 5min else \"x\"  # done\n"
                           "  # last\n"
                           "}  # closed\n"
                           "# eof\n";
  CHECK(formatted(text) == text);
  CHECK(formatted("s { # c\n}") == "s {  # c\n}\n");
  CHECK(formatted("a = (b # 1\n and # 2\n c)") == "a = (b  # 1\n    # 2\n    and c)\n");
}

TEST_CASE("texts at random") {
  const unsigned seed = GENERATE(range(0u, 400u));
  CAPTURE(seed);
  const std::string text = formatted(Writer(seed).file()); // which checks that it means the same
  CHECK(formatted(text) == text);
}
