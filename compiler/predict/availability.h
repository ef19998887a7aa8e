// Availability of a service from the failure domains that its replicas stand in. Everything is said
// as *un*availability: near zero a double keeps the digits that near one it would lose.
#pragma once

#include <cstdint>
#include <vector>

#include "llvm/ADT/ArrayRef.h"

namespace nemo::predict {

/// A node that holds replicas of the service. They share its fate.
struct Host {
  double unavailability = 0; ///< share of the time that its site is up
  uint32_t replicas = 0;
};

/// A site: when it is down, so are its nodes; when it is up, they fail independently.
struct Site {
  double unavailability = 0;
  std::vector<Host> hosts;
};

/// Share of the time in which fewer than `needed` replicas are up, exact for the model: sites fail
/// independently, nodes of a site independently given that it is up. A dynamic program over the
/// number of replicas up, O(hosts x needed) and additions of positive terms only.
/// Source: k-out-of-n systems with unequal components, Barlow & Heidtmann (1984); conditioning on
/// shared domains as in Birnbaum, Esary & Saunders (1961).
double unavailability(llvm::ArrayRef<Site> sites, uint32_t needed);

struct Bounds {
  double low = 0, high = 0;
};

/// Unavailability of a path that needs every one of these services. Their failures may have common
/// causes, so it is bounded: services that are increasing functions of independent components are
/// associated, so the availability is at least the product (Esary, Proschan & Walkup 1967), and at
/// most the least of them.
Bounds all_needed(llvm::ArrayRef<double> unavailabilities);

/// Of nodes that are awake for these shares of the time, nobody knows when: the share in which all
/// are, at least, and in which any is, at most (Boole).
struct Awake {
  double all = 1; ///< at least
  double any = 1; ///< at most
};
Awake awake(llvm::ArrayRef<double> shares);

/// Unavailability of what fails with `awake` while all its nodes are awake and with `asleep` while
/// those that sleep do, when they are awake for `share` of the time, independently of failures.
double in_part(double awake, double asleep, double share);

} // namespace nemo::predict
