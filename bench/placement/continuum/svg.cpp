#include "bench/placement/continuum/svg.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace nemo::bench {

namespace {

constexpr double width = 480, height = 360, left = 70, right = 20, top = 40, bottom = 50,
                 legend = 20;
constexpr const char *colours[] = {"#1b6ca8", "#d1495b", "#edae49", "#3d7d4e", "#6b4c9a"};

std::string escaped(const std::string &text) {
  std::string out;
  for (char c : text)
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

// A step of 1, 2 or 5 times a power of ten, such that about five fit.
double step_of(double range) {
  const double rough = range / 5, power = std::pow(10, std::floor(std::log10(rough)));
  for (double factor : {1.0, 2.0, 5.0})
    if (rough <= factor * power)
      return factor * power;
  return 10 * power;
}

struct Axis {
  double least = 0, most = 1;

  void see(double value, bool &first) {
    least = first ? value : std::min(least, value);
    most = first ? value : std::max(most, value);
    first = false;
  }
  void widen() {
    const double margin = most > least ? (most - least) * 0.06 : std::max(std::abs(most), 1.0) / 2;
    least -= margin;
    most += margin;
  }
  double at(double value) const { return (value - least) / (most - least); }
};

class Drawing {
public:
  explicit Drawing(const Chart &chart) : chart_(chart) {
    for (Series &series : chart_.series)
      std::erase_if(series.points, [](const auto &point) {
        return !std::isfinite(point.first) || !std::isfinite(point.second);
      });
    bool first_x = true, first_y = true;
    for (const Series &series : chart_.series)
      for (const auto &[x, y] : series.points) {
        x_.see(x, first_x);
        y_.see(y, first_y);
      }
    x_.widen();
    y_.widen();
  }

  std::string draw() {
    frame();
    for (size_t i = 0; i < chart_.series.size(); ++i)
      draw(chart_.series[i], colours[i % std::size(colours)], i);
    return std::move(out_);
  }

private:
  double x(double value) const { return left + x_.at(value) * (width - left - right); }
  double y(double value) const { return height - bottom - y_.at(value) * (height - top - bottom); }
  void text(double at_x, double at_y, const char *anchor, const std::string &what,
            const char *more = "") {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", at_x,
                        at_y, anchor, more, escaped(what));
  }

  void frame() {
    text(width / 2, top / 2, "middle", chart_.title, " font-weight=\"bold\"");
    text((left + width - right) / 2, height - 12, "middle", chart_.x);
    out_ += fmt::format("<g transform=\"translate(16 {:.1f}) rotate(-90)\">", height / 2);
    text(0, 0, "middle", chart_.y);
    out_ += "</g>\n";
    const double step_x = step_of(x_.most - x_.least), step_y = step_of(y_.most - y_.least);
    for (double v = std::ceil(x_.least / step_x) * step_x; v <= x_.most; v += step_x) {
      grid(x(v), top, x(v), height - bottom);
      text(x(v), height - bottom + 16, "middle", fmt::format("{:.6g}", v));
    }
    for (double v = std::ceil(y_.least / step_y) * step_y; v <= y_.most; v += step_y) {
      grid(left, y(v), width - right, y(v));
      text(left - 6, y(v) + 4, "end", fmt::format("{:.6g}", v));
    }
  }

  void grid(double x1, double y1, double x2, double y2) {
    out_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
                        "stroke=\"#ddd\"/>\n",
                        x1, y1, x2, y2);
  }

  void draw(Series &series, const char *colour, size_t index) {
    std::sort(series.points.begin(), series.points.end());
    if (series.line) {
      out_ += fmt::format("<polyline fill=\"none\" stroke=\"{}\" points=\"", colour);
      for (const auto &[px, py] : series.points)
        out_ += fmt::format("{:.1f},{:.1f} ", x(px), y(py));
      out_ += "\"/>\n";
    }
    for (const auto &[px, py] : series.points)
      out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>\n", x(px),
                          y(py), colour);
    const double at = height + legend * static_cast<double>(index);
    out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>\n", left,
                        at - 4, colour);
    text(left + 10, at, "start", series.name);
  }

  Chart chart_;
  Axis x_, y_;
  std::string out_;
};

} // namespace

std::string draw_svg(const std::vector<Chart> &charts) {
  size_t names = 0;
  for (const Chart &chart : charts)
    names = std::max(names, chart.series.size());
  const double total = width * static_cast<double>(charts.size()),
               tall = height + legend * static_cast<double>(names);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      total, tall);
  for (size_t i = 0; i < charts.size(); ++i)
    out += fmt::format("<g transform=\"translate({:.0f} 0)\">\n{}</g>\n",
                       width * static_cast<double>(i), Drawing(charts[i]).draw());
  return out + "</svg>\n";
}

} // namespace nemo::bench
