// A formula with its values below it, as power assertions do: each value hangs under its reference,
// or under its operator, and the rightmost value is highest, so that no line crosses another.
#include <algorithm>
#include <map>

#include "llvm/Support/Unicode.h"

#include "protocol/formula/evaluate.h"

namespace nemo::formula {

namespace {

unsigned cells(llvm::StringRef text) {
  const int width = llvm::sys::unicode::columnWidthUTF8(text);
  return width < 0 ? static_cast<unsigned>(text.size()) : static_cast<unsigned>(width);
}

/// Line ends and tabs as spaces, byte for byte: positions stay.
std::string on_one_line(llvm::StringRef source) {
  std::string text = source.str();
  for (char &c : text)
    if (c == '\n' || c == '\r' || c == '\t')
      c = ' ';
  return text;
}

using Key = std::pair<uint32_t, uint32_t>;

/// Where operators stand, by the span of what they join.
std::map<Key, uint32_t> operators(llvm::StringRef source, const proto::Expr &expr) {
  std::map<Key, uint32_t> found;
  const uint32_t base = expr.span().begin();
  std::vector<const proto::Expr *> pending{&expr};
  while (!pending.empty()) {
    const proto::Expr &current = *pending.back();
    pending.pop_back();
    for (const proto::Expr &operand : current.operands())
      pending.push_back(&operand);
    if (current.operands_size() != 2)
      continue;
    const uint32_t left = current.operands(0).span().end();
    const uint32_t right = current.operands(1).span().begin();
    if (left < base || right < left || right - base > source.size())
      continue;
    const llvm::StringRef between = source.slice(left - base, right - base);
    const size_t at = between.find_first_not_of(" \t\r\n)");
    if (at != llvm::StringRef::npos)
      found[{current.span().begin(), current.span().end()}] = left + static_cast<uint32_t>(at);
  }
  return found;
}

struct Hung {
  unsigned column;
  std::string text;
};

/// The part's value as a line of its own.
std::string as_list(llvm::StringRef source, uint32_t base, const Evaluation &evaluation) {
  std::vector<std::pair<std::string, std::string>> lines;
  size_t widest = 0;
  for (const Part &part : evaluation.parts) {
    std::string name = part.text;
    const bool inside = part.span.begin() >= base && part.span.end() >= part.span.begin() &&
                        part.span.end() - base <= source.size();
    if (name.empty() && inside)
      name = source.slice(part.span.begin() - base, part.span.end() - base).str();
    if (name.empty())
      continue;
    std::pair<std::string, std::string> line(std::move(name), to_string(part.value));
    if (std::find(lines.begin(), lines.end(), line) != lines.end())
      continue;
    widest = std::max<size_t>(widest, std::min<size_t>(cells(line.first), 40));
    lines.push_back(std::move(line));
  }
  std::string text;
  for (const auto &[name, value] : lines) {
    const size_t width = cells(name);
    text += "\n  " + name + std::string(width < widest ? widest - width : 0, ' ') + "  " + value;
  }
  return text;
}

/// Lines of bars and values; rightmost first, a value moves down when it would touch its neighbour.
std::string as_picture(const std::vector<Hung> &hung) {
  std::vector<std::vector<size_t>> rows;
  std::vector<unsigned> row_start;
  for (size_t i = hung.size(); i-- > 0;) {
    const unsigned end = hung[i].column + cells(hung[i].text);
    size_t row = 0;
    // Bars of parts to the right reach down to their own rows only, so only values are in the way.
    while (row < rows.size() && end + 1 > row_start[row])
      ++row;
    // A row above it holds a value further left? Never: columns fall as we go.
    if (row == rows.size()) {
      rows.emplace_back();
      row_start.push_back(0);
    }
    rows[row].push_back(i);
    row_start[row] = hung[i].column;
    // Values further left must pass below this bar or end before it.
    for (size_t above = 0; above < row; ++above)
      row_start[above] = std::min(row_start[above], hung[i].column);
  }
  std::string text;
  auto put = [](std::string &line, unsigned &width, unsigned column, llvm::StringRef what) {
    if (column < width)
      return;
    line.append(column - width, ' ');
    line += what;
    width = column + cells(what);
  };
  std::vector<size_t> row_of(hung.size());
  for (size_t row = 0; row < rows.size(); ++row)
    for (const size_t i : rows[row])
      row_of[i] = row;
  for (size_t row = 0; row <= rows.size(); ++row) {
    std::string line;
    unsigned width = 0;
    for (size_t i = 0; i < hung.size(); ++i) {
      if (row == 0 || row_of[i] > row - 1)
        put(line, width, hung[i].column, "|");
      else if (row_of[i] == row - 1)
        put(line, width, hung[i].column, hung[i].text);
    }
    text += "\n" + line;
  }
  return text;
}

} // namespace

std::string explain(llvm::StringRef source, const proto::Expr &expr, const Evaluation &evaluation,
                    unsigned width) {
  const std::string line = on_one_line(source);
  const uint32_t base = expr.span().begin();
  // Positions fit only when the text is the span's own.
  const bool aligned = expr.span().end() >= base && expr.span().end() - base == source.size();
  if (evaluation.parts.empty())
    return line;
  if (!aligned || cells(line) > width)
    return line + as_list(line, aligned ? base : ~0u, evaluation);

  const auto joins = operators(line, expr);
  std::vector<Hung> hung;
  for (const Part &part : evaluation.parts) {
    uint32_t at = part.span.begin();
    if (part.text.empty()) {
      const auto found = joins.find({part.span.begin(), part.span.end()});
      if (found == joins.end())
        continue;
      at = found->second;
    }
    if (at < base || at - base >= line.size())
      continue;
    hung.push_back({cells(llvm::StringRef(line).take_front(at - base)), to_string(part.value)});
  }
  std::stable_sort(hung.begin(), hung.end(),
                   [](const Hung &a, const Hung &b) { return a.column < b.column; });
  for (const Hung &one : hung)
    if (one.column + cells(one.text) > width)
      return line + as_list(line, base, evaluation);
  return line + as_picture(hung);
}

} // namespace nemo::formula
