// Diagnostics for people at a terminal. A source line is cut into cells first (one per character,
// each with the bytes it stands for and the width it takes), so that tabs, wide and invisible
// characters, and lines longer than the terminal need no special cases when carets are placed.
#include "base/diagnostics/diagnostics.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"

namespace nemo {
namespace {

constexpr unsigned tab_width = 8;

struct Cell {
  uint32_t begin = 0; ///< byte offset in the line
  std::string text;   ///< what is printed
  unsigned width = 0;
};

/// The character at the start of `text`: what to print for it, and its length in bytes.
std::pair<Cell, size_t> next_cell(llvm::StringRef text) {
  Cell cell;
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.data());
  const llvm::UTF8 *end = begin + text.size();
  if (!llvm::isLegalUTF8Sequence(begin, end)) {
    cell.text = fmt::format("<{:02X}>", *begin);
    cell.width = 4;
    return {cell, 1};
  }
  const size_t length = llvm::getNumBytesForUTF8(*begin);
  const llvm::StringRef character = text.take_front(length);
  const int width = llvm::sys::unicode::columnWidthUTF8(character);
  if (width >= 0) {
    cell.text = character.str();
    cell.width = static_cast<unsigned>(width);
    return {cell, length};
  }
  // Controls and invisible characters are spelled out: nothing in a file may steer the terminal.
  llvm::UTF32 code = 0;
  llvm::UTF32 *out = &code;
  llvm::ConvertUTF8toUTF32(&begin, end, &out, &code + 1, llvm::lenientConversion);
  cell.text = fmt::format("<U+{:04X}>", code);
  cell.width = static_cast<unsigned>(cell.text.size());
  return {cell, length};
}

std::vector<Cell> cells_of(llvm::StringRef line) {
  std::vector<Cell> cells;
  unsigned column = 0;
  for (size_t at = 0; at < line.size();) {
    Cell cell;
    size_t length = 1;
    if (line[at] == '\t') {
      cell.width = tab_width - column % tab_width;
      cell.text.assign(cell.width, ' ');
    } else {
      std::tie(cell, length) = next_cell(line.drop_front(at));
    }
    cell.begin = static_cast<uint32_t>(at);
    column += cell.width;
    cells.push_back(std::move(cell));
    at += length;
  }
  return cells;
}

std::string printable(llvm::StringRef text) {
  std::string shown;
  while (!text.empty()) {
    const auto [cell, length] = next_cell(text);
    shown += cell.text;
    text = text.drop_front(length);
  }
  return shown;
}

class Renderer {
public:
  Renderer(llvm::raw_ostream &out, const SourceTexts &texts, const RenderStyle &style)
      : out_(out), texts_(texts), style_(style) {}

  void print(const Diagnostic &diagnostic) {
    quoted_.clear();
    head(diagnostic.file, diagnostic.range, diagnostic.severity,
         diagnostic.id.empty() ? diagnostic.message
                               : fmt::format("{} [{}]", diagnostic.message, diagnostic.id));
    snippet(diagnostic.file, diagnostic.range);
    for (const Note &note : diagnostic.notes) {
      if (note.range.line == 0) {
        remark("note", note.text);
        continue;
      }
      head(note.file, note.range, Severity::note, note.text);
      snippet(note.file, note.range);
    }
    if (!diagnostic.fix.empty())
      remark("help", diagnostic.fix);
  }

private:
  std::string paint(const char *code, llvm::StringRef text) const {
    return style_.color ? fmt::format("\033[{}m{}\033[0m", code, text.str()) : text.str();
  }

  void head(llvm::StringRef file, const SourceRange &range, Severity severity,
            llvm::StringRef message) {
    std::string place;
    if (!file.empty())
      place = range.line == 0 ? printable(file) + ":"
                              : fmt::format("{}:{}:{}:", printable(file), range.line, range.column);
    if (!place.empty())
      out_ << paint("1", place) << ' ';
    out_ << (severity == Severity::error     ? paint("1;31", "error:")
             : severity == Severity::warning ? paint("1;35", "warning:")
                                             : paint("1;36", "note:"))
         << ' '
         << (severity == Severity::note ? printable(message) : paint("1", printable(message)))
         << '\n';
  }

  void remark(const char *kind, llvm::StringRef text) {
    out_ << "  " << paint("1;36", std::string(kind) + ":") << ' ';
    // A cause may be a small table: its lines stay lines.
    for (bool first = true; first || !text.empty(); first = false) {
      const auto [line, rest] = text.split('\n');
      out_ << (first ? "" : "        ") << printable(line) << '\n';
      text = rest;
    }
  }

  void snippet(llvm::StringRef file, const SourceRange &range) {
    const std::optional<llvm::StringRef> text = texts_.find(file);
    if (range.line == 0 || !text || range.begin > text->size() ||
        !quoted_.emplace(file.str(), range.begin, range.end).second)
      return;
    gutter_ = fmt::format("{}", std::max(range.line, range.end_line)).size() + 1;
    const bool several = range.end_line > range.line && range.end <= text->size();
    const size_t end = several ? text->size() : std::max(range.end, range.begin + 1);
    source_line(range.line,
                line_around(*text, line_start(*text, range.begin, range.column), range.begin),
                range.begin, end, true);
    if (!several)
      return;
    const size_t last = line_start(*text, range.end, range.end_column);
    if (last == range.end)
      return; // ends with the line end before it
    if (range.end_line > range.line + 1)
      out_ << std::string(gutter_, ' ') << paint("34", " :") << '\n';
    const Line line = line_around(*text, last, last);
    const size_t indent = std::min(line.text.find_first_not_of(" \t"), line.text.size());
    source_line(range.end_line, line, last + indent, range.end, false);
  }

  /// As much of a line as a terminal could show: a line may be as long as a file.
  struct Line {
    llvm::StringRef text;
    size_t begin = 0; ///< offset of `text` in the file
    bool more_before = false, more_behind = false;
  };

  static size_t line_start(llvm::StringRef text, size_t offset, uint32_t column) {
    const size_t start = offset - (column - 1);
    if (column != 0 && start <= offset && (start == 0 || text[start - 1] == '\n'))
      return start;
    return text.take_front(offset).rfind('\n') + 1; // npos + 1 is 0
  }

  static Line line_around(llvm::StringRef text, size_t start, size_t focus) {
    constexpr size_t reach = 4096;
    Line line;
    line.begin = focus - start > reach ? focus - reach : start;
    line.more_before = line.begin != start;
    while (line.more_before && line.begin < focus && (text[line.begin] & 0xC0) == 0x80)
      ++line.begin;
    line.text = text.slice(line.begin, focus + reach);
    const size_t end = line.text.find('\n');
    line.more_behind = end == llvm::StringRef::npos && focus + reach < text.size();
    line.text = line.text.take_front(end).rtrim('\r');
    return line;
  }

  /// One line and what is marked of it: bytes [begin, end) of the file.
  void source_line(uint32_t number, const Line &line, size_t begin, size_t end, bool caret) {
    std::vector<Cell> cells = cells_of(line.text);
    const auto marked = [&](const Cell &cell) {
      return line.begin + cell.begin >= begin && line.begin + cell.begin < end;
    };
    const auto first =
        static_cast<size_t>(std::find_if(cells.begin(), cells.end(), marked) - cells.begin());
    const auto [from, to] = window(cells, first);
    const bool cut = from > 0 || line.more_before;
    std::string shown = cut ? "…" : "";
    std::string marks = cut ? " " : "";
    for (size_t i = from; i != to; ++i) {
      shown += cells[i].text;
      const bool here = marked(cells[i]);
      for (unsigned w = 0; w != cells[i].width; ++w)
        marks += !here ? ' ' : i == first && w == 0 && caret ? '^' : '~';
    }
    if (to < cells.size() || line.more_behind)
      shown += "…";
    if (first == cells.size()) // just behind the line
      marks += '^';
    while (!marks.empty() && marks.back() == ' ')
      marks.pop_back();
    out_ << paint("34", fmt::format("{:>{}} |", number, gutter_)) << ' ' << shown << '\n';
    if (!marks.empty()) {
      const size_t blank = marks.find_first_not_of(' ');
      out_ << std::string(gutter_, ' ') << paint("34", " |") << ' ' << std::string(blank, ' ')
           << paint("1;32", llvm::StringRef(marks).drop_front(blank)) << '\n';
    }
  }

  /// The cells that fit, with the first marked one among them, a third of the way in.
  std::pair<size_t, size_t> window(const std::vector<Cell> &cells, size_t first) const {
    const unsigned taken = static_cast<unsigned>(gutter_) + 3;
    const unsigned room = style_.width > taken + 20 ? style_.width - taken : 20;
    unsigned total = 0;
    for (const Cell &cell : cells)
      total += cell.width;
    if (total <= room)
      return {0, cells.size()};
    unsigned before = 0;
    for (size_t i = 0; i != first; ++i)
      before += cells[i].width;
    size_t from = 0;
    for (unsigned skip = before > room * 2 / 3 ? before - room / 3 : 0; skip > 0 && from < first;
         ++from)
      skip -= std::min(skip, cells[from].width);
    size_t to = from;
    for (unsigned used = 2; to != cells.size() && used + cells[to].width <= room; ++to)
      used += cells[to].width;
    return {from, to};
  }

  llvm::raw_ostream &out_;
  const SourceTexts &texts_;
  const RenderStyle &style_;
  size_t gutter_ = 0;
  std::set<std::tuple<std::string, uint32_t, uint32_t>> quoted_; ///< of this diagnostic
};

} // namespace

std::optional<llvm::StringRef> SourceTexts::find(llvm::StringRef path) const {
  for (const auto &[name, text] : texts_)
    if (path == name)
      return text;
  return std::nullopt;
}

bool has_errors(llvm::ArrayRef<Diagnostic> diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic &d) { return d.severity == Severity::error; });
}

void render(llvm::raw_ostream &out, llvm::ArrayRef<Diagnostic> diagnostics,
            const SourceTexts &texts, const RenderStyle &style) {
  Renderer renderer(out, texts, style);
  for (const Diagnostic &diagnostic : diagnostics)
    renderer.print(diagnostic);
}

} // namespace nemo
