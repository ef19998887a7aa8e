// A request to a service and the calls that it causes: a tree of stations with delays between them.
#pragma once

#include <optional>
#include <vector>

#include "compiler/predict/availability.h"
#include "compiler/predict/queueing.h"
#include "llvm/ADT/ArrayRef.h"

namespace nemo::predict {

/// A call of another service: made once by each request, which waits for the answer.
struct Call {
  size_t to = 0;
  double low = 0,
         high = 0; ///< there and back over the network, in seconds, by the replicas' places
};

struct Service {
  Station station; ///< any of its replicas: they are loaded alike
  std::vector<Call> calls;
  double awake = 1; ///< least share of the time that a replica's node is awake
  double rest = 0;  ///< most that a visit waits for a node to wake, in seconds
};

/// Services that a request to `start` reaches, each before those that it calls; nullopt where calls
/// go in a circle.
std::optional<std::vector<size_t>> call_order(llvm::ArrayRef<Service> services, size_t start);

/// Bounds, in seconds, of the time that all but a share `tail` of the requests to `start` stay
/// within. Quantiles do not add, and nothing is assumed of how the stations depend on each other or
/// whether calls are made side by side:
///  - low: along some path of calls, the fixed parts and one station's own quantile. More than the
///    share exceeds it, as the rest of the path only adds.
///  - high: all calls in turn, each of the k visits at its quantile for `tail`/k. By the union
///  bound
///    (Boole) fewer than the share exceed their sum.
///    Of one that sleeps, at the rate that it has while awake, and with its longest sleep: what
///    piles up meanwhile is worked off in less, as long as it has places to spare.
/// One station alone that never sleeps is exact. \param order  what call_order says.
Bounds response_time(llvm::ArrayRef<Service> services, llvm::ArrayRef<size_t> order, double tail);

} // namespace nemo::predict
