// Figures with what they are held to. A figure without a limit is there to be read beside the
// others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace nemo::bench {

struct Figure {
  std::string what;
  double value = 0;
  std::string unit;
  std::optional<double> limit; ///< in the same unit: the value may be at most this
  std::string against;         ///< what the limit comes from, when it was measured in this run
  bool at_least = false;       ///< the limit is what the value has to reach

  std::optional<double> ratio() const; ///< value / limit, or limit / value: at most 1 is met
  std::optional<bool> met() const;
};

class Report {
public:
  Report(std::string name, std::string what) : name_(std::move(name)), what_(std::move(what)) {}

  void add(Figure figure) { figures_.push_back(std::move(figure)); }
  /// Said under the table: what was not measured here and why, or how to read a figure.
  void note(std::string text) { notes_.push_back(std::move(text)); }

  /// A member of its own in the JSON document.
  void data(std::string key, llvm::json::Value value) {
    data_.emplace_back(std::move(key), std::move(value));
  }

  bool met() const;
  void print(llvm::raw_ostream &out) const;
  /// {"version":1,"bench","machine":{…},"date","figures":[{"what","value","unit","limit","against",
  /// "ratio","met"}],"notes":[…],"met"}; limit, against, ratio and met are null where there is no
  /// limit.
  void print_json(llvm::raw_ostream &out) const;

private:
  std::string name_, what_;
  std::vector<Figure> figures_;
  std::vector<std::string> notes_;
  std::vector<std::pair<std::string, llvm::json::Value>> data_;
};

} // namespace nemo::bench
