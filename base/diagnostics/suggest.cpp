// What messages say about words: as much of one as fits, and which was probably meant. The distance
// between two is that of optimal string alignment (insert, delete, replace, swap neighbours),
// computed only as far as a suggestion could still be near enough.
#include "base/diagnostics/diagnostics.h"

#include <algorithm>
#include <array>

namespace nemo {
namespace {

/// The distance between two words, or anything above `bound` if it is above.
size_t distance(llvm::StringRef a, llvm::StringRef b, size_t bound) {
  const size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > bound)
    return bound + 1;
  std::array<std::vector<size_t>, 3> rows; // two before, one before, this
  for (auto &row : rows)
    row.resize(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    rows[1][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    rows[2][0] = i;
    size_t least = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = rows[1][j - 1] + (a[i - 1] != b[j - 1]);
      size_t best = std::min({rows[1][j] + 1, rows[2][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = std::min(best, rows[0][j - 2] + 1);
      rows[2][j] = best;
      least = std::min(least, best);
    }
    if (least > bound)
      return bound + 1;
    std::swap(rows[0], rows[1]);
    std::swap(rows[1], rows[2]);
  }
  return rows[1][b.size()];
}

} // namespace

std::string shortened(llvm::StringRef text, size_t most) {
  if (text.size() <= most)
    return text.str();
  size_t cut = most - 3; // what "…" takes
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80)
    --cut;
  return text.take_front(cut).str() + "…";
}

std::optional<std::string> did_you_mean(llvm::StringRef wrong,
                                        llvm::ArrayRef<std::string> candidates) {
  constexpr size_t longest = 256; // longer names are no slips of the hand
  if (wrong.empty() || wrong.size() > longest)
    return std::nullopt;
  size_t bound = std::max<size_t>(1, wrong.size() / 3);
  const std::string *nearest = nullptr;
  for (const std::string &candidate : candidates) {
    if (candidate == wrong)
      continue;
    const size_t found = distance(wrong, candidate, bound);
    if (found < bound || (found == bound && !nearest)) {
      nearest = &candidate;
      bound = found;
    }
  }
  return nearest ? std::optional<std::string>(*nearest) : std::nullopt;
}

} // namespace nemo
