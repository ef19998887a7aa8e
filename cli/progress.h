// How far an apply is: lines that are drawn again in place at a terminal, one line per change
// elsewhere, one JSON event per line for programs.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "orchestrator/tracker.h"

namespace nemo::cli {

class Progress {
public:
  enum class Form { redrawn, lines, json };
  Progress(const Session &session, Form form) : session_(session), form_(form) {}

  /// json only: one line, with version, time and, where there are any, diagnostics.
  void event(llvm::json::Object fields, llvm::ArrayRef<Diagnostic> diagnostics = {});
  void planned(const proto::Plan &plan); ///< json only: the first event
  void delivered(const std::string &node, uint64_t generation);
  void action(const orchestrator::ActionState &state);
  void tick(); ///< draws again, with the time that each action has taken
  void ended(const char *outcome, int code, llvm::ArrayRef<Diagnostic> diagnostics);

private:
  struct Row {
    orchestrator::ActionState state;
    orchestrator::Clock::time_point since;
  };
  std::string line(const Row &row) const;

  const Session &session_;
  Form form_;
  std::vector<Row> rows_;
  size_t drawn_ = 0; ///< lines on the screen that are ours
};

} // namespace nemo::cli
