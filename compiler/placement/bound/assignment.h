// Rows to columns of limited room at the least total cost, by shortest augmenting paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace nemo::optimiser {

class Assignment {
public:
  static constexpr uint32_t out = UINT32_MAX;
  static constexpr double never = std::numeric_limits<double>::infinity();

  /// Fills these in: the least cost is found with them, O(rows^2 * columns).
  std::vector<double> cost; ///< [row * columns + column]; `never`: forbidden
  std::vector<double> exit; ///< by row, of being in no column

  /// \param room  of each column.
  void solve(size_t rows, size_t columns, uint32_t room);

  /// `out`: in none, at its exit price, or because there was no room left.
  const std::vector<uint32_t> &column_of() const { return column_of_; }
  /// What a place in each column is worth, at least 0: with it added to the costs, every row is
  /// where it is cheapest.
  const std::vector<double> &price_of() const { return price_; }

private:
  void begin(uint32_t room);
  void augment(uint32_t row, uint32_t room);
  void reach(uint32_t row, double distance);
  void put(uint32_t row, uint32_t column);

  size_t rows_ = 0, columns_ = 0;
  std::vector<uint32_t> column_of_;
  std::vector<std::vector<uint32_t>> rows_of_;
  std::vector<double> price_, least_; ///< by column, by row
  // One search.
  std::vector<double> distance_, row_distance_;
  std::vector<uint32_t> from_, reached_, visited_;
  std::vector<bool> closed_;
  double exit_distance_ = never;
  uint32_t exit_row_ = out;
};

} // namespace nemo::optimiser
