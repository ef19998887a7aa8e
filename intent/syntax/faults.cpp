// The words of syntax errors. Parsing stops at the first token that does not fit; from that token
// and its neighbours this file guesses what was meant and says what to write instead.
#include "intent/syntax/faults.h"

#include <fmt/format.h>

#include "intent/syntax/text.h"

namespace nemo::syntax {
namespace {

/// More than a screenful helps nobody; a binary file would give millions.
constexpr size_t most_faults = 1000;

/// `previous` ends a value, so an operator or the end should follow.
bool ends_value(uint32_t kind) {
  return is_operand(kind) || kind == Lexer::RPAREN || kind == Lexer::RBRACK;
}

bool begins_value(uint32_t kind) {
  return is_operand(kind) || kind == Lexer::LPAREN || kind == Lexer::LBRACK ||
         kind == Lexer::MINUS || kind == Lexer::NOT;
}

/// Whether the innermost open bracket before statement[found] is that of a list.
bool in_list(llvm::ArrayRef<Token> statement, size_t found) {
  size_t closed = 0;
  for (size_t i = found; i-- > 0;) {
    const uint32_t kind = statement[i].kind;
    if (kind == Lexer::RPAREN || kind == Lexer::RBRACK)
      ++closed;
    else if ((kind == Lexer::LPAREN || kind == Lexer::LBRACK) && closed-- == 0)
      return kind == Lexer::LBRACK;
  }
  return false;
}

struct Likeness {
  llvm::StringRef written;
  const char *meaning;
};
constexpr Likeness likenesses[] = {
    {"'", "texts stand in double quotes: \"…\""},
    {"`", "texts stand in double quotes: \"…\""},
    {"“", "write a plain double quote: \""},
    {"”", "write a plain double quote: \""},
    {"‘", "texts stand in plain double quotes: \"…\""},
    {"’", "texts stand in plain double quotes: \"…\""},
    {":", "an attribute is written `name = value`"},
    {"&", "write `and`"},
    {"|", "write `or`"},
    {"!", "write `not`"},
    {"≤", "write `<=`"},
    {"≥", "write `>=`"},
    {"≠", "write `!=`"},
    {"–", "write a plain `-`"},
    {"—", "write a plain `-`"},
    {"−", "write a plain `-`"},
    {"×", "write `*`"},
    {"·", "write `*`"},
    {"…", "a range is written with two dots: `2..6`"},
    {"µ", "write micro as `u`: `50us`"},
    {"μ", "write micro as `u`: `50us`"},
    {"°", "write degrees as `degC`: `85degC`"},
    {"€", "write the currency after the number: `2EUR`"},
    {"$", "write the currency after the number: `2USD`"},
    {"/", "comments begin with `#`"},
    {"%", "a percentage is written without space: `20%`"},
    {"\xC2\xA0", "this is a no-break space; write an ordinary one"},
    {"\xEF\xBB\xBF", "this is a byte order mark inside the text; remove it"},
    {"\r", "end lines with a line feed (LF or CR LF)"},
};

} // namespace

Diagnostic &Faults::add(const diag::Entry &entry, Extent extent, std::string message,
                        std::string fix) {
  if (diagnostics_.size() == most_faults)
    diagnostics_.push_back(diag::make(
        diag::N0120, fmt::format("more than {} faults; the rest is not listed", most_faults),
        file_.path, file_.range(extent)));
  if (diagnostics_.size() > most_faults) {
    diagnostics_.back().notes.clear();
    return diagnostics_.back();
  }
  diagnostics_.push_back(diag::make(entry, std::move(message), file_.path, file_.range(extent)));
  diagnostics_.back().fix = std::move(fix);
  return diagnostics_.back();
}

void Faults::note(std::string text, Extent extent) {
  diagnostics_.back().notes.push_back({std::move(text), file_.path, file_.range(extent)});
}

void Faults::cause(std::string text) {
  diagnostics_.back().notes.push_back({std::move(text), {}, {}});
}

std::string Faults::shown(const Token &token) const {
  return "'" + shortened(file_.source(token.extent()), 40) + "'";
}

void Faults::missing_value(llvm::ArrayRef<Token> statement, size_t found) {
  const Token &previous = statement[found - 1];
  const char *what = previous.kind == Lexer::DOT ? "name" : "value";
  if (found == statement.size()) {
    add(diag::N0113, previous.extent(),
        fmt::format("a {} is missing after {}", what, shown(previous)),
        is_binary(previous.kind)
            ? "finish the formula on this line, or put it in parentheses to wrap it over lines"
            : fmt::format("write the {} on the same line", what));
    cause("the statement ends with the line");
    return;
  }
  add(diag::N0113, statement[found].extent(),
      fmt::format("a {} is missing between {} and {}", what, shown(previous),
                  shown(statement[found])),
      fmt::format("write the {}, or take {} away", what, shown(previous)));
}

void Faults::unexpected(llvm::ArrayRef<Token> statement, size_t found, bool is_rule) {
  const Token &previous = statement[found - 1];
  if (found == statement.size() ||
      (!ends_value(previous.kind) && !begins_value(statement[found].kind))) {
    if (!ends_value(previous.kind))
      return missing_value(statement, found);
    add(diag::N0114, previous.extent(), "the statement ends too early");
    return;
  }
  const Token &token = statement[found];
  const uint32_t next = found + 1 < statement.size() ? statement[found + 1].kind : end_of_file;
  const std::string text = file_.source(token.extent()).str();
  const std::string before = file_.source(previous.extent()).str();

  if (token.kind == Lexer::ASSIGN) {
    const bool swapped = next == Lexer::LT || next == Lexer::GT;
    add(diag::N0119, token.extent(), "'=' gives an attribute its value; it does not compare",
        swapped ? (next == Lexer::LT ? "write `<=`" : "write `>=`") : "write `==` to compare");
  } else if (is_verb(token.kind) || (is_name(token.kind) && next == Lexer::ASSIGN)) {
    add(diag::N0121, token.extent(),
        fmt::format("{} begins a second statement on the same line", shown(token)),
        "put a line end or `;` before it");
  } else if (previous.kind == Lexer::NUMBER && token.kind == Lexer::ID) {
    add(diag::N0124, {previous.begin, token.end}, "a number and its unit are written as one word",
        fmt::format("write {}{}", before, text));
  } else if (is_clause(token.kind) && !is_rule) {
    add(diag::N0123, token.extent(),
        fmt::format("{} belongs to rules, not to attributes", shown(token)),
        "state a rule: require, prefer, deny, minimize, maximize or when");
  } else if (token.kind == Lexer::COMMA) {
    add(diag::N0114, token.extent(), "',' separates the items of a list, and there is no list here",
        "put the items in brackets: [a, b]");
  } else if (previous.kind == Lexer::DOT &&
             (token.kind == Lexer::NUMBER || token.kind == Lexer::QUANTITY)) {
    add(diag::N0114, token.extent(), "a name begins with a letter",
        fmt::format("write it in quotes: .\"{}\"", text));
  } else if (previous.kind == Lexer::NUMBER && token.kind == Lexer::DOT) {
    add(diag::N0114, token.extent(), "a number has one decimal point",
        "if this is text, such as an address or a version, put it in quotes");
  } else {
    add(diag::N0114, token.extent(), fmt::format("{} cannot stand here", shown(token)),
        in_list(statement, found) ? "separate the items of a list with commas"
        : ends_value(previous.kind)
            ? "join two values with an operator, or end the line after the first"
            : "write a value here");
    cause(fmt::format("it follows {}", shown(previous)));
  }
}

void Faults::strange(const Token &token) {
  llvm::StringRef text = file_.source(token.extent());
  if (token.kind == Lexer::OPEN_STRING) {
    add(diag::N0106, token.extent(), "the text is not closed before the line ends",
        "close it with \"; a line break inside a text is written \\n");
    return;
  }
  if (bidi_control(text) != 0)
    return; // has a diagnostic of its own
  // The lexer gives a run of bytes beyond ASCII as one token; what to say hangs on its first
  // character.
  size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
    ++length;
  const llvm::StringRef character = text.take_front(length);
  const auto byte = static_cast<unsigned char>(character[0]);
  const std::string printed = byte < 0x20 || byte == 0x7F
                                  ? fmt::format("control character {}", byte)
                                  : fmt::format("'{}'", character.str());
  std::string fix =
      byte < 0x80 ? "" : "names are made of a-z, A-Z, 0-9, _ and -; put text in quotes";
  for (const Likeness &likeness : likenesses)
    if (character == likeness.written)
      fix = likeness.meaning;
  add(diag::N0105, {token.begin, token.begin + static_cast<uint32_t>(length)},
      printed + " has no meaning in the language", fix);
}

void Faults::check_escapes(const Token &token) {
  llvm::StringRef text = file_.source(token.extent());
  for (size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at + 2)) {
    const char escaped = text[at + 1];
    if (escaped == '"' || escaped == '\\' || escaped == 'n' || escaped == 't')
      continue;
    const auto begin = token.begin + static_cast<uint32_t>(at);
    add(diag::N0107, {begin, begin + 2}, "there is no such escape in a text",
        "the escapes are \\\" \\\\ \\n \\t; a backslash itself is written \\\\");
    return;
  }
}

} // namespace nemo::syntax
