// What happened, numbered: a ring of the last events, from which any number of watchers read at
// their own pace.
#pragma once

#include <deque>

#include "protocol/backend.pb.h"

namespace nemo::agent {

class Events {
public:
  /// \param first  the first number: larger than any that an earlier agent process gave, so that a
  /// watcher may go on with the
  ///               number it had.
  explicit Events(uint64_t first, size_t keep = 1024) : last_(first), keep_(keep) {}

  void add(proto::Event event); ///< sets sequence and time
  uint64_t last() const { return last_; }
  /// The first event with a number over `after`; null if there is none yet.
  const proto::Event *next(uint64_t after) const;
  /// Whether events with a number over `after` have been given up.
  bool missed(uint64_t after) const { return after < given_up_; }

private:
  std::deque<proto::Event> kept_;
  uint64_t last_;
  size_t keep_;
  uint64_t given_up_ = 0; ///< the highest number that is not kept any more
};

} // namespace nemo::agent
