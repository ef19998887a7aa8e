// Latency and throughput of what is placed, with the ways of the fleet behind them.
#pragma once

#include "compiler/verify/predicted.h"
#include "compiler/verify/ways.h"

namespace nemo::verify {

struct Flow {
  const proto::Object *block = nullptr;
  std::string from, to; ///< workloads
  std::optional<Rational> bandwidth;
};

/// In the order of the intent.
std::vector<Flow> flows_of(const proto::Intent &intent);
/// Four significant digits towards infinity or zero, as predict/README.md says.
std::optional<Rational> four_digits(long double value, bool up);

class Levels {
public:
  Levels(const Case &subject, ReplicasOf replicas);

  const std::vector<Flow> &flows() const { return flows_; }
  const proto::Workload *workload(const std::string &name) const;
  /// These workloads and all that they need to serve, by name.
  WorkloadList needed_by(const WorkloadList &workloads) const;
  Predicted availability(const WorkloadList &about) const;
  Predicted response(const WorkloadList &about, long double tail);
  Predicted network_delay(const Flow &flow);
  Predicted throughput(const Flow &flow);
  Predicted throughput(const WorkloadList &about);
  /// No link is to carry more than it can, and of each that a flow reserves on that can be told.
  void check_links(Faults &faults);

private:
  struct Delay {
    uint64_t least = 0, most = 0; ///< ns, one way
    std::string missing;
  };
  using Parts = std::map<Crossed, Rational>; ///< of a flow, by link and direction
  /// Of the nodes that a workload stands on: the least share that one is awake, in 1e-9, and the
  /// longest that one sleeps, in ns.
  struct Sleep {
    uint64_t awake = 1000000000, most = 0;
    std::string missing;
  };
  Sleep sleep_of(const std::string &name) const;
  Delay delay(const std::string &from, const std::string &to);
  std::vector<std::string> callers_first(const std::string &start);
  std::map<std::string, uint32_t> nodes_of(const std::string &name) const;
  bool is_whole(const std::string &name) const;
  /// \param missing  why there are none
  Parts parts(const Flow &flow, std::string &missing);
  const Parts &reserved();

  const Case &subject_;
  ReplicasOf replicas_;
  Ways ways_;
  std::vector<Flow> flows_;
  std::map<std::string, const proto::Workload *> by_name_;
  std::map<std::string, std::set<std::string>> needs_; ///< what each needs itself
  std::map<std::pair<std::string, std::string>, Delay> delays_;
  std::optional<Parts> reserved_;
};

} // namespace nemo::verify
