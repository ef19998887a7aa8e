#include "bench/support/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sys/utsname.h>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "llvm/Support/JSON.h"

namespace nemo::bench {

namespace {

/// Three digits that count, and no exponent; a count as it is.
std::string number(double value) {
  if (value == std::floor(value))
    return fmt::format("{:.0f}", value);
  const double size = value < 0 ? -value : value;
  return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (llvm::StringRef(line).startswith("model name"))
      return llvm::StringRef(line).split(':').second.trim().str();
  return "unknown processor";
}

std::string kernel() {
  utsname facts{};
  ::uname(&facts);
  return fmt::format("{} {}", facts.sysname, facts.release);
}

} // namespace

std::optional<double> Figure::ratio() const {
  if (!limit || (at_least ? value : *limit) == 0)
    return std::nullopt;
  return at_least ? *limit / value : value / *limit;
}

std::optional<bool> Figure::met() const {
  if (!limit)
    return std::nullopt;
  return at_least ? value >= *limit : value <= *limit;
}

bool Report::met() const {
  return std::all_of(figures_.begin(), figures_.end(),
                     [](const Figure &figure) { return figure.met().value_or(true); });
}

void Report::print(llvm::raw_ostream &out) const {
  out << fmt::format("{}: {}\n{}, {} cores, {}\n\n", name_, what_, processor(),
                     std::thread::hardware_concurrency(), kernel());
  std::vector<std::array<std::string, 5>> rows = {{"figure", "measured", "limit", "ratio", ""}};
  for (const Figure &figure : figures_)
    rows.push_back({figure.what, number(figure.value) + " " + figure.unit,
                    figure.limit ? number(*figure.limit) + " " + figure.unit : "",
                    figure.ratio() ? number(*figure.ratio()) : "",
                    !figure.met() ? ""
                    : *figure.met()
                        ? "met" + (figure.against.empty() ? "" : ": " + figure.against)
                        : "MISSED" + (figure.against.empty() ? "" : ": " + figure.against)});
  std::array<size_t, 5> widths{};
  for (const auto &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (const auto &row : rows) {
    const std::string line =
        fmt::format("  {:<{}}  {:>{}}  {:>{}}  {:>{}}  {}", row[0], widths[0], row[1], widths[1],
                    row[2], widths[2], row[3], widths[3], row[4]);
    out << llvm::StringRef(line).rtrim() << '\n';
  }
  for (const std::string &note : notes_)
    out << "\n" << note << '\n';
  out << '\n';
}

void Report::print_json(llvm::raw_ostream &out) const {
  llvm::json::Array figures, notes;
  for (const Figure &figure : figures_) {
    const bool limited = figure.limit.has_value();
    figures.push_back(llvm::json::Object{
        {"what", figure.what},
        {"value", figure.value},
        {"unit", figure.unit},
        {"limit", limited ? llvm::json::Value(*figure.limit) : nullptr},
        {"against", figure.against.empty() ? nullptr : llvm::json::Value(figure.against)},
        {"ratio", figure.ratio() ? llvm::json::Value(*figure.ratio()) : nullptr},
        {"met", limited ? llvm::json::Value(*figure.met()) : nullptr}});
  }
  for (const std::string &note : notes_)
    notes.push_back(note);
  llvm::json::Object document{
      {"version", 1},
      {"bench", name_},
      {"machine", llvm::json::Object{{"processor", processor()},
                                     {"cores", int64_t(std::thread::hardware_concurrency())},
                                     {"kernel", kernel()}}},
      {"date", to_rfc3339(now(), 0)},
      {"figures", std::move(figures)},
      {"notes", std::move(notes)},
      {"met", met()}};
  for (const auto &[key, value] : data_)
    document[key] = value;
  out << llvm::json::Value(std::move(document)) << '\n';
}

} // namespace nemo::bench
