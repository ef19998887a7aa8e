// The sections of a printed plan that are about promises and figures.
#pragma once

#include "compiler/plan/print.h"

namespace nemo::plan {

void section(llvm::raw_ostream &out, llvm::StringRef title, const PrintStyle &style);

void brief_totals(llvm::raw_ostream &out, const proto::Plan &plan);
void expectations(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style);
void totals(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style);
void objective(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style);
void shortfalls(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style);
void findings(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style);
void bindings(llvm::raw_ostream &out, const proto::Plan &plan, const PrintStyle &style);

} // namespace nemo::plan
