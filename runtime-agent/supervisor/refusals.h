// What the sandbox refused, kept as a small table in a file beside the exit record: one line of
// fixed width for each thing, with a count. It cannot grow, needs no reader, and an agent that was
// away finds in it what happened meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime-agent/supervisor/text.h"

namespace nemo::supervisor {

class Refusals {
public:
  /// \param exit_name  the file is EXIT-NAME.refused.
  void prepare(const char *exit_name) { exit_name_ = exit_name; }
  /// \param subject  the agent's name for what refused: "seccomp", "landlock.tcp", "limit.memory".
  void note(const char *subject, const Text &what, uint64_t times = 1);
  /// Writes lines whose count has changed.
  void flush();
  bool dirty() const { return dirty_; }

private:
  static constexpr int kLines = 24; ///< the last one is for whatever found no room
  static constexpr size_t kWidth = 128;
  struct Line {
    uint64_t count = 0;
    uint8_t size = 0;
    bool changed = false;
    char text[96]; ///< "SUBJECT WHAT"
  };
  Line &line(const Text &text);

  const char *exit_name_ = nullptr;
  int fd_ = -1;
  bool dirty_ = false;
  Line lines_[kLines];
};

} // namespace nemo::supervisor
