// How long a command takes before it does anything: everybody pays it on every command.
#include "bench/support/bench.h"
#include "bench/support/child.h"
#include "bench/support/statistics.h"

using namespace nemo::bench;

int main(int argc, char **argv) {
  Bench bench("startup", "from exec to the end of a command that does nothing");
  bench.runs(100);
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    for (const char *name : {"nemo", "nemo-agent"}) {
      std::vector<double> wall, memory;
      for (int i = 0; i < bench.runs(); ++i) {
        if (interrupted())
          return interruption();
        auto run = run_well({bench.program(name), "--version"});
        if (!run)
          return run.takeError();
        wall.push_back(run->wall_seconds * 1000);
        memory.push_back(static_cast<double>(run->peak_rss_bytes) / (1 << 20));
      }
      const std::string what = std::string(name) + " --version";
      report.add({what + ", p50", median(wall), "ms"});
      report.add({what + ", p99", percentile(wall, 99), "ms"});
      report.add({what + ", peak RSS", median(memory), "MiB"});
    }
    return llvm::Error::success();
  });
}
