// What `nemo validate` costs beyond parsing: the same ten megabytes through the whole command, and
// through nothing but the lexer and parser that are generated from the grammar (antlr_parse.cpp).
// Each in a process of its own, by turns, so that a busy machine slows both alike.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/error.h"
#include "bench/support/bench.h"
#include "bench/support/child.h"
#include "bench/support/statistics.h"
#include "bench/validate/intent_text.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

constexpr double most_parses = 2.0; ///< CPU time of validate, in bare parses
constexpr double most_memory = 80;  ///< MB of peak RSS per MB of text
constexpr uint32_t seed = 1;

struct Samples {
  std::vector<double> cpu, rss;

  llvm::Error take(const std::vector<std::string> &command) {
    auto run = run_well(command);
    if (!run)
      return run.takeError();
    cpu.push_back(run->cpu_seconds);
    rss.push_back(static_cast<double>(run->peak_rss_bytes));
    return llvm::Error::success();
  }
};

/// The text as a file, in a directory that goes with it.
class TextFile {
public:
  static llvm::Expected<TextFile> write(const std::string &text) {
    TextFile made;
    if (::mkdtemp(made.directory_.data()) == nullptr)
      return system_failure(errno, "cannot make {}", made.directory_);
    std::ofstream file(made.path(), std::ios::binary);
    if (!(file << text).flush())
      return failure("cannot write {}", made.path());
    return made;
  }
  TextFile(TextFile &&other) : directory_(std::exchange(other.directory_, {})) {}
  ~TextFile() {
    std::error_code ignored;
    if (!directory_.empty())
      std::filesystem::remove_all(directory_, ignored);
  }
  std::string path() const { return directory_ + "/chain.nemo"; }

private:
  TextFile() : directory_(std::filesystem::temp_directory_path() / "nemo-bench-XXXXXX") {}
  std::string directory_;
};

llvm::Error measure(const Bench &bench, size_t bytes, Report &report) {
  size_t lines = 0;
  std::string path;
  auto file = [&] {
    std::string text = intent_text(bytes, seed); // gone before children are forked
    lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    bytes = text.size();
    return TextFile::write(text);
  }();
  if (!file)
    return file.takeError();

  Samples parse, tokens, validate;
  for (int i = 0; i < bench.runs(); ++i) {
    for (auto [samples, command] :
         {std::pair{&parse, std::vector<std::string>{bench.program("antlr-parse"), file->path()}},
          {&tokens, {bench.program("antlr-parse"), "--no-tree", file->path()}},
          {&validate, {bench.program("nemo"), "validate", file->path()}}}) {
      if (interrupted())
        return interruption();
      if (llvm::Error error = samples->take(command))
        return error;
    }
  }
  std::vector<double> ratios;
  for (size_t i = 0; i < parse.cpu.size(); ++i)
    ratios.push_back(validate.cpu[i] / parse.cpu[i]);

  const double mb = static_cast<double>(bytes) / 1e6;
  report.add({"nemo validate, CPU time", median(validate.cpu), "s", most_parses * median(parse.cpu),
              fmt::format("{} x bare ANTLR parse", most_parses)});
  report.add({"bare ANTLR parse, CPU time", median(parse.cpu), "s", {}, {}});
  report.add({"the same without building its tree", median(tokens.cpu), "s", {}, {}});
  report.add({"validate / parse, median of the pairs", median(ratios), "x", most_parses, {}});
  report.add({"nemo validate, peak RSS per MB of text",
              median(validate.rss) / 1e6 / mb,
              "MB",
              most_memory,
              {}});
  report.add(
      {"bare ANTLR parse, peak RSS per MB of text", median(parse.rss) / 1e6 / mb, "MB", {}, {}});
  report.note(fmt::format("{:.1f} MB, {} lines of text, seed {}; CPU time is user and system.", mb,
                          lines, seed));
  report.note("The peer reads the file, lexes it into one token stream and parses it by the "
              "grammar's rule `file` in "
              "SLL mode, the mode that nemo uses; it keeps the tree and ends without freeing it.");
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  Bench bench("validate", "nemo validate against the bare parse of the same text");
  int megabytes = 10;
  bench.runs(5).number("--megabytes", megabytes, "How much text is checked");
  return bench.run(argc, argv, [&](Report &report) {
    return measure(bench, static_cast<size_t>(megabytes) * 1000 * 1000, report);
  });
}
