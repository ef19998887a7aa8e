// Places replicas that arrive one at a time, with no knowledge of those to come but how often each
// shape is expected, so that as much of the devices as possible is in use in the end. A replica
// goes where it wastes least (waste.h) and takes least of what is scarce (scarcity.h); one that
// fits somewhere is never turned away. A decision looks at each distinct room once (rooms.h).
#pragma once

#include <optional>

#include "compiler/placement/online/offers.h"
#include "compiler/placement/online/scarcity.h"
#include "compiler/placement/online/waste.h"

namespace nemo::optimiser {

class Online {
public:
  /// \param model  nodes, capacities, devices, node sets and shapes; its replicas are not looked
  /// at. It outlives this. Without devices nothing can be wasted, and the first node that fits is
  /// taken. \param share  of arrivals that each shape is expected to have, by shape, in any unit.
  /// \pre check(model); no shape asks for memory of devices, or for some devices only.
  Online(const Model &model, const std::vector<double> &share);
  Online(const Online &) = delete;

  /// \returns where the shape should go, or nothing when no node has room. Equally good rooms: the
  /// one with the first node. The same arrivals give the same choices.
  std::optional<Choice> choose(uint32_t shape);
  /// Takes what was chosen, here or elsewhere, off what is left.
  /// \pre it fits.
  void take(uint32_t shape, const Choice &choice);

private:
  void reprice();

  const Model &model_;
  Rooms rooms_;
  Waste waste_;
  Scarcity scarcity_;
  Offers offers_;
  double mean_ = 0;      ///< of what an arrival asks of devices
  double tolerance_ = 0; ///< losses within it are alike
  double idle_ = 0;      ///< of all devices
};

} // namespace nemo::optimiser
