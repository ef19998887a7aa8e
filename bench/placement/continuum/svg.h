// Charts of points and lines as SVG: nothing but what a trade-off needs.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace nemo::bench {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
  bool line = false; ///< joins the points in order of x
};

struct Chart {
  std::string title, x, y; ///< what the axes show, with units
  std::vector<Series> series;
};

/// The charts side by side. Numbers that are not finite are left out.
std::string draw_svg(const std::vector<Chart> &charts);

} // namespace nemo::bench
