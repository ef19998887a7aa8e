// What people and programs get to see of a diagnostic, byte for byte.
#include <catch2/catch.hpp>

#include "llvm/Support/JSON.h"

#include "base/diagnostics/diagnostics.h"
#include "base/diagnostics/registry.h"

using namespace nemo;

namespace {

/// The range of `part` in `text`.
SourceRange range_of(llvm::StringRef text, llvm::StringRef part) {
  SourceRange range;
  range.begin = static_cast<uint32_t>(text.find(part));
  range.end = range.begin + static_cast<uint32_t>(part.size());
  const auto place = [&](uint32_t offset, uint32_t &line, uint32_t &column) {
    const llvm::StringRef before = text.take_front(offset);
    line = static_cast<uint32_t>(before.count('\n') + 1);
    column = offset - static_cast<uint32_t>(before.rfind('\n') + 1) + 1;
  };
  place(range.begin, range.line, range.column);
  place(range.end, range.end_line, range.end_column);
  return range;
}

std::string rendered(const std::vector<Diagnostic> &diagnostics, const std::string &text,
                     const RenderStyle &style = {}) {
  SourceTexts texts;
  texts.add("a.nemo", text);
  std::string shown;
  llvm::raw_string_ostream out(shown);
  render(out, diagnostics, texts, style);
  return shown;
}

std::string marked(const std::string &text, const std::string &part, unsigned width = 100) {
  Diagnostic diagnostic;
  diagnostic.id = "N0114";
  diagnostic.message = "here";
  diagnostic.file = "a.nemo";
  diagnostic.range = range_of(text, part);
  RenderStyle style;
  style.width = width;
  const std::string all = rendered({diagnostic}, text, style);
  return all.substr(all.find('\n') + 1);
}

} // namespace

TEST_CASE("message, source line, caret range, notes and next step") {
  const std::string text = "eu = [\"de\"]\nrequire node.sit == \"de\"\n";
  Diagnostic diagnostic =
      diag::make(diag::N0114, "no member 'sit'", "a.nemo", range_of(text, "sit"));
  diagnostic.notes.push_back({"a node has class, site", {}, {}});
  diagnostic.notes.push_back({"compared with this", "a.nemo", range_of(text, "\"de\"]")});
  diagnostic.fix = "did you mean site?";
  CHECK(rendered({diagnostic}, text) == "a.nemo:2:14: error: no member 'sit' [N0114]\n"
                                        " 2 | require node.sit == \"de\"\n"
                                        "   |              ^~~\n"
                                        "  note: a node has class, site\n"
                                        "a.nemo:1:7: note: compared with this\n"
                                        " 1 | eu = [\"de\"]\n"
                                        "   |       ^~~~~\n"
                                        "  help: did you mean site?\n");
}

TEST_CASE("diagnostics without a place, or with a file that nobody has") {
  Diagnostic diagnostic = diag::make(diag::N0114, "no file", {}, {});
  CHECK(rendered({diagnostic}, "") == "error: no file [N0114]\n");
  diagnostic.file = "gone.nemo";
  CHECK(rendered({diagnostic}, "") == "gone.nemo: error: no file [N0114]\n");
  diagnostic.range = {0, 1, 1, 1, 1, 2};
  diagnostic.severity = Severity::warning;
  CHECK(rendered({diagnostic}, "") == "gone.nemo:1:1: warning: no file [N0114]\n");
}

TEST_CASE("a cause of several lines stays one") {
  Diagnostic diagnostic = diag::make(diag::N0114, "false", {}, {});
  diagnostic.notes.push_back({"a and b\na is true\nb is false", {}, {}});
  CHECK(rendered({diagnostic}, "") == "error: false [N0114]\n"
                                      "  note: a and b\n"
                                      "        a is true\n"
                                      "        b is false\n");
}

TEST_CASE("carets stand under what they mark") {
  CHECK(marked("\tx = 1\n", "x") == " 1 |         x = 1\n"
                                    "   |         ^\n");
  CHECK(marked("ab\tx\n", "x") == " 1 | ab      x\n"
                                  "   |         ^\n");
  CHECK(marked("é = \"日本\" + x\n", "x") == " 1 | é = \"日本\" + x\n"
                                             "   |              ^\n");
  CHECK(marked("a = \"日本\"\n", "日本") == " 1 | a = \"日本\"\n"
                                            "   |      ^~~~\n");
  CHECK(marked("a = \x1b[31m\n", "[31m") == " 1 | a = <U+001B>[31m\n"
                                            "   |             ^~~~\n");
  CHECK(marked("a = \xff x\n", "x") == " 1 | a = <FF> x\n"
                                       "   |          ^\n");
  CHECK(marked("a =\r\nb", "=") == " 1 | a =\n"
                                   "   |   ^\n");
}

TEST_CASE("the end of the line and of the file can be marked") {
  CHECK(marked("a =\n", "\n") == " 1 | a =\n"
                                 "   |    ^\n");
  const std::string text = "a {\n";
  Diagnostic diagnostic = diag::make(diag::N0114, "here", "a.nemo", {4, 4, 2, 1, 2, 1});
  CHECK(rendered({diagnostic}, text) == "a.nemo:2:1: error: here [N0114]\n 2 | \n   | ^\n");
}

TEST_CASE("long lines are cut around the caret") {
  const std::string text = std::string(300, 'a') + "X" + std::string(300, 'b') + "\n";
  const std::string shown = marked(text, "X", 60);
  const std::string line = shown.substr(0, shown.find('\n'));
  const std::string marks = shown.substr(shown.find('\n') + 1);
  CHECK(line.find("…") != std::string::npos);
  CHECK(line.size() <= 60 + 4); // two ellipses of three bytes
  // Under the X, counting the ellipsis as one cell.
  CHECK(marks.find('^') == line.find('X') - 2);
}

TEST_CASE("a line as long as a file is shown like any other") {
  std::string text = "a = 1\n" + std::string(1 << 20, 'a');
  for (int i = 0; i < (1 << 18); ++i)
    text += "é日"; // wherever it is cut, whole characters are shown
  text += "X" + std::string(1 << 20, 'b');
  const std::string shown = marked(text, "X", 60);
  const std::string line = shown.substr(0, shown.find('\n'));
  const std::string marks = shown.substr(shown.find('\n') + 1);
  CHECK(line.find('<') == std::string::npos);
  CHECK(line.find("é日é日X") != std::string::npos);
  CHECK(llvm::StringRef(line).endswith("b…"));
  CHECK(llvm::StringRef(line).startswith(" 2 | …"));
  CHECK(llvm::StringRef(marks).trim("\n |") == "^");
}

TEST_CASE("a text inside a message is cut between characters") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcdefgh", 7) == "abcd…");
  CHECK(shortened("日本日本日本", 10) == "日本…");
  CHECK(shortened("日本日本日本", 9) == "日本…");
  CHECK(shortened("日本日本日本", 8) == "日…");
}

TEST_CASE("ranges over several lines show the first and the last") {
  CHECK(marked("a = (b\n  and\n  c)\nd\n", "(b\n  and\n  c)") == " 1 | a = (b\n"
                                                                 "   |     ^~\n"
                                                                 "   :\n"
                                                                 " 3 |   c)\n"
                                                                 "   |   ~~\n");
  CHECK(marked("a = (b\n  c)\n", "(b\n  c)") == " 1 | a = (b\n"
                                                "   |     ^~\n"
                                                " 2 |   c)\n"
                                                "   |   ~~\n");
}

TEST_CASE("colour is there only when asked for") {
  const Diagnostic diagnostic = diag::make(diag::N0114, "m", {}, {});
  RenderStyle style;
  style.color = true;
  CHECK(rendered({diagnostic}, "", style) == "\033[1;31merror:\033[0m \033[1mm [N0114]\033[0m\n");
  CHECK(rendered({diagnostic}, "").find('\033') == std::string::npos);
}

TEST_CASE("what a message quotes cannot steer the terminal") {
  const Diagnostic diagnostic = diag::make(diag::N0114, "bad \x1b[2J name", {}, {});
  CHECK(rendered({diagnostic}, "") == "error: bad <U+001B>[2J name [N0114]\n");
}

TEST_CASE("JSON has the pinned keys, null where nothing is known") {
  const std::string text = "a = 1\nb = 2\n";
  Diagnostic diagnostic = diag::make(diag::N0114, "m \"q\" \xff", "a.nemo", range_of(text, "b"));
  diagnostic.notes.push_back({"cause", {}, {}});
  diagnostic.notes.push_back({"there", "a.nemo", range_of(text, "a")});
  Diagnostic second = diag::make(diag::N0114, "w", {}, {});
  second.severity = Severity::warning;
  second.fix = "do";
  std::string shown;
  llvm::raw_string_ostream out(shown);
  render_json(out, {diagnostic, second});
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(shown);
  REQUIRE(static_cast<bool>(value));
  llvm::Expected<llvm::json::Value> expected = llvm::json::parse(R"({
    "version": 1, "valid": false, "diagnostics": [
      {"id": "N0114", "severity": "error", "message": "m \"q\" \ufffd", "file": "a.nemo",
       "line": 2, "column": 1, "end_line": 2, "end_column": 2, "begin": 6, "end": 7,
       "notes": [
         {"message": "cause", "file": null, "line": null, "column": null, "end_line": null,
          "end_column": null, "begin": null, "end": null},
         {"message": "there", "file": "a.nemo", "line": 1, "column": 1, "end_line": 1,
          "end_column": 2, "begin": 0, "end": 1}],
       "fix": null},
      {"id": "N0114", "severity": "warning", "message": "w", "file": null, "line": null,
       "column": null, "end_line": null, "end_column": null, "begin": null, "end": null,
       "notes": [], "fix": "do"}]})");
  REQUIRE(static_cast<bool>(expected));
  CHECK(*value == *expected);
}

TEST_CASE("JSON of no errors is valid") {
  std::string shown;
  llvm::raw_string_ostream out(shown);
  render_json(out, {});
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(shown);
  REQUIRE(static_cast<bool>(value));
  CHECK(value->getAsObject()->getBoolean("valid") == true);
  CHECK(value->getAsObject()->getArray("diagnostics")->empty());
}
