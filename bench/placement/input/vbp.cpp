#include "bench/placement/input/vbp.h"

#include <charconv>

#include "bench/placement/input/text.h"

namespace nemo::bench {

llvm::Expected<optimiser::Model> vbp_model(std::string_view text, const std::string &path) {
  const auto wrong = [&](const char *what) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": " + what);
  };
  auto numbers = numbers_of(text, path);
  if (!numbers)
    return numbers.takeError();
  const std::vector<int64_t> &all = *numbers;
  if (all.empty() || all[0] < 1 || static_cast<uint64_t>(all[0]) + 2 > all.size())
    return wrong("is no instance of vector bin packing");
  const size_t dims = static_cast<size_t>(all[0]);
  const size_t kinds = static_cast<size_t>(all[dims + 1]);
  if (all[dims + 1] < 0 || kinds > all.size() || all.size() != dims + 2 + kinds * (dims + 1))
    return wrong("the number of items does not fit the text");
  constexpr int64_t most_items = 1'000'000;
  optimiser::Model model;
  model.resources.resize(dims);
  for (size_t kind = 0; kind < kinds; ++kind) {
    const auto sizes = all.begin() + static_cast<std::ptrdiff_t>(dims + 2 + kind * (dims + 1));
    const int64_t count = sizes[static_cast<std::ptrdiff_t>(dims)];
    if (count < 0 || count + static_cast<int64_t>(model.replicas.size()) > most_items)
      return wrong("more than a million items, or less than none");
    optimiser::Shape shape;
    shape.demand.assign(sizes, sizes + static_cast<std::ptrdiff_t>(dims));
    optimiser::Replica replica;
    replica.shape = static_cast<uint32_t>(model.shapes.size());
    model.shapes.push_back(std::move(shape));
    model.replicas.insert(model.replicas.end(), static_cast<size_t>(count), replica);
  }
  model.nodes = static_cast<uint32_t>(model.replicas.size());
  for (uint32_t node = 0; node < model.nodes; ++node)
    model.capacity.insert(model.capacity.end(), all.begin() + 1,
                          all.begin() + 1 + static_cast<std::ptrdiff_t>(dims));
  model.safety = model.capacity;
  model.open_price.assign(model.nodes, 1);
  if (auto error = optimiser::check(model))
    return std::move(error);
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
