// What the computers of cloud balancing cost that the engine puts the processes on, and how far
// from the least possible that can be.
#include <filesystem>

#include <fmt/format.h>

#include "bench/placement/input/cloud.h"
#include "bench/placement/input/text.h"
#include "bench/placement/solved/solved.h"
#include "bench/support/bench.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

struct Asked {
  std::string file, seconds = "60";
  int seed = 1, threads = 2;
};

llvm::Error measure(const Asked &asked, Report &report) {
  auto limit = seconds_of(asked.seconds);
  if (!limit)
    return limit.takeError();
  std::vector<std::string> files;
  if (!asked.file.empty())
    files.push_back(asked.file);
  else
    for (int computers : {100, 200, 400, 800})
      files.push_back(data_file(fmt::format("cloud_balancing/{}computers-{}processes.json.gz",
                                            computers, 3 * computers)));
  llvm::json::Array rows;
  for (const std::string &file : files) {
    if (interrupted())
      return interruption();
    auto model = read_cloud(file);
    if (!model)
      return model.takeError();
    auto solved = solve_and_judge(
        *model, {*limit, static_cast<uint64_t>(asked.seed), static_cast<unsigned>(asked.threads)});
    if (!solved)
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     file + ": " + llvm::toString(solved.takeError()));
    std::string name = std::filesystem::path(file).filename();
    name = name.substr(0, name.find(".json"));
    report.add({name + ": cost", static_cast<double>(solved->cost), ""});
    report.add({name + ": bound, " + solved->method, static_cast<double>(solved->bound), ""});
    report.add({name + ": certified gap", solved->gap(), "%", 2});
    report.add({name + ": time", solved->seconds, "s"});
    rows.push_back(llvm::json::Object{{"instance", name},
                                      {"cost", solved->cost},
                                      {"bound", solved->bound},
                                      {"gap_percent", solved->gap()},
                                      {"seconds", solved->seconds}});
  }
  report.data("instances", std::move(rows));
  report.note(fmt::format("At most {} s each for bound and search, {} threads, seed {}. Every "
                          "answer was judged from scratch.",
                          asked.seconds, asked.threads, asked.seed));
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  Asked asked;
  Bench bench("cloud", "Cloud balancing: cost of the computers in use, and the certified gap.");
  bench.text("FILE", asked.file, "JSON, also packed; without it: the four public ones")
      .text("--time-limit", asked.seconds, "seconds for an instance (default: 60)")
      .number("--threads", asked.threads, "of the search")
      .number("--seed", asked.seed, "of the pseudo-random numbers");
  return bench.run(argc, argv, [&](Report &report) { return measure(asked, report); });
}
