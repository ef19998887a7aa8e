// What text and Markdown say alike: one row a change, as words.
#pragma once

#include <array>
#include <vector>

#include "compiler/plan/diff/print.h"
#include "compiler/plan/table.h"

namespace nemo::plan::rows {

struct Replica {
  const char *sign;
  const char *what; ///< added | removed | moved | restarted | renamed | protected
  Tone tone;
  std::string object, place, why;
};
Replica replica(const proto::Action &action);

struct Expected {
  const char *sign;
  Tone tone;
  std::string object, rule, before, after;
  std::string remark; ///< "newly failing", "new", "gone", ...
};
Expected expected(const Promise &promise);

struct Total {
  const char *name;
  std::string before, after, difference;
};
std::array<Total, 3> totals(const Difference &difference);

struct Other {
  const char *sign;
  Tone tone;
  std::string what, text;
};
/// The objective, what is not enforced, and what the compiler remarks.
std::vector<Other> others(const Difference &difference);

/// "1 added, 2 restarted, 3 kept; 1 expectation newly failing".
std::string summary(const Difference &difference);
/// Why there is nothing to show.
std::string no_change(const Difference &difference, const Question &question);
/// "What if node gw1 is lost and carbon of zone FR +30%".
std::string supposed(const Supposed &supposed);
/// "3 commits", "1 commit", "nothing new".
std::string commits(size_t number);

} // namespace nemo::plan::rows
