// Whether a node may promise more processor than it has: the Chernoff bound for independent
// replicas, each of which uses its peak or nothing, and its mean on average. The best s is sought
// here for every node and step, so it does not matter with which one the plan was made.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/verify/case.h"

namespace nemo::verify {

/// In 1e-9; nullopt: nobody accepts that a node promises more than it has.
std::optional<uint64_t> accepted_risk(const proto::Intent &intent);

/// Of the processor, in cores.
struct Burst {
  double peak = 0, mean = 0;
};
Burst burst_of(const proto::Resources &resources);
/// Of which nothing is known but the most.
Burst at_peak(const proto::Resources &resources);
/// ln E e^(sX), X being the peak or nothing.
double log_moment(const Burst &use, double s);

/// The least of a convex function over s > 0, per core, or the first value found that is at most
/// `enough`.
double least(const std::function<double(double)> &exponent, double enough);
/// Logarithm of the bound of the chance that all want more than `room` cores.
double log_chance(const std::vector<Burst> &uses, double room);
/// Below it, with what rounding may add, a logarithm of a chance is accepted.
double log_accepted(uint64_t risk);

/// Of every node with more replicas than it may promise processor to, why.
std::vector<std::string> overfull(const Case &subject, uint64_t risk);
/// What the plan is to say of the risk of an objective that accepts one.
proto::Expectation risk_taken(const Case &subject, const proto::Objective &objective);

} // namespace nemo::verify
