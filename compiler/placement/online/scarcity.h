// What the cluster as a whole must keep. A need is a family of shapes that only certain rooms can
// serve: those that are confined to a node set, or that take several devices of one node. While the
// cluster can serve more of it than is still expected, a need costs nothing; as the margin closes,
// whatever takes away one of its places pays the worth of that place times the chance that it will
// be wanted (the newsvendor's price).
#pragma once

#include "compiler/placement/online/rooms.h"

namespace nemo::optimiser {

class Scarcity {
public:
  /// \param share  of arrivals, by shape; they sum to 1.
  Scarcity(const Model &model, const Rooms &rooms, const std::vector<double> &share);

  /// One node more (or with -1, less) is left with this.
  void count(const Room &room, int nodes);
  /// Weighs what the rooms can still serve against what `arrivals` more are expected to want.
  /// \returns whether a price moved so far that the old ones will not do; if not, they stay.
  bool reprice(double arrivals);
  /// What the room's places for scarce needs are worth, in the unit of the devices' capacity.
  double operator()(const Room &room) const;

private:
  struct Need {
    uint32_t allowed = UINT32_MAX;
    DeviceDemand devices;          ///< of one place; nothing: places are amounts of any device
    std::vector<double> demand;    ///< of one place, by resource
    double mean = 0, variance = 0; ///< of the places wanted, for each arrival
    double worth = 0;              ///< of one place
    double supply = 0;             ///< places in all rooms
    double price = 0;              ///< worth times the chance that a place is wanted
    std::vector<bool> kinds;       ///< whose rooms can serve it

    /// So many places are wanted by this share of arrivals, for so much of devices. Until all have
    /// been counted, `worth` is a sum.
    void want(double share, double places, double amount) {
      mean += share * places;
      variance += share * places * places;
      worth += share * amount;
    }
  };
  double places(const Need &need, const Room &room) const;

  std::vector<Need> needs_;
  std::vector<uint32_t> priced_; ///< those that cost anything
};

} // namespace nemo::optimiser
