#include "bench/placement/input/cloud.h"

#include "bench/placement/input/text.h"
#include "llvm/Support/JSON.h"

namespace nemo::bench {

namespace {

llvm::Expected<int64_t> number(const llvm::json::Value &of, const char *key) {
  const auto *object = of.getAsObject();
  if (const auto value = object ? object->getInteger(key) : std::nullopt; value && *value >= 0)
    return *value;
  return llvm::createStringError(llvm::inconvertibleErrorCode(), "no number '%s'", key);
}

llvm::Error append(std::vector<int64_t> &to, const llvm::json::Value &of,
                   std::initializer_list<const char *> keys) {
  for (const char *key : keys) {
    auto value = number(of, key);
    if (!value)
      return value.takeError();
    to.push_back(*value);
  }
  return llvm::Error::success();
}

llvm::Error fill(optimiser::Model &model, const llvm::json::Array &computers,
                 const llvm::json::Array &processes) {
  model.resources.resize(3);
  model.nodes = static_cast<uint32_t>(computers.size());
  for (const auto &computer : computers) {
    if (auto error = append(model.capacity, computer, {"cpuPower", "memory", "networkBandwidth"}))
      return error;
    if (auto error = append(model.open_price, computer, {"cost"}))
      return error;
  }
  model.safety = model.capacity;
  for (const auto &process : processes) {
    optimiser::Shape shape;
    if (auto error = append(shape.demand, process,
                            {"requiredCpuPower", "requiredMemory", "requiredNetworkBandwidth"}))
      return error;
    optimiser::Replica replica;
    replica.shape = static_cast<uint32_t>(model.shapes.size());
    model.shapes.push_back(std::move(shape));
    model.replicas.push_back(std::move(replica));
  }
  return optimiser::check(model);
}

} // namespace

llvm::Expected<optimiser::Model> read_cloud(const std::string &path) {
  const auto wrong = [&](const std::string &what) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": " + what);
  };
  auto text = read_text(path);
  if (!text)
    return text.takeError();
  auto json = llvm::json::parse(*text);
  if (!json)
    return wrong(llvm::toString(json.takeError()));
  const auto *top = json->getAsObject();
  const auto *computers = top ? top->getArray("computerList") : nullptr;
  const auto *processes = top ? top->getArray("processList") : nullptr;
  if (!computers || !processes)
    return wrong("has no computerList and processList");
  optimiser::Model model;
  if (auto error = fill(model, *computers, *processes))
    return wrong(llvm::toString(std::move(error)));
  return model;
}

} // namespace nemo::bench
