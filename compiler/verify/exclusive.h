// Nodes that exclusive workloads have to themselves.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

/// Those that stay where they are whatever the plan does: other stacks, and what it leaves as it
/// is.
class Claims {
public:
  explicit Claims(const Case &subject);
  /// Somebody on the node whom the workload may not be beside; null: nobody.
  const std::string *against(const proto::Workload &workload, const std::string &node) const;
  /// No rule removes the node for the workload, and nobody whom it may not be beside stays there.
  bool admit(const proto::Workload &workload, const std::string &node) const;
  /// What of a workload's name and block decides the answer.
  std::string look(const proto::Workload &workload) const;

private:
  struct Holder {
    std::string name;
    std::string workload; ///< of this stack; empty: of another
    bool exclusive = false;
  };
  const Case &subject_;
  std::map<std::string, std::vector<Holder>> on_;
  std::set<std::string> names_; ///< workloads of this stack that hold something
};

/// In the end nobody stands beside an exclusive workload.
void check_exclusive(const Case &subject, Faults &faults);

} // namespace nemo::verify
