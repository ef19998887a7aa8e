// Two machines, and the two halves of a move between them, with a wire that can be cut.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bench/fleet/rig.h"
#include "runtime-agent/migrate/arriving.h"
#include "runtime-agent/migrate/leaving.h"
#include "wire.h"

namespace nemo::test {

/// Says so, too.
bool skipped();

/// "running", "paused", "postmigrate"; "ended" where nobody answers.
std::string status(const std::string &control);

class Pair {
public:
  explicit Pair(const std::string &words = "write=16M rate=64M");

  /// Called for each frame before it is passed on. \returns whether it is; else the wire is cut.
  Wire::OnFrame on_frame = [](migrate::Kind) { return true; };
  migrate::Terms terms;
  std::function<llvm::Error()> give_away = [] { return llvm::Error::success(); };
  std::function<llvm::Error()> take = [] { return llvm::Error::success(); };
  std::function<void(migrate::Leaving &)> meanwhile; ///< a while after it began
  bool deaf = false;                                 ///< the wire passes nothing on, and is there

  /// Until both halves are done, while the machine is asked all along; its counter must not go
  /// back, and the two must never run both, which is CHECKed.
  void run();
  std::optional<migrate::Left> left;
  std::optional<migrate::Arrived> arrived;

  bench::Rig rig;
  bench::Rig::Machine here, there;
  uint64_t last = 0; ///< counter

private:
  void move();
};

} // namespace nemo::test
