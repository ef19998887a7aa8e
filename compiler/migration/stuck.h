// What to say where no order of the changes is safe.
#pragma once

#include "compiler/migration/schedule.h"

namespace nemo::compiler {

class Stuck {
public:
  explicit Stuck(const Schedule &schedule) : schedule_(schedule) {}
  std::vector<Diagnostic> told() const;

private:
  struct Held {
    size_t old;
    std::string why;
  };
  std::vector<Held> held_by_budgets() const;
  std::string name(size_t old) const;
  Diagnostic budget(const Held &held) const;
  Diagnostic circle() const;
  std::string waiting(const std::vector<Wait> &waits) const;

  const Schedule &schedule_;
};

} // namespace nemo::compiler
