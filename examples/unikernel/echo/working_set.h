// Memory that is written again and again, so that whoever moves a running machine has something to
// do; and that is read before it is written, so that a page which was lost on the way is noticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace unikernel {

class WorkingSet {
public:
  static constexpr size_t kPage = 4096;

  WorkingSet() = default;
  /// \param memory  all zero, whole pages.
  explicit WorkingSet(std::span<uint64_t> memory) : memory_(memory) {}

  size_t pages() const { return memory_.size() / kWords; }
  /// Writes one word in each of the next `count` pages, over and over.
  /// \returns false once a page does not hold what was written there in the round before.
  bool write(size_t count);

private:
  static constexpr size_t kWords = kPage / sizeof(uint64_t);
  std::span<uint64_t> memory_;
  uint64_t round_ = 0;
  size_t at_ = 0; ///< page
};

} // namespace unikernel
