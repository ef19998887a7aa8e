// Public data sets as they are distributed: plain, or packed with gzip or xz.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "llvm/Support/Error.h"

namespace nemo::bench {

/// The text of a file, unpacked if it is packed; at most 1 GiB.
llvm::Expected<std::string> read_text(const std::string &path);

struct Member {
  std::string name, text;
};
/// The files in a tar archive, in its order.
llvm::Expected<std::vector<Member>> read_members(const std::string &path);

/// All the numbers of a text that consists of nothing but integers and white space.
/// \param path  for the error.
llvm::Expected<std::vector<int64_t>> numbers_of(std::string_view text, const std::string &path);
llvm::Expected<std::vector<int64_t>> read_numbers(const std::string &path);

/// One row per line; the first line names the columns, and when it holds a tab, cells are split at
/// tabs, else at commas that are not between quotes.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  /// \returns the column's index, or an error that names it.
  llvm::Expected<size_t> column(std::string_view name) const;
};
llvm::Expected<Table> read_table(const std::string &path);

/// FILE of the data sets' folder `data/placement`, below $NEMO_SHARED (default ../shared).
std::string data_file(std::string_view file);

} // namespace nemo::bench
