// One day after the other: every policy places by the forecast, and is settled by what came.
#pragma once

#include <string>

#include "bench/placement/continuum/accounting.h"
#include "bench/placement/peers/greedy/greedy.h"

namespace nemo::bench::continuum {

struct Setting {
  std::string topology = "Tinet";
  uint32_t nodes = 0, applications = 0;
  uint32_t load_percent = 0;       ///< of the nodes' processors is asked for
  uint32_t suspending_percent = 0; ///< of the nodes can be suspended and woken
  uint64_t seed = 1;
};

llvm::Expected<World> make_world(const Setting &setting);

enum Policy : uint32_t { least_allocated, carbon_greedy, gram_greedy, optimised, policies };
const char *name_of(Policy policy);

struct Outcome {
  Account account; ///< mean over the days
  Delays delays;   ///< mean over the days; over_limit: in all
  double placing_s = 0;
  uint32_t unplaced = 0, retried = 0; ///< in all
  std::string violation;              ///< the first that the checker found, if any
};

/// Days spread evenly over the year, each after enough of them to look back.
std::vector<uint32_t> days_of_year(const Intensity &intensity, uint32_t count);

class Experiment {
public:
  Experiment(World world, const Intensity &intensity, std::vector<uint32_t> days, uint64_t seed,
             uint64_t effort);

  /// \param weights  what the optimiser minimises; the policies that score have their own.
  llvm::Expected<Outcome> run(Policy policy, const Weights &weights);

  const World &world() const { return world_; }
  const Problem &problem() const { return problem_; }

private:
  llvm::Expected<optimiser::Solution> place(Policy policy, const std::vector<double> &forecast,
                                            Outcome &outcome);
  peers::Placement score(Policy policy, const std::vector<double> &forecast) const;
  std::vector<Day> by_site(uint32_t day, bool forecast) const;

  World world_;
  const Intensity &intensity_;
  std::vector<uint32_t> days_;
  uint64_t seed_, effort_;
  Problem problem_;
  std::vector<peers::Part> parts_;
  std::vector<uint32_t> zone_of_site_; ///< UINT32_MAX: no nodes there
};

} // namespace nemo::bench::continuum
