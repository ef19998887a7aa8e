// What every bench shares: its flags, where the measured programs are, how it is interrupted, and
// how it ends. A bench is a main() that fills in a Bench and calls run().
#pragma once

#include <string>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "bench/support/report.h"

namespace nemo::bench {

class Bench {
public:
  /// \param name  as in `./dev bench NAME`.
  /// \param what  one sentence for --help and the table's heading.
  Bench(std::string name, std::string what) : name_(std::move(name)), what_(std::move(what)) {}

  /// --runs: how often what is short is repeated. A bench that repeats nothing leaves it alone.
  Bench &runs(int otherwise) {
    runs_ = otherwise;
    return *this;
  }
  /// A whole number of the bench's own, at least 1: `flag` is "--seconds", say.
  Bench &number(std::string flag, int &value, std::string help) {
    numbers_.push_back({std::move(flag), &value, std::move(help)});
    return *this;
  }

  /// "FILE" is an argument, "--out" a flag with a value; what is not given stays as it is.
  Bench &text(std::string name, std::string &value, std::string help) {
    texts_.push_back({std::move(name), &value, std::move(help)});
    return *this;
  }
  Bench &yes(std::string flag, bool &value, std::string help) {
    switches_.push_back({std::move(flag), &value, std::move(help)});
    return *this;
  }

  int runs() const { return runs_; }
  /// The path of a program that was built with this one, such as "nemo".
  std::string program(llvm::StringRef name) const;

  /// Parses, measures, prints the table (or with --json, data).
  /// \returns the exit code: 0; 1 when a limit was missed or `measure` failed; 130 when
  /// interrupted.
  int run(int argc, char **argv, llvm::function_ref<llvm::Error(Report &)> measure);

private:
  template <class T> struct Option {
    std::string name;
    T *value;
    std::string help;
  };
  std::string name_, what_;
  int runs_ = 0;
  bool json_ = false;
  std::vector<Option<int>> numbers_;
  std::vector<Option<std::string>> texts_;
  std::vector<Option<bool>> switches_;
};

/// Whether SIGINT or SIGTERM came: loops look at it, stop, and clean up as they would otherwise.
bool interrupted();
/// The error that a loop returns for it.
llvm::Error interruption();

} // namespace nemo::bench
