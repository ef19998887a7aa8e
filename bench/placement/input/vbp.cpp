#include "bench/placement/input/vbp.h"

#include <algorithm>
#include <charconv>

#include "bench/placement/input/text.h"

namespace nemo::bench {

namespace {

llvm::Error wrong(const std::string &path, const char *what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": " + what);
}

struct Kind {
  const int64_t *sizes;
  int64_t count;
};

struct Instance {
  std::vector<int64_t> numbers;
  size_t dims = 0;
  std::vector<Kind> kinds;
  int64_t items = 0;

  int64_t capacity(size_t dim) const { return numbers[1 + dim]; }
};

llvm::Expected<Instance> parse(std::string_view text, const std::string &path) {
  // So that no sum of an instance is beyond what `check` lets pass.
  constexpr int64_t most_items = 1'000'000, most_cells = 100'000'000, largest = INT32_MAX;
  auto numbers = numbers_of(text, path);
  if (!numbers)
    return numbers.takeError();
  Instance out;
  out.numbers = std::move(*numbers);
  const std::vector<int64_t> &all = out.numbers;
  for (int64_t number : all)
    if (number < -largest || number > largest)
      return wrong(path, "a number is beyond 2^31");
  if (all.empty() || all[0] < 1 || static_cast<uint64_t>(all[0]) + 2 > all.size())
    return wrong(path, "is no instance of vector bin packing");
  out.dims = static_cast<size_t>(all[0]);
  const size_t kinds = static_cast<size_t>(all[out.dims + 1]);
  if (all[out.dims + 1] < 0 || kinds > all.size() ||
      all.size() != out.dims + 2 + kinds * (out.dims + 1))
    return wrong(path, "the number of items does not fit the text");
  for (size_t kind = 0; kind < kinds; ++kind) {
    const int64_t *sizes = all.data() + out.dims + 2 + kind * (out.dims + 1);
    const int64_t count = sizes[out.dims];
    if (count < 0 || count > most_items - out.items)
      return wrong(path, "more than a million items, or less than none");
    out.items += count;
    out.kinds.push_back({sizes, count});
  }
  if (out.items * all[0] > most_cells)
    return wrong(path, "more than a hundred million items times dimensions");
  return out;
}

void add_dimension(optimiser::Model &model, std::vector<int64_t> &bin, const Instance &instance,
                   size_t dim) {
  const uint32_t taken = static_cast<uint32_t>(model.resources.size()), given = taken + 1;
  int64_t most_given = 0;
  for (size_t kind = 0; kind < instance.kinds.size(); ++kind) {
    const int64_t size = instance.kinds[kind].sizes[dim];
    model.shapes[kind].demand.push_back(std::max<int64_t>(size, 0));
    most_given += std::max<int64_t>(-size, 0) * instance.kinds[kind].count;
  }
  model.resources.emplace_back();
  bin.push_back(instance.capacity(dim) + most_given);
  if (most_given == 0)
    return;
  for (size_t kind = 0; kind < instance.kinds.size(); ++kind)
    model.shapes[kind].demand.push_back(std::max<int64_t>(-instance.kinds[kind].sizes[dim], 0));
  model.resources.emplace_back();
  bin.push_back(most_given);
  model.balances.push_back({given, taken, 1, instance.items + 1});
}

} // namespace

llvm::Expected<optimiser::Model> vbp_model(std::string_view text, const std::string &path) {
  auto instance = parse(text, path);
  if (!instance)
    return instance.takeError();
  optimiser::Model model;
  model.shapes.resize(instance->kinds.size());
  std::vector<int64_t> bin;
  for (size_t dim = 0; dim < instance->dims; ++dim)
    add_dimension(model, bin, *instance, dim);
  for (size_t kind = 0; kind < instance->kinds.size(); ++kind) {
    optimiser::Replica replica;
    replica.shape = static_cast<uint32_t>(kind);
    model.replicas.insert(model.replicas.end(), static_cast<size_t>(instance->kinds[kind].count),
                          replica);
  }
  model.nodes = static_cast<uint32_t>(model.replicas.size());
  model.capacity.reserve(model.nodes * bin.size());
  for (uint32_t node = 0; node < model.nodes; ++node)
    model.capacity.insert(model.capacity.end(), bin.begin(), bin.end());
  model.safety = model.capacity;
  model.open_price.assign(model.nodes, 1);
  if (auto error = optimiser::check(model))
    return wrong(path, llvm::toString(std::move(error)).c_str());
  return model;
}

llvm::Expected<std::vector<KnownPacking>> read_known_packings(const std::string &path) {
  auto table = read_table(path);
  if (!table)
    return table.takeError();
  size_t columns[3];
  for (size_t i = 0; const char *name : {"instance_name", "OPT", "best_overall"}) {
    auto column = table->column(name);
    if (!column)
      return column.takeError();
    columns[i++] = *column;
  }
  std::vector<KnownPacking> out;
  for (const auto &row : table->rows) {
    KnownPacking known;
    known.instance = row[columns[0]];
    for (auto [cell, value] :
         {std::pair(&row[columns[1]], &known.optimum), std::pair(&row[columns[2]], &known.best)})
      if (auto [end, error] = std::from_chars(cell->data(), cell->data() + cell->size(), *value);
          error != std::errc() || end != cell->data() + cell->size())
        return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                       path + ": '" + *cell + "' is no number");
    out.push_back(std::move(known));
  }
  return out;
}

} // namespace nemo::bench
