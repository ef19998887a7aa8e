// The placed services as the models of compiler/predict see them: who needs whom, and what stands
// where.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/network/flows.h"
#include "compiler/network/ways.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/plan/assemble/prediction.h"
#include "compiler/predict/calls.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

class Services {
public:
  /// \param placed_on  for each workload of the intent, the nodes of those replicas that are
  /// planned
  /// \param finished  how many have finished; of a workload of which all have, nobody needs
  /// anything
  Services(const proto::Intent &intent, const proto::Fleet &world,
           const std::vector<NodeView> &nodes, const std::vector<std::vector<uint32_t>> &placed_on,
           const std::vector<uint32_t> &finished);

  const std::vector<Flow> &flows() const { return flows_; }

  /// These workloads and all that they need to serve: what they are `after` and what their flows go
  /// to, directly or not. In order of the intent.
  std::vector<size_t> needed_by(const std::vector<size_t> &workloads) const;

  /// Share of the time in which all of these workloads serve.
  Prediction availability(const std::vector<size_t> &workloads) const;

  /// Time that all but a share `tail` of the requests to each of these workloads stay within.
  Prediction latency(const std::vector<size_t> &workloads, double tail);
  /// One way, from any replica that sends to any that receives.
  Prediction latency(const Flow &flow);

  /// What is left for a flow on the links that it goes, beside what others reserve.
  Prediction throughput(const Flow &flow);
  /// Of all flows that begin at these workloads, together.
  Prediction throughput(const std::vector<size_t> &workloads);

  /// Links that are to carry more than they can, and flows that reserve on links of which that
  /// cannot be told.
  std::vector<Diagnostic> overloads();

private:
  struct Delay {
    uint64_t low_ns = 0, high_ns = 0;
    std::string missing;
  };
  using Link =
      std::pair<int, bool>; ///< of the world's, and whether backwards: each way has its own
  struct Share {
    std::map<Link, Rational> of_link; ///< how much of the flow crosses it
    std::string missing;
  };

  /// Of the nodes that a workload stands on: the least share of the time that one is awake, and the
  /// longest that one sleeps.
  struct Sleep {
    uint64_t awake_ppb = 0, rest_ns = 0;
    std::string missing;
  };

  Sleep sleep(size_t workload) const;
  Delay between(size_t from, size_t to);
  std::vector<predict::Service> stations(const std::vector<size_t> &reached, std::string &missing,
                                         std::string &unbounded);
  Share share(const Flow &flow);
  /// What flows reserve of each link, of those whose ways are known.
  const std::map<Link, Rational> &reserved();
  std::string link_name(int link) const;
  bool whole(size_t workload) const;

  const proto::Intent &intent_;
  const proto::Fleet &world_;
  const std::vector<NodeView> &nodes_;
  const std::vector<std::vector<uint32_t>> &placed_on_;
  const std::vector<uint32_t> &finished_;
  std::vector<Flow> flows_;
  Ways ways_;
  std::vector<std::vector<size_t>> needs_; ///< for each workload, those that it needs itself
  std::optional<std::map<Link, Rational>> reserved_;
  std::string unsummed_; ///< why sums of reservations have no value
};

} // namespace nemo::compiler
