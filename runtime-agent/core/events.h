// What happened, numbered: the last events, from which any number of watchers read at their own
// pace. They are in a file too, so that the next agent process still knows them; unlike the
// journal's, its writes wait for no disk: what a power cut takes from it is history, not state.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "llvm/ADT/STLFunctionalExtras.h"

#include "protocol/backend.pb.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent {

class Events {
public:
  /// \param first  numbers begin after it, or after the last one in the file: a watcher may go on
  /// with the number that it had from an earlier agent process.
  explicit Events(uint64_t first, size_t keep = 1024) : last_(first), keep_(keep) {}

  /// Takes over what the files `path` and `path`.1 hold, whatever of it is whole, and goes on in
  /// them. Where that is not possible, events are kept in memory only.
  void keep_in(const std::string &path);

  void add(proto::Event event); ///< sets sequence and time
  uint64_t last() const { return last_; }
  /// The first event with a number over `after`; nothing if there is none yet.
  std::optional<proto::Event> next(uint64_t after) const;
  /// Whether events with a number over `after` have been given up.
  bool missed(uint64_t after) const { return after < given_up_; }
  void each(llvm::function_ref<void(const proto::Event &)> visit) const; ///< oldest first

private:
  struct Kept {
    uint64_t sequence;
    std::string bytes; ///< a third of what the message itself needs
  };
  void keep(uint64_t sequence, std::string bytes);
  void load(const std::string &path);
  void append(const std::string &frame);
  void open(bool fresh);

  std::deque<Kept> kept_;
  uint64_t last_;
  size_t keep_;
  uint64_t given_up_ = 0; ///< the highest number that is not kept any more
  std::string path_;
  Fd file_;
  uint64_t size_ = 0; ///< of the file, up to the last whole event
};

} // namespace nemo::agent
