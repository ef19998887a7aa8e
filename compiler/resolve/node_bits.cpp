// Sets of nodes as machine words.
#include "compiler/resolve/node_bits.h"

#include <algorithm>

namespace nemo::compiler {

NodeBits::NodeBits(size_t size, bool value)
    : words_((size + 63) / 64, value ? ~uint64_t{0} : 0), size_(size) {
  if (value && size % 64)
    words_.back() = (uint64_t{1} << (size % 64)) - 1;
}

size_t NodeBits::count() const {
  size_t sum = 0;
  for (uint64_t word : words_)
    sum += static_cast<size_t>(__builtin_popcountll(word));
  return sum;
}

bool NodeBits::any() const {
  return std::any_of(words_.begin(), words_.end(), [](uint64_t word) { return word != 0; });
}

NodeBits &NodeBits::operator|=(const NodeBits &other) {
  for (size_t i = 0; i < words_.size(); ++i)
    words_[i] |= other.words_[i];
  return *this;
}

NodeBits &NodeBits::operator&=(const NodeBits &other) {
  for (size_t i = 0; i < words_.size(); ++i)
    words_[i] &= other.words_[i];
  return *this;
}

NodeBits &NodeBits::subtract(const NodeBits &other) {
  for (size_t i = 0; i < words_.size(); ++i)
    words_[i] &= ~other.words_[i];
  return *this;
}

stages::NodeSet NodeBits::to_proto() const {
  stages::NodeSet set;
  std::string *bytes = set.mutable_bits();
  bytes->resize((size_ + 7) / 8);
  for (size_t i = 0; i < bytes->size(); ++i)
    (*bytes)[i] = static_cast<char>(words_[i / 8] >> (i % 8 * 8));
  return set;
}

NodeBits NodeBits::from_proto(const stages::NodeSet &set, size_t size) {
  NodeBits result(size);
  const std::string &bytes = set.bits();
  for (size_t node = 0; node < std::min(size, bytes.size() * 8); ++node)
    if (static_cast<unsigned char>(bytes[node / 8]) >> (node % 8) & 1)
      result.set(node);
  return result;
}

} // namespace nemo::compiler
