// Nodes that take nothing new, and where somebody asked replicas to be.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

class Cordons {
public:
  explicit Cordons(const Case &subject);

  /// Why the replica may not be on the node; empty: it may, as far as cordons and requests go.
  std::string against(const std::string &workload, uint32_t replica, const std::string &node) const;
  /// The same without requests: whether the node is closed to that replica.
  bool close(const std::string &workload, uint32_t replica, const std::string &node) const;
  /// No replica of the workload may be there.
  bool close(const proto::Workload &workload, const std::string &node) const;
  /// It runs protected on a drained node, and nothing else keeps it there.
  bool only_guarded(const proto::Workload &workload, uint32_t replica,
                    const std::string &node) const;
  /// What of a workload decides the answers of close().
  std::string look(const proto::Workload &workload) const;

private:
  struct Home {
    std::string node;
    bool guarded; ///< what is there runs protected
  };
  bool may_stay(const proto::Workload &workload, const std::string &node, bool guarded) const;

  const Case &subject_;
  std::map<Case::Unit, Home> home_; ///< where it is, if that is cordoned
  /// By workload: cordoned homes, and whether something there runs protected.
  std::map<std::string, std::map<std::string, bool>> holds_;
};

/// Whether somebody asked for the replica to be on some node.
bool asked_for(const proto::Plan &plan, const std::string &workload, uint32_t replica);

/// Nobody is where it may not be, and what was asked for is so.
void check_cordons(const Case &subject, Faults &faults);

} // namespace nemo::verify
