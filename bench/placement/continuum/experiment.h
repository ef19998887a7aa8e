// One day after the other: every policy places by the forecast, and is settled by what came.
#pragma once

#include <string>

#include "bench/placement/continuum/planning.h"
#include "bench/placement/peers/greedy/greedy.h"

namespace nemo::bench::continuum {

struct Setting {
  std::string topology = "Tinet";
  uint32_t nodes = 0, applications = 0;
  uint32_t load_percent = 0;       ///< of the nodes' processors is asked for
  uint32_t suspending_percent = 0; ///< of the nodes can be suspended and woken
  uint32_t quietest_percent = 100; ///< of the peak is asked for in the quietest hour
  uint32_t moving_percent = 100;   ///< of what a move takes is charged
  uint64_t seed = 1;
};

llvm::Expected<World> make_world(const Setting &setting);

/// carbon_anew places everything anew every so many hours, as many as the forecast of the day says
/// is best, moves included; carbon_scaled keeps what runs, and empties nodes every hour. The other
/// greedy policies place what the peak asks for, once a day.
enum Policy : uint32_t {
  least_allocated,
  carbon_greedy,
  carbon_anew,
  carbon_scaled,
  gram_greedy,
  optimised,
  policies
};
const char *name_of(Policy policy);

struct Outcome {
  Account account;           ///< mean over the days
  Delays delays;             ///< mean over the days; over_limit: in all
  double forecast_grams = 0; ///< what the forecast said; mean over the days
  double placing_s = 0;      ///< a day
  uint32_t unplaced = 0;     ///< replicas, in hours; in all
  std::string violation;     ///< the first that the checker found, if any
};

/// Days spread evenly over the year, each after enough of them to look back.
std::vector<uint32_t> days_of_year(const Intensity &intensity, uint32_t count);

class Experiment {
public:
  Experiment(World world, const Intensity &intensity, std::vector<uint32_t> days, uint64_t seed,
             uint64_t effort);

  /// \param weights  what the optimiser minimises; the policies that score have their own.
  llvm::Expected<Outcome> run(Policy policy, const Weights &weights);

  /// What no plan of the first day emits less than, by the forecast: of every hour by itself, with
  /// moves and waking free from the second on. \param seconds  for each hour.
  llvm::Expected<double> least_grams(double seconds);

  const World &world() const { return world_; }
  const Problem &problem() const { return problem_; }

private:
  llvm::Expected<Plan> plan(Policy policy, const std::vector<Day> &forecast,
                            const Weights &weights);
  llvm::Expected<Plan> optimise(const std::vector<Day> &forecast, const Weights &weights);
  Plan place_anew(const std::vector<Day> &forecast, const Weights &weights);
  Plan scale_down(const std::vector<Day> &forecast);
  optimiser::Solution scale_down(const Plan &so_far, const std::vector<Day> &forecast);
  optimiser::Solution place(Policy policy, Hours hours, const std::vector<Day> &forecast,
                            const Weights &weights);
  peers::Choose carbon_score(Hours hours, const std::vector<Day> &forecast) const;
  void judge(const Plan &plan, Outcome &outcome);
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
