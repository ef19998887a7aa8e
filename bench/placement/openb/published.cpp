#include "bench/placement/openb/published.h"

#include <filesystem>

#include "bench/placement/input/text.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

namespace nemo::bench {

llvm::Expected<Curve> published(const std::string &nodes, const std::string &pods,
                                const std::string &policy) {
  const std::string path =
      (std::filesystem::path(nodes).parent_path() / "fgd_peer_results.csv").string();
  const std::string list = std::filesystem::path(pods).filename().string();
  const llvm::StringRef workload = llvm::StringRef(list).split('.').first;
  auto table = read_table(path);
  if (!table)
    return table.takeError();
  size_t columns[4];
  const char *const names[] = {"workload", "policy", "arrived_gpu_pct", "gpu_alloc_pct_mean"};
  for (size_t i = 0; i < 4; ++i) {
    auto column = table->column(names[i]);
    if (!column)
      return column.takeError();
    columns[i] = *column;
  }
  Curve out;
  for (const auto &row : table->rows) {
    if (row[columns[1]] != policy || row[columns[0]] != workload)
      continue;
    int percent = 0;
    double value = 0;
    if (llvm::StringRef(row[columns[2]]).getAsInteger(10, percent) ||
        llvm::StringRef(row[columns[3]]).getAsDouble(value))
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     path + ": a figure is no number");
    out[percent] = value;
  }
  if (out.empty())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   llvm::Twine(path) + ": nothing of " + policy + " on " + list);
  return out;
}

} // namespace nemo::bench
