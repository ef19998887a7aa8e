// Jonker and Volgenant (1987) for columns that hold several rows; a row may also leave by an exit
// of its own, which is a column that nobody else can reach.
#include "compiler/placement/bound/assignment.h"

#include <algorithm>

namespace nemo::optimiser {

void Assignment::solve(size_t rows, size_t columns, uint32_t room) {
  rows_ = rows;
  columns_ = columns;
  column_of_.assign(rows, out);
  rows_of_.resize(columns);
  for (auto &held : rows_of_)
    held.clear();
  price_.assign(columns, 0);
  least_.assign(rows, never);
  row_distance_.resize(rows);
  from_.resize(columns);
  begin(room);
}

void Assignment::begin(uint32_t room) {
  std::vector<uint32_t> waiting;
  for (uint32_t row = 0; row < rows_; ++row) {
    const double *const costs = cost.data() + row * columns_;
    const double *const best = std::min_element(costs, costs + columns_);
    if (best == costs + columns_ || exit[row] <= *best) {
      least_[row] = exit[row];
      continue;
    }
    least_[row] = *best;
    const auto column = static_cast<uint32_t>(best - costs);
    if (rows_of_[column].size() < room)
      put(row, column);
    else
      waiting.push_back(row);
  }
  for (uint32_t row : waiting)
    augment(row, room);
}

void Assignment::put(uint32_t row, uint32_t column) {
  if (const uint32_t old = column_of_[row]; old != out)
    rows_of_[old].erase(std::find(rows_of_[old].begin(), rows_of_[old].end(), row));
  if (column != out)
    rows_of_[column].push_back(row);
  column_of_[row] = column;
}

void Assignment::reach(uint32_t row, double distance) {
  reached_.push_back(row);
  row_distance_[row] = distance;
  if (distance + exit[row] - least_[row] < exit_distance_) {
    exit_distance_ = distance + exit[row] - least_[row];
    exit_row_ = row;
  }
  const double *const costs = cost.data() + row * columns_;
  for (uint32_t column = 0; column < columns_; ++column) {
    const double longer = distance + costs[column] - least_[row] + price_[column];
    if (!closed_[column] && longer < distance_[column]) {
      distance_[column] = longer;
      from_[column] = row;
    }
  }
}

void Assignment::augment(uint32_t row, uint32_t room) {
  distance_.assign(columns_, never);
  closed_.assign(columns_, false);
  reached_.clear();
  visited_.clear();
  exit_distance_ = never;
  exit_row_ = out;
  reach(row, 0);
  uint32_t column = out;
  double distance = never;
  for (;;) {
    column = out;
    for (uint32_t other = 0; other < columns_; ++other)
      if (!closed_[other] && distance_[other] < (column == out ? never : distance_[column]))
        column = other;
    distance = column == out ? never : distance_[column];
    if (exit_distance_ <= distance || rows_of_[column].size() < room)
      break;
    closed_[column] = true;
    visited_.push_back(column);
    for (uint32_t other : rows_of_[column])
      reach(other, distance);
  }
  uint32_t moving = column == out ? out : from_[column];
  if (exit_distance_ <= distance) {
    distance = exit_distance_;
    column = out;
    moving = exit_row_;
  }
  if (distance == never) // no room at all: the row stays out
    return;
  for (uint32_t other : visited_)
    price_[other] += distance - distance_[other];
  for (uint32_t other : reached_)
    least_[other] += distance - row_distance_[other];
  for (;;) {
    const uint32_t old = column_of_[moving];
    put(moving, column);
    if (moving == row)
      return;
    column = old;
    moving = from_[old];
  }
}

} // namespace nemo::optimiser
