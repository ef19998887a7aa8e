#include "compiler/plan/table.h"

#include <algorithm>

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Unicode.h"

#include "compiler/plan/print.h"

namespace nemo::plan {

unsigned cells(llvm::StringRef text) {
  const int width = llvm::sys::unicode::columnWidthUTF8(text);
  return width >= 0 ? static_cast<unsigned>(width) : static_cast<unsigned>(text.size());
}

std::string painted(llvm::StringRef text, Tone tone, bool color) {
  if (!color || tone == Tone::plain || text.empty())
    return text.str();
  static constexpr const char *codes[] = {"",         "\x1b[1m",  "\x1b[2m",
                                          "\x1b[32m", "\x1b[31m", "\x1b[33m"};
  return codes[static_cast<size_t>(tone)] + text.str() + "\x1b[0m";
}

std::string wrapped(llvm::StringRef text, unsigned width, unsigned indent) {
  std::string result;
  unsigned at = 0;
  llvm::SmallVector<llvm::StringRef> words;
  text.split(words, ' ', -1, false);
  for (llvm::StringRef word : words) {
    const unsigned size = cells(word);
    if (at != 0 && at + 1 + size > width) {
      result += "\n" + std::string(indent, ' ');
      at = 0;
    } else if (at != 0) {
      result += ' ';
      ++at;
    }
    result += word;
    at += size;
  }
  return result;
}

void Table::print(llvm::raw_ostream &out, const PrintStyle &style) const {
  std::vector<unsigned> widths;
  for (const auto &row : rows_) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i + 1 < row.size(); ++i) // the last cell of a row may be of any length
      widths[i] = std::max(widths[i], cells(row[i].text));
  }
  for (const auto &row : rows_) {
    std::string line(indent_, ' ');
    unsigned column = indent_;
    size_t last = row.size();
    while (last > 0 && row[last - 1].text.empty())
      --last;
    for (size_t i = 0; i < last; ++i) {
      const Cell &cell = row[i];
      const unsigned size = cells(cell.text);
      if (i + 1 == row.size()) {
        const unsigned room = std::max(style.width, column + 24) - column;
        line += painted(wrapped(cell.text, room, column), cell.tone, style.color);
        continue;
      }
      const std::string gap(widths[i] - std::min(size, widths[i]), ' ');
      if (cell.right)
        line += gap;
      line += painted(cell.text, cell.tone, style.color);
      if (i + 1 < last)
        line += (cell.right ? "" : gap) + "  ";
      column += widths[i] + 2;
    }
    out << line << '\n';
  }
}

} // namespace nemo::plan
