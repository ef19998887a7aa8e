// Text in columns: what the plan's printer is made of. Widths are terminal cells, so that arrows
// and check marks align; the last column wraps below itself.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace nemo::plan {

enum class Tone { plain, strong, faint, good, bad, changed };

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
  bool right = false; ///< flush right, for figures
};

struct PrintStyle;

/// Cells that `text` takes on a terminal.
unsigned cells(llvm::StringRef text);

/// `text` with the escape codes of its tone when colour is asked for.
std::string painted(llvm::StringRef text, Tone tone, bool color);

class Table {
public:
  explicit Table(unsigned indent = 2) : indent_(indent) {}
  void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  void print(llvm::raw_ostream &out, const PrintStyle &style) const;

private:
  unsigned indent_;
  std::vector<std::vector<Cell>> rows_;
};

/// Words of `text` in lines of at most `width` cells, each after the first indented by `indent`.
std::string wrapped(llvm::StringRef text, unsigned width, unsigned indent);

} // namespace nemo::plan
