// A set of nodes, one bit each: what rules and selections come down to, so that ten thousand
// workloads times a thousand nodes are a few megabytes and a few passes of "and".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

class NodeBits {
public:
  NodeBits() = default;
  explicit NodeBits(size_t size, bool value = false);

  size_t size() const { return size_; }
  bool test(size_t node) const { return words_[node / 64] >> (node % 64) & 1; }
  void set(size_t node) { words_[node / 64] |= uint64_t{1} << (node % 64); }
  void reset(size_t node) { words_[node / 64] &= ~(uint64_t{1} << (node % 64)); }
  size_t count() const;
  bool any() const;
  NodeBits &operator|=(const NodeBits &other);
  NodeBits &operator&=(const NodeBits &other);
  NodeBits &subtract(const NodeBits &other);
  bool operator==(const NodeBits &) const = default;
  const std::vector<uint64_t> &words() const { return words_; }

  template <typename Function> void for_each(Function function) const {
    for (size_t word = 0; word < words_.size(); ++word)
      for (uint64_t rest = words_[word]; rest; rest &= rest - 1)
        function(word * 64 + static_cast<size_t>(__builtin_ctzll(rest)));
  }

  stages::NodeSet to_proto() const;
  /// Bits beyond `size` are dropped, missing ones are zero.
  static NodeBits from_proto(const stages::NodeSet &set, size_t size);

private:
  std::vector<uint64_t> words_;
  size_t size_ = 0;
};

} // namespace nemo::compiler
