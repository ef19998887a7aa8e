// An explanation for people and for programs.
#pragma once

#include "compiler/plan/print.h"
#include "compiler/why/why.h"
#include "llvm/Support/JSON.h"

namespace nemo::why {

void print(llvm::raw_ostream &out, const Explanation &explanation, const plan::PrintStyle &style);

/// The members of one object; the caller opens and closes it.
void write(llvm::json::OStream &json, const Explanation &explanation);

} // namespace nemo::why
