#include "bench/support/bench.h"

#include <csignal>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "llvm/Support/raw_ostream.h"

namespace nemo::bench {

namespace {

volatile std::sig_atomic_t signalled = 0;

void take_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { signalled = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

} // namespace

bool interrupted() { return signalled != 0; }

llvm::Error interruption() { return failure("interrupted"); }

std::string Bench::program(llvm::StringRef name) const {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name.str()).string();
}

int Bench::run(int argc, char **argv, llvm::function_ref<llvm::Error(Report &)> measure) {
  CLI::App app(what_, "bench-" + name_);
  app.add_flag("--json", json_, "Print one JSON document instead of a table");
  if (runs_ > 0)
    app.add_option("--runs", runs_, "How often to measure")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
  for (const auto &number : numbers_)
    app.add_option(number.name, *number.value, number.help)
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
  for (const auto &text : texts_)
    app.add_option(text.name, *text.value, text.help);
  for (const auto &one : switches_)
    app.add_flag(one.name, *one.value, one.help);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  take_signals();
  Report report(name_, what_);
  llvm::Error error = llvm::Error::success();
  try {
    error = measure(report);
  } catch (const std::exception &fault) { // of the standard library: memory, file systems
    error = failure("{}", fault.what());
  }
  if (error) {
    llvm::errs() << "bench-" << name_ << ": " << llvm::toString(std::move(error)) << '\n';
    return interrupted() ? 130 : 1;
  }
  if (json_)
    report.print_json(llvm::outs());
  else
    report.print(llvm::outs());
  llvm::outs().flush();
  return report.met() ? 0 : 1;
}

} // namespace nemo::bench
