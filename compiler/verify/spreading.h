// Replicas that are in different nodes, sites, zones or regions.
#pragma once

#include <string>
#include <vector>

#include "compiler/verify/case.h"

namespace nemo::verify {

/// Where replicas of a workload are that others of it heed. An unknown domain is none.
class Spreading {
public:
  /// With the replicas that are left as they are.
  Spreading(const Case &subject, const proto::Workload &workload);

  /// \param nodes  where the replicas that the plan places are, as far as they are somewhere
  bool allows(const std::vector<std::string> &nodes) const;
  /// How many replicas are left as they are, in a domain that is known.
  size_t staying() const { return held_.size(); }

private:
  std::string domain(const std::string &node) const;

  const Case &subject_;
  const std::string spread_;
  std::vector<std::string> held_;
  size_t sharing_ = 0; ///< replicas that may be where another one is
};

/// Of all that the plan places.
void check_spread(const Case &subject, Faults &faults);

} // namespace nemo::verify
