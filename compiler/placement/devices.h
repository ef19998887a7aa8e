// Which devices of its node each replica holds. A node's devices are a small packing problem of
// their own: a replica that finds none that are free may find some when the others on its node
// change places, so that is tried before a node is said to be full.
#pragma once

#include "compiler/placement/place.h"

namespace nemo::placement {

/// Whether the devices that are free of a node would do for one replica alone.
bool devices_alone(const Problem &problem, const optimiser::DeviceDemand &want, size_t node);

class Racks {
public:
  explicit Racks(const Problem &problem);

  bool fits(size_t replica, size_t node, const std::vector<uint32_t> &here) const;
  /// \param here  those on the node without the replica; some may get other devices.
  void take(size_t replica, size_t node, const std::vector<uint32_t> &here);
  /// Takes the very devices, where they are free, else as above.
  void take(size_t replica, size_t node, const std::vector<uint32_t> &here, DeviceBits devices);
  void free(size_t replica, size_t node);
  /// Gives those that were on the node before the devices that they have there, as far as that
  /// leaves some for everybody.
  void come_home(size_t node, const std::vector<uint32_t> &here);

  const std::vector<DeviceBits> &held() const { return held_; }
  /// Something did not fit within the steps for it, and might.
  bool doubted() const { return doubted_; }

private:
  struct Room {
    int64_t share = 0, memory = 0;
    auto operator<=>(const Room &) const = default;
  };
  using Rooms = std::vector<Room>; ///< of one node
  struct Packing;

  const optimiser::DeviceDemand &want(size_t replica) const {
    return problem_->needs[problem_->replicas[replica].need].devices;
  }
  bool holds(const Room &room, const optimiser::DeviceDemand &want, size_t device) const;
  bool holds(const Rooms &rooms, const optimiser::DeviceDemand &want, size_t node,
             DeviceBits devices) const;
  Rooms rooms(size_t node) const;
  DeviceBits choose(const optimiser::DeviceDemand &want, size_t node) const;
  /// None where there are none, or none was found within the steps.
  std::optional<std::vector<DeviceBits>> pack(size_t node, const std::vector<uint32_t> &who,
                                              Rooms rooms) const;
  void hold(size_t replica, size_t node, DeviceBits devices);
  std::vector<uint32_t> users(const std::vector<uint32_t> &here) const;

  const Problem *problem_;
  std::vector<Room> room_;     ///< by device; empty: nobody asks for any
  std::vector<uint32_t> kind_; ///< by device: those of one kind are alike to everybody
  std::vector<DeviceBits> held_;
  mutable uint64_t steps_ = 2'000'000;
  mutable bool doubted_ = false;
};

} // namespace nemo::placement
