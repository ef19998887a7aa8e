#include "bench/placement/input/mrp.h"

#include <fstream>

#include "bench/placement/input/text.h"

namespace nemo::bench {

namespace {

// Machines are nodes and services groups. Conflict is a limit of one a node, spread counts
// locations, and a dependency is nearness within a neighbourhood.
constexpr uint32_t by_node = 0, by_location = 1, by_neighbourhood = 2;

class Reader {
public:
  explicit Reader(std::vector<int64_t> numbers) : numbers_(std::move(numbers)) {}

  optimiser::Model model() {
    resources();
    machines();
    services();
    processes();
    balances();
    weights();
    return std::move(model_);
  }
  bool whole() const { return !short_ && at_ == numbers_.size(); }

private:
  int64_t next() {
    if (at_ < numbers_.size())
      return numbers_[at_++];
    short_ = true;
    return 0;
  }
  // A count of things that take at least one number each.
  uint32_t count() {
    const int64_t value = next();
    if (value < 0 || static_cast<uint64_t>(value) > numbers_.size()) {
      short_ = true;
      return 0;
    }
    return static_cast<uint32_t>(value);
  }

  void resources() {
    model_.resources.resize(count());
    for (auto &resource : model_.resources) {
      resource.transient = next() != 0;
      resource.overload_price = next();
    }
  }

  void machines() {
    model_.nodes = count();
    const size_t nodes = model_.nodes, dims = model_.resources.size();
    if (nodes * nodes + 2 * nodes * dims > numbers_.size()) {
      short_ = true;
      return;
    }
    model_.families.resize(3);
    for (uint32_t node = 0; node < nodes; ++node) {
      model_.families[by_node].domain_of_node.push_back(node);
      for (uint32_t family : {by_neighbourhood, by_location}) {
        const uint32_t domain = count();
        model_.families[family].domain_of_node.push_back(domain);
        model_.families[family].domains = std::max(model_.families[family].domains, domain + 1);
      }
      for (size_t d = 0; d < dims; ++d)
        model_.capacity.push_back(next());
      for (size_t d = 0; d < dims; ++d)
        model_.safety.push_back(next());
      for (size_t to = 0; to < nodes; ++to)
        model_.pair_price.push_back(static_cast<int32_t>(next()));
    }
    model_.families[by_node].domains = model_.nodes;
  }

  void services() {
    model_.groups = count();
    for (uint32_t service = 0; service < model_.groups && !short_; ++service) {
      model_.limits.push_back({service, by_node, 1});
      if (const uint32_t least = count(); least > 1)
        model_.spreads.push_back({service, by_location, least});
      for (uint32_t left = count(); left > 0 && !short_; --left)
        model_.nears.push_back({service, count(), by_neighbourhood});
    }
  }

  void processes() {
    const uint32_t processes = count();
    for (uint32_t process = 0; process < processes && !short_; ++process) {
      optimiser::Replica replica;
      replica.shape = process;
      replica.groups = {count()};
      optimiser::Shape shape;
      for (size_t d = 0; d < model_.resources.size(); ++d)
        shape.demand.push_back(next());
      replica.move_price = next();
      model_.shapes.push_back(std::move(shape));
      model_.replicas.push_back(std::move(replica));
    }
  }

  void balances() {
    for (uint32_t left = count(); left > 0 && !short_; --left) {
      optimiser::Balance balance;
      balance.of = count();
      balance.to = count();
      balance.target = next();
      balance.price = next();
      model_.balances.push_back(balance);
    }
  }

  void weights() {
    const int64_t move = next();
    model_.busiest_group_price = next();
    const int64_t pair = next();
    for (auto &replica : model_.replicas) {
      replica.move_price *= move;
      replica.pair_weight = pair;
    }
  }

  std::vector<int64_t> numbers_;
  size_t at_ = 0;
  bool short_ = false;
  optimiser::Model model_;
};

} // namespace

llvm::Expected<Reassignment> read_mrp(const std::string &model, const std::string &initial) {
  auto numbers = read_numbers(model);
  if (!numbers)
    return numbers.takeError();
  Reader reader(std::move(*numbers));
  Reassignment out;
  out.model = reader.model();
  if (!reader.whole())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   model + ": is no model of the challenge");
  auto homes = read_numbers(initial);
  if (!homes)
    return homes.takeError();
  if (homes->size() != out.model.replicas.size())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   initial + ": is no assignment of this model's processes");
  for (size_t r = 0; r < homes->size(); ++r) {
    out.model.replicas[r].home = static_cast<uint32_t>((*homes)[r]);
    out.initial.node_of.push_back(static_cast<uint32_t>((*homes)[r]));
  }
  if (auto error = optimiser::check(out.model))
    return std::move(error);
  return out;
}

llvm::Error write_mrp(const std::string &path, const optimiser::Solution &solution) {
  std::ofstream file(path);
  for (size_t r = 0; r < solution.node_of.size(); ++r)
    file << (r ? " " : "") << solution.node_of[r];
  file << '\n';
  file.close();
  if (!file)
    return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": cannot be written");
  return llvm::Error::success();
}

} // namespace nemo::bench
