#include "bench/placement/input/openb.h"

#include <algorithm>
#include <map>

#include "bench/placement/input/text.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"

namespace nemo::bench {

namespace {

constexpr int64_t whole_gpu = 1000;

/// Columns of a table by name, and their cells as numbers in range.
class Cells {
public:
  static llvm::Expected<Cells> read(const std::string &path, llvm::ArrayRef<const char *> names) {
    auto table = read_table(path);
    if (!table)
      return table.takeError();
    Cells cells(path, std::move(*table));
    for (const char *name : names) {
      auto column = cells.table_.column(name);
      if (!column)
        return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                       path + ": " + llvm::toString(column.takeError()));
      cells.columns_.push_back(*column);
    }
    if (cells.rows() == 0)
      return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": has no rows");
    return cells;
  }

  size_t rows() const { return table_.rows.size(); }
  llvm::StringRef text(size_t row, size_t name) const { return table_.rows[row][columns_[name]]; }
  /// The cell of an optional column; empty when there is none.
  llvm::StringRef optional(size_t row, const char *name) const {
    auto column = table_.column(name);
    if (column)
      return table_.rows[row][*column];
    llvm::consumeError(column.takeError());
    return {};
  }

  llvm::Error number(size_t row, size_t name, int64_t most, int64_t &out) const {
    if (!text(row, name).getAsInteger(10, out) && out >= 0 && out <= most)
      return llvm::Error::success();
    return llvm::createStringError(
        llvm::inconvertibleErrorCode(),
        llvm::formatv("{0}: row {1}, {2}: '{3}' is no whole number from 0 to {4}", path_, row + 1,
                      table_.columns[columns_[name]], text(row, name), most)
            .str());
  }

private:
  Cells(const std::string &path, Table table) : path_(path), table_(std::move(table)) {}

  std::string path_;
  Table table_;
  std::vector<size_t> columns_;
};

llvm::Error read_nodes(const std::string &path, optimiser::Model &model,
                       std::vector<std::string> &gpu_of_node) {
  auto cells = Cells::read(path, {"cpu_milli", "memory_mib", "gpu", "model"});
  if (!cells)
    return cells.takeError();
  model.nodes = static_cast<uint32_t>(cells->rows());
  model.resources.resize(2);
  for (uint32_t node = 0; node < model.nodes; ++node) {
    for (size_t resource : {0, 1}) {
      int64_t amount = 0;
      if (auto error = cells->number(node, resource, optimiser::most_amount, amount))
        return error;
      model.capacity.push_back(amount);
    }
    int64_t gpus = 0;
    if (auto error = cells->number(node, 2, optimiser::most_devices, gpus))
      return error;
    model.devices.insert(model.devices.end(), static_cast<size_t>(gpus), {node, whole_gpu});
    gpu_of_node.push_back(cells->text(node, 3).str());
  }
  model.safety = model.capacity;
  return llvm::Error::success();
}

/// The nodes whose GPUs are of one of the models in `spec` ("V100M16|V100M32").
std::vector<bool> nodes_with(llvm::StringRef spec, const std::vector<std::string> &gpu_of_node) {
  llvm::SmallVector<llvm::StringRef> models;
  spec.split(models, '|', -1, /*KeepEmpty=*/false);
  std::vector<bool> set;
  for (const std::string &gpu : gpu_of_node)
    set.push_back(llvm::is_contained(models, gpu));
  return set;
}

class Pods {
public:
  Pods(Openb &out, const std::vector<std::string> &gpu_of_node)
      : out_(out), gpu_of_node_(gpu_of_node) {}

  llvm::Error read(const std::string &path) {
    auto cells = Cells::read(path, {"cpu_milli", "memory_mib", "num_gpu", "gpu_milli"});
    if (!cells)
      return cells.takeError();
    const int64_t most[] = {optimiser::most_amount, optimiser::most_amount, optimiser::most_devices,
                            whole_gpu};
    for (size_t row = 0; row < cells->rows(); ++row) {
      int64_t value[4];
      for (size_t column = 0; column < 4; ++column)
        if (auto error = cells->number(row, column, most[column], value[column]))
          return error;
      if (value[2] > 0 && value[3] == 0)
        return llvm::createStringError(
            llvm::inconvertibleErrorCode(),
            llvm::formatv("{0}: row {1} asks for GPUs but for nothing of each", path, row + 1)
                .str());
      optimiser::Shape shape;
      shape.demand = {value[0], value[1]};
      if (value[2] > 0) {
        shape.devices = {static_cast<uint32_t>(value[2]), value[3]};
        shape.allowed = node_set(cells->optional(row, "gpu_spec"));
      }
      out_.pods.push_back(index_of(std::move(shape)));
    }
    return llvm::Error::success();
  }

private:
  uint32_t node_set(llvm::StringRef spec) {
    if (spec.trim('|').empty())
      return UINT32_MAX;
    const auto [at, added] =
        sets_.try_emplace(spec.str(), static_cast<uint32_t>(out_.model.node_sets.size()));
    if (added)
      out_.model.node_sets.push_back(nodes_with(spec, gpu_of_node_));
    return at->second;
  }

  uint32_t index_of(optimiser::Shape shape) {
    const std::vector<int64_t> key = {shape.demand[0], shape.demand[1], shape.devices.count,
                                      shape.devices.share, shape.allowed};
    const auto [at, added] =
        shapes_.try_emplace(key, static_cast<uint32_t>(out_.model.shapes.size()));
    if (added)
      out_.model.shapes.push_back(std::move(shape));
    return at->second;
  }

  Openb &out_;
  const std::vector<std::string> &gpu_of_node_;
  std::map<std::string, uint32_t> sets_;
  std::map<std::vector<int64_t>, uint32_t> shapes_;
};

} // namespace

llvm::Expected<Openb> read_openb(const std::string &nodes, const std::string &pods) {
  Openb out;
  std::vector<std::string> gpu_of_node;
  if (auto error = read_nodes(nodes, out.model, gpu_of_node))
    return std::move(error);
  if (auto error = Pods(out, gpu_of_node).read(pods))
    return std::move(error);
  if (auto error = optimiser::check(out.model))
    return std::move(error);
  return out;
}

} // namespace nemo::bench
