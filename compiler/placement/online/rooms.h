// What is left of each node while replicas arrive one at a time. Nodes that have the same left are
// one room with many doors: a decision looks at each distinct room once, however many nodes there
// are.
#pragma once

#include <map>
#include <set>

#include "compiler/placement/model/model.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nemo::optimiser {

/// What a node has left. Nodes of one kind belong to the same node sets and began alike.
struct Room {
  uint32_t kind = 0;
  std::vector<int64_t> free;    ///< by resource
  std::vector<int64_t> devices; ///< left of each, the fullest first
  auto operator<=>(const Room &) const = default;
};

/// Where a replica goes: a node, and which of its devices as bits counted from the node's first.
struct Choice {
  uint32_t node = nowhere;
  uint32_t devices = 0;
};

class Rooms {
public:
  /// \param model  nodes, capacities, devices, node sets and shapes; nothing is placed yet.
  /// \pre check(model)
  explicit Rooms(const Model &model);

  /// The rooms that at least one node has, by indices below `size`, in no order that matters.
  const std::vector<uint32_t> &live() const { return live_; }
  const Room &operator[](uint32_t room) const { return *rooms_[room].room; }
  const Room &of(uint32_t node) const { return *rooms_[room_of_node_[node]].room; }
  /// The nodes that are left with this, never none.
  const std::set<uint32_t> &nodes(uint32_t room) const { return rooms_[room].nodes; }
  /// Changes whenever an index comes to stand for another room: what was computed for it is void.
  uint64_t generation(uint32_t room) const { return rooms_[room].generation; }
  uint32_t size() const { return static_cast<uint32_t>(rooms_.size()); }

  uint32_t kinds() const { return static_cast<uint32_t>(allowed_.size()); }
  bool allowed(uint32_t kind, uint32_t shape) const {
    const uint32_t set = model_.shapes[shape].allowed;
    return set == UINT32_MAX || allowed_[kind][set];
  }
  bool fits(const Room &room, uint32_t shape) const;

  /// Calls `then` with each room that the shape can leave of one where it fits, and with what is
  /// left, before, of the fullest device it takes (0 without devices): a share of one device can
  /// take any that has enough, several devices are the fullest that do.
  void ways(const Room &room, uint32_t shape,
            llvm::function_ref<void(const Room &after, int64_t device)> then) const;
  /// A node's devices for the way that begins with `device`; of equal ones the first.
  Choice choice(uint32_t node, uint32_t shape, int64_t device) const;

  /// \pre the shape fits there, as choice() said.
  void take(uint32_t shape, const Choice &choice);

private:
  struct Entry {
    const Room *room = nullptr; ///< the key in index_
    std::set<uint32_t> nodes;
    uint64_t generation = 0;
    uint32_t at = 0; ///< in live_
  };
  void enter(uint32_t node, Room room);
  void leave(uint32_t node);

  const Model &model_;
  std::vector<std::vector<bool>> allowed_;    ///< [kind][node set]
  std::vector<std::vector<int64_t>> devices_; ///< left, by node, in the model's order
  std::vector<uint32_t> room_of_node_;
  std::map<Room, uint32_t> index_;
  std::vector<Entry> rooms_;
  std::vector<uint32_t> live_, unused_;
  uint64_t generations_ = 0;
};

} // namespace nemo::optimiser
