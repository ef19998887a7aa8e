// The placed services as the models of compiler/predict see them: who needs whom, and what stands
// where.
#pragma once

#include <string>
#include <vector>

#include "compiler/pipeline/stages.pb.h"
#include "compiler/plan/assemble/prediction.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

class Services {
public:
  /// \param placed_on  for each workload of the intent, the nodes of its replicas
  Services(const proto::Intent &intent, const std::vector<NodeView> &nodes,
           const std::vector<std::vector<uint32_t>> &placed_on);

  /// These workloads and all that they need to serve: what they are `after`, directly or not.
  /// In order of the intent.
  std::vector<size_t> needed_by(const std::vector<size_t> &workloads) const;

  /// Share of the time in which all of these workloads serve.
  Prediction availability(const std::vector<size_t> &workloads) const;

private:
  const proto::Intent &intent_;
  const std::vector<NodeView> &nodes_;
  const std::vector<std::vector<uint32_t>> &placed_on_;
  std::vector<std::vector<size_t>> needs_; ///< for each workload, those that it needs itself
};

} // namespace nemo::compiler
