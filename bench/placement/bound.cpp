// What no placement of a public instance can cost less than, and how long it took to prove.
#include <chrono>

#include "llvm/ADT/StringRef.h"

#include "bench/placement/input/cloud.h"
#include "bench/placement/input/mrp.h"
#include "bench/support/bench.h"
#include "compiler/placement/bound/bound.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

struct Asked {
  std::string file, initial, effort, incumbent;
  int seconds = 60;
};

llvm::Expected<optimiser::Model> read(const Asked &asked) {
  if (asked.file.empty())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "MODEL is missing: a file of the data sets");
  if (asked.initial.empty())
    return read_cloud(asked.file);
  auto challenge = read_mrp(asked.file, asked.initial);
  if (!challenge)
    return challenge.takeError();
  return std::move(challenge->model);
}

llvm::Error measure(const Asked &asked, Report &report) {
  optimiser::BoundOptions options;
  if (!asked.incumbent.empty()) {
    optimiser::Cost cost = 0;
    if (llvm::StringRef(asked.incumbent).getAsInteger(10, cost) || cost < 0)
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     "--incumbent is a whole number that is not negative");
    options.incumbent = cost;
  }
  if (!asked.effort.empty()) {
    uint64_t effort = 0;
    if (llvm::StringRef(asked.effort).getAsInteger(10, effort))
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     "--effort is a whole number that is not negative");
    options.effort = effort;
  } else {
    options.time_limit = std::chrono::seconds(asked.seconds);
  }
  auto model = read(asked);
  if (!model)
    return model.takeError();
  const auto begin = std::chrono::steady_clock::now();
  const optimiser::Bound found = optimiser::bound(*model, options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  report.add({"bound", static_cast<double>(found.value), ""});
  if (options.incumbent && *options.incumbent > 0)
    report.add({"gap to the incumbent",
                100 * static_cast<double>(*options.incumbent - found.value) /
                    static_cast<double>(*options.incumbent),
                "%"});
  report.add({"time", took.count(), "s"});
  report.note("by " + std::string(found.method));
  report.data("bound", found.value);
  report.data("method", found.method);
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  Asked asked;
  Bench bench("bound", "What no placement of an instance can cost less than.");
  bench.text("MODEL", asked.file, "model of the challenge, or cloud balancing in JSON")
      .text("INITIAL", asked.initial, "initial assignment, for a model of the challenge")
      .number("--time-limit", asked.seconds, "seconds to spend")
      .text("--effort", asked.effort, "work units instead of time; the bound is reproducible")
      .text("--incumbent", asked.incumbent, "cost of a known placement: steers, and gives the gap");
  return bench.run(argc, argv, [&](Report &report) { return measure(asked, report); });
}
