// Myers' greedy difference (An O(ND) Difference Algorithm, 1986) over lines, after the equal start
// and end are set aside. Memory grows with the square of the number of differences, so beyond a
// bound the middle is given as one replacement: correct, only less pretty.
#include "intent/syntax/diff.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "llvm/ADT/ArrayRef.h"

namespace nemo::syntax {
namespace {

constexpr int most_differences = 2000;
constexpr size_t context = 3;

enum class Change : char { keep = ' ', remove = '-', insert = '+' };

using Lines = std::vector<llvm::StringRef>;

Lines split(llvm::StringRef text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t length = end == llvm::StringRef::npos ? text.size() : end + 1;
    lines.push_back(text.take_front(length));
    text = text.drop_front(length);
  }
  return lines;
}

/// The shortest edit script of a into b, or one replacement if it is very long.
std::vector<Change> script(llvm::ArrayRef<llvm::StringRef> a, llvm::ArrayRef<llvm::StringRef> b) {
  const int n = static_cast<int>(a.size());
  const int m = static_cast<int>(b.size());
  std::vector<std::vector<int>> trace; // furthest x by diagonal, for each number of differences
  std::vector<int> furthest(3, 0);     // diagonals -d-1 .. d+1, at index k + d + 1
  for (int d = 0; d <= std::min(n + m, most_differences); ++d) {
    std::vector<int> row(2 * static_cast<size_t>(d) + 3, 0);
    for (int k = -d; k <= d; k += 2) {
      const auto before = [&](int diagonal) { return furthest[static_cast<size_t>(diagonal + d)]; };
      int x = 0;
      if (d != 0)
        x = k == -d || (k != d && before(k - 1) < before(k + 1)) ? before(k + 1)
                                                                 : before(k - 1) + 1;
      int y = x - k;
      while (x < n && y < m && a[static_cast<size_t>(x)] == b[static_cast<size_t>(y)])
        ++x, ++y;
      row[static_cast<size_t>(k + d + 1)] = x;
      if (x != n || y != m)
        continue;
      // Walk back from the end.
      trace.push_back(std::move(row));
      std::vector<Change> changes;
      for (int step = d; step > 0; --step) {
        const std::vector<int> &previous = trace[static_cast<size_t>(step) - 1];
        const auto at = [&](int diagonal) {
          return previous[static_cast<size_t>(diagonal + step)];
        };
        const int diagonal = x - y;
        const bool inserted =
            diagonal == -step || (diagonal != step && at(diagonal - 1) < at(diagonal + 1));
        const int from = inserted ? diagonal + 1 : diagonal - 1;
        const int old_x = at(from);
        const int old_y = old_x - from;
        for (; x > old_x + !inserted && y > old_y + inserted; --x, --y)
          changes.push_back(Change::keep);
        changes.push_back(inserted ? Change::insert : Change::remove);
        x = old_x;
        y = old_y;
      }
      changes.insert(changes.end(), static_cast<size_t>(x), Change::keep);
      std::reverse(changes.begin(), changes.end());
      return changes;
    }
    furthest = row;
    trace.push_back(std::move(row));
  }
  std::vector<Change> changes(a.size(), Change::remove);
  changes.insert(changes.end(), b.size(), Change::insert);
  return changes;
}

std::string hunk_range(size_t first, size_t count) {
  if (count == 1)
    return fmt::format("{}", first + 1);
  return fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

} // namespace

std::string unified_diff(llvm::StringRef old_name, llvm::StringRef old_text,
                         llvm::StringRef new_name, llvm::StringRef new_text) {
  if (old_text == new_text)
    return {};
  const Lines a = split(old_text);
  const Lines b = split(new_text);
  size_t start = 0;
  while (start < std::min(a.size(), b.size()) && a[start] == b[start])
    ++start;
  size_t end = 0;
  while (end < std::min(a.size(), b.size()) - start &&
         a[a.size() - 1 - end] == b[b.size() - 1 - end])
    ++end;
  std::vector<Change> changes(start, Change::keep);
  const std::vector<Change> middle = script(llvm::ArrayRef(a).drop_front(start).drop_back(end),
                                            llvm::ArrayRef(b).drop_front(start).drop_back(end));
  changes.insert(changes.end(), middle.begin(), middle.end());
  changes.insert(changes.end(), end, Change::keep);

  std::string out = fmt::format("--- {}\n+++ {}\n", old_name.str(), new_name.str());
  size_t x = 0;
  size_t y = 0;
  for (size_t i = 0; i != changes.size();) {
    if (changes[i] == Change::keep) {
      ++i, ++x, ++y;
      continue;
    }
    // A hunk: until more than twice the context is kept.
    const size_t lead = std::min({context, x, y});
    size_t last = i;
    for (size_t j = i; j != changes.size() && j - last <= 2 * context; ++j)
      if (changes[j] != Change::keep)
        last = j;
    const size_t stop = std::min(last + 1 + context, changes.size());
    const size_t first_x = x - lead;
    const size_t first_y = y - lead;
    std::string lines;
    const auto put = [&](char sign, llvm::StringRef text) {
      lines += sign;
      lines += text;
      if (!text.endswith("\n"))
        lines += "\n\\ No newline at end of file\n";
    };
    for (size_t k = first_x; k != x; ++k)
      put(' ', a[k]);
    for (; i != stop; ++i) {
      put(static_cast<char>(changes[i]), changes[i] == Change::insert ? b[y] : a[x]);
      x += changes[i] != Change::insert;
      y += changes[i] != Change::remove;
    }
    out += fmt::format("@@ -{} +{} @@\n{}", hunk_range(first_x, x - first_x),
                       hunk_range(first_y, y - first_y), lines);
  }
  return out;
}

} // namespace nemo::syntax
