// This process as one of the controllers of a fleet: takes part in the election, on a thread of its
// own, so that its lease is renewed while the controller plans and delivers; and not for longer
// than it gets something done (progress.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/lead/election.h"
#include "orchestrator/lead/line.h"

namespace nemo::lead {

inline constexpr const char *usual_lead = "main";

class Candidate {
public:
  /// \param directory  of a membership that may decide. \param name  of the lead, a label: who
  /// follow one repository name the same. \param on_give_back  is told why, from another thread,
  /// when the lead was given back because nothing got done.
  static llvm::Expected<std::unique_ptr<Candidate>>
  start(const std::string &directory, const std::string &name,
        std::function<void(const std::string &why)> on_give_back = {});
  /// Gives the lead back, if it is ours and the broker is there.
  ~Candidate();
  Candidate(const Candidate &) = delete;

  /// While it leads, by the clock now: the number of its term.
  std::optional<uint64_t> term() const;
  /// A node has accepted what was delivered in this term.
  void at_least(uint64_t term);

  /// A round of the controller's loop has come to its end, or a node has taken something.
  void went_round(bool well);

  struct State {
    std::optional<uint64_t> term; ///< absent: another leads, or nobody
    std::string leader;           ///< the member that leads; empty: nobody is known to
    uint64_t leader_term = 0;
    std::string fault; ///< why this one could not renew, take or keep it; empty: nothing is wrong
  };
  State state() const;

  Line &line();
  const std::string &name() const;

private:
  struct Inside;
  explicit Candidate(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

} // namespace nemo::lead
