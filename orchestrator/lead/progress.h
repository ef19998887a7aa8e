// Whether a controller gets anything done, and so may lead: as a state machine in nobody's time.
// That its lease is renewed says only that the thread which renews it lives. So the lead is given
// back when for a while no round of the loop has succeeded, whether rounds fail or none comes to
// its end, and others come first from then on.
#pragma once

#include <string>

#include "orchestrator/lead/election.h"

namespace nemo::lead {

class Progress {
public:
  struct Settings {
    /// Of who leads, without success. Planning for 10,000 nodes takes seconds, and one delivery
    /// waits at most 10 s for its nodes: 30 s have room for a round and another try.
    Ms patience{30'000};
    /// It doubles each time, up to this: what is at fault may be nobody's, so that all fail, and
    /// then the lead is to go round ever more rarely.
    Ms longest{3'600'000};
  };
  explicit Progress(Ms now) : Progress(now, Settings()) {}
  Progress(Ms now, Settings settings)
      : settings_(settings), patience_(settings.patience), ended_(now) {}

  /// A round of the loop has come to its end, or a node has taken what was delivered to it.
  void round(bool well, Ms now);
  /// To be asked all the time. \param leads  by the election.
  Stand stand(bool leads, Ms now);
  /// Why others come first; empty: they do not.
  const std::string &why() const { return why_; }

private:
  Settings settings_;
  Ms patience_;
  Ms ended_, well_{}; ///< of the last round, and of the last that succeeded
  Ms since_{};        ///< it leads
  bool leads_ = false, gives_back_ = false;
  std::string why_;
};

} // namespace nemo::lead
