// A program that is run to its end and measured from outside, as the kernel counts it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

namespace nemo::bench {

struct ChildRun {
  int exit_code = 0;       ///< 128 + signal when it was killed
  double wall_seconds = 0; ///< from fork to the end
  double cpu_seconds = 0;  ///< user and system, of the program and of the children it waited for
  uint64_t peak_rss_bytes = 0; ///< at least what this process held when it forked: keep it small
  std::string out;             ///< its stdout, when asked for
};

struct ChildOptions {
  std::vector<std::string> environment; ///< "NAME=value", added to this process's own
  bool keep_stdout = false;             ///< else it is read and dropped
};

/// \returns an error when it cannot be started; how it ended is in the result.
llvm::Expected<ChildRun> run_child(const std::vector<std::string> &argv,
                                   const ChildOptions &options = {});

/// The same, and an error when it ends with another exit code than 0.
llvm::Expected<ChildRun> run_well(const std::vector<std::string> &argv,
                                  const ChildOptions &options = {});

} // namespace nemo::bench
