// Names and messages come from branches of strangers. Between backticks only a backtick, a pipe (in
// a table) and a backslash mean anything, so plain names stand there; whatever holds one of those
// is written in character references, which no renderer takes for markup.
#include <fmt/format.h>

#include "compiler/plan/diff/print.h"
#include "compiler/plan/diff/rows.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

namespace nemo::plan {

namespace {

constexpr size_t most_rows = 60;    ///< of one table
constexpr size_t most_bytes = 300;  ///< of one cell, before it is escaped
constexpr size_t most_all = 60'000; ///< of the tables together

/// Valid, short, on one line, without characters that only steer.
std::string tame(llvm::StringRef text) {
  std::string clean = llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
  for (char &c : clean)
    if (static_cast<unsigned char>(c) < ' ' || c == 127)
      c = ' ';
  if (clean.size() > most_bytes) {
    size_t end = most_bytes;
    while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80)
      --end;
    clean = clean.substr(0, end) + "…";
  }
  return llvm::StringRef(clean).trim().str();
}

/// Names and values.
std::string code(llvm::StringRef given) {
  const std::string text = tame(given);
  if (text.empty())
    return "";
  if (text.find_first_of("`|\\") == std::string::npos)
    return "`" + text + "`";
  std::string result = "<code>";
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && !llvm::isAlnum(c) && c != ' ')
      result += fmt::format("&#{};", static_cast<int>(c));
    else
      result += c;
  }
  return result + "</code>";
}

/// Sentences. A mention, an issue number or a milestone is made on the finished page, so no escape
/// stops it; a space of no width does.
std::string prose(llvm::StringRef given) {
  const std::string text = tame(given);
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (llvm::StringRef("\\`*_[]<>|~&!$").contains(c))
      result += '\\';
    result += c;
    const bool before_word = i + 1 < text.size() && (llvm::isAlnum(text[i + 1]) ||
                                                     text[i + 1] == '_' || text[i + 1] == '"');
    if (c == '@' || c == '#' || (before_word && llvm::StringRef("!$%&~^").contains(c)))
      result += "\u200B";
    const bool www = i + 1 < text.size() && text[i + 1] == '.' &&
                     llvm::StringRef(text).take_front(i + 1).endswith_insensitive("www");
    if (c == ':' || www)
      result += "<!-- -->"; // no bare URL becomes a link
  }
  return result;
}

/// \param room  bytes that are left for tables; what does not fit is counted.
void table(llvm::raw_ostream &out, size_t &room, llvm::ArrayRef<llvm::StringRef> head,
           llvm::ArrayRef<std::vector<std::string>> rows) {
  if (rows.empty())
    return;
  out << "\n|";
  for (llvm::StringRef title : head)
    out << ' ' << title << " |";
  out << "\n|";
  for (size_t i = 0; i < head.size(); ++i)
    out << " --- |";
  out << '\n';
  size_t shown = 0;
  for (const auto &row : rows.take_front(most_rows)) {
    const std::string line = "| " + llvm::join(row, " | ") + " |\n";
    if (line.size() > room)
      break;
    room -= line.size();
    out << line;
    ++shown;
  }
  if (rows.size() > shown)
    out << "\n… and " << rows.size() - shown << " more; without --format all are shown.\n";
}

void heading(llvm::raw_ostream &out, const Question &question, const std::string &rest) {
  // A script finds its own comment by the first line, and replaces it.
  const Sides *sides = std::get_if<Sides>(&question);
  if (sides == nullptr) {
    out << "<!-- nemo what-if -->\n### nemo: "
        << prose(rows::supposed(std::get<Supposed>(question))) << rest << '\n';
    return;
  }
  out << "<!-- nemo plan --ref -->\n### nemo: merging " << code(sides->from) << " into "
      << code(sides->into) << rest << '\n';
  if (!sides->subject.empty())
    out << "\n"
        << code(llvm::StringRef(sides->from_id).take_front(12)) << " " << code(sides->subject)
        << " · " << rows::commits(sides->commits) << '\n';
}

} // namespace

void print_markdown(llvm::raw_ostream &out, const Difference &difference,
                    const Question &question) {
  heading(out, question, " · stack " + code(difference.stack));
  if (difference.empty()) {
    out << "\n**" << rows::no_change(difference, question) << "**\n";
    return;
  }
  out << "\n**" << rows::summary(difference) << ".**\n";
  std::vector<std::vector<std::string>> replicas, promises, totals, others;
  for (const proto::Action &action : difference.actions) {
    const rows::Replica row = rows::replica(action);
    replicas.push_back({row.what, code(row.object), code(row.place), prose(row.why)});
  }
  for (const Promise &promise : difference.promises) {
    const rows::Expected row = rows::expected(promise);
    const std::string remark = prose(row.remark);
    promises.push_back({row.sign, code(row.object), code(row.rule), prose(row.before),
                        prose(row.after), promise.newly_failing() ? "**" + remark + "**" : remark});
  }
  for (const rows::Total &row : rows::totals(difference))
    totals.push_back({row.name, prose(row.before), prose(row.after), prose(row.difference)});
  for (const rows::Other &row : rows::others(difference))
    others.push_back({prose(row.what), prose(row.text)});
  size_t room = most_all;
  table(out, room, {"replica", "", "node", "why"}, replicas);
  table(out, room, {"", "expectation of", "rule", "before", "after", ""}, promises);
  table(out, room, {"", "before", "after", "difference"}, totals);
  table(out, room, {"also", ""}, others);
}

void print_markdown(llvm::raw_ostream &out, llvm::ArrayRef<Diagnostic> diagnostics,
                    const Question &question) {
  heading(out, question, "");
  out << "\n**There is no plan.**\n";
  std::vector<std::vector<std::string>> rows;
  for (const Diagnostic &item : diagnostics) {
    std::string where = item.file;
    if (item.range.line != 0)
      where += fmt::format(":{}", item.range.line);
    if (item.range.end_line > item.range.line)
      where += fmt::format("-{}", item.range.end_line);
    std::string text = prose(item.message);
    for (const Note &note : item.notes) {
      std::string at = note.file;
      if (note.range.line != 0)
        at += fmt::format(":{}", note.range.line);
      text += "<br>" + prose(note.text) + (at.empty() ? "" : " " + code(at));
    }
    if (!item.fix.empty())
      text += "<br>→ " + prose(item.fix);
    const char *severity = item.severity == Severity::error     ? "error"
                           : item.severity == Severity::warning ? "warning"
                                                                : "note";
    rows.push_back({std::string(severity) + " " + prose(item.id), code(where), text});
  }
  size_t room = most_all;
  table(out, room, {"", "where", "what"}, rows);
}

} // namespace nemo::plan
