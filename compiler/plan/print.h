// A plan for people and for programs.
#pragma once

#include "llvm/Support/raw_ostream.h"

#include "protocol/plan.pb.h"

namespace nemo::plan {

enum class Level { brief, normal, full };

struct PrintStyle {
  Level level = Level::normal;
  bool color = false;
  unsigned width = 100;
};

void print(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style);

/// The pinned JSON form (docs/architecture.md).
void print_json(llvm::raw_ostream &out, const proto::Plan &plan);

/// True when applying it would change something.
bool has_changes(const proto::Plan &plan);

} // namespace nemo::plan
