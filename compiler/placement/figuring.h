// What replicas cost, exactly as it is printed and still found without exact arithmetic for almost
// every pair of workload and node, and what workloads cost at least.
#pragma once

#include <map>
#include <tuple>

#include "compiler/placement/jobs.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/payments.h"
#include "compiler/placement/place.h"

namespace nemo::placement {

/// All that it is given has to live as long as it does.
class Figuring {
public:
  Figuring(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
           const compiler::Objective &objective, const compiler::Jobs &jobs, const Problem &problem,
           const std::vector<Scarce> &scarce)
      : intent_(intent), nodes_(nodes), objective_(objective), jobs_(jobs), problem_(problem),
        scarce_(scarce) {}

  /// The objective's share of one replica of workload `w` on `node`, 1e-6 per hour; of a job at its
  /// best start. None where it is not known.
  std::optional<int64_t> exact(size_t w, size_t node) const;
  /// \param run  of a job: when it runs
  /// \param egress  EUR/s that it pays for what it sends
  std::optional<int64_t> exactly(size_t w, size_t node, const compiler::Run *run,
                                 const compiler::Figure *egress = nullptr) const;
  /// Of a node that can be suspended, 1e-6 of the objective per hour; none where it is not known.
  std::optional<int64_t> kept_awake(size_t node) const;

  struct Choice {
    size_t node;
    std::optional<int64_t> cost;
  };
  struct Choices {
    uint32_t count = 0;
    std::vector<Choice> best; ///< at most two: by cost, then name; unknown costs last
    bool known = true;        ///< the cost is, on all of them
    const Choice *but(size_t node) const;
  };
  /// Of all nodes that no rule removes. Workloads that ask for the same have the same choices.
  const Choices &choices(size_t w, const stages::Admissible &admissible);

  /// What the replicas of workload `w` cost at least, in 2^-price_bits, where scarce room is paid
  /// for. None where a cost is not known.
  std::optional<__int128> least(size_t w, const stages::Admissible &admissible);
  /// The nodes that count for that.
  std::vector<Option> options(size_t w, const stages::Admissible &admissible) const;
  /// What all scarce room is worth. That of a node counts only where it is more than keeping the
  /// node awake costs: else nobody would open it in the relaxation.
  __int128 scarce_room() const;

private:
  bool lacks_devices(size_t w, size_t node) const;
  /// None on nodes that it alone does not fit.
  std::optional<__int128> paid_on(size_t w, size_t node) const;

  const proto::Intent &intent_;
  const std::vector<compiler::NodeView> &nodes_;
  const compiler::Objective &objective_;
  const compiler::Jobs &jobs_;
  const Problem &problem_;
  const std::vector<Scarce> &scarce_;
  std::map<std::tuple<Demand, std::optional<std::array<int64_t, 2>>, uint32_t, uint32_t, uint32_t,
                      uint32_t, Spread, uint32_t, uint32_t>,
           std::optional<__int128>>
      least_;
  std::map<std::tuple<uint64_t, uint64_t, uint32_t, uint32_t, uint32_t>, Choices> choices_;
};

} // namespace nemo::placement
