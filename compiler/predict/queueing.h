// One replica as a queue: how long a request stays there.
#pragma once

#include <cstdint>

namespace nemo::predict {

/// M/M/c: requests arrive as a Poisson process, wait in order of arrival, and each is worked on for
/// an exponentially distributed time. Source: Kleinrock, Queueing Systems I (1975), 3.5 and 5.
struct Station {
  double arrivals = 0;     ///< requests a second
  double service_time = 0; ///< mean, in seconds; above 0
  uint32_t servers = 1;    ///< requests worked on at once
};

/// Share of its servers that are busy; from 1 on, the queue grows without end.
double utilisation(const Station &station);
/// Chance that a request waits (Erlang C), for a utilisation below 1.
double waits(const Station &station);
/// Chance that a request stays longer than `seconds`, waiting and service together.
double stays_longer(const Station &station, double seconds);
/// The time that all but a share `tail` (0 < tail < 1) of the requests stay within, in seconds.
/// Infinite for a utilisation of 1 and more.
double quantile(const Station &station, double tail);

} // namespace nemo::predict
