// The one registry of diagnostic ids. Each id is declared in a table beside its kin (language.def,
// compiler.def, runtime.def) with the title and the long form that `nemo explain N0123` prints. A
// test fails when one is never raised.
#pragma once

#include <array>
#include <cstddef>

#include "base/diagnostics/diagnostics.h"

namespace nemo::diag {

struct Entry {
  const char *id;
  Severity severity;
  const char *title;       ///< what it is about, in a few words
  const char *explanation; ///< long form: why it is an error, an example, how to mend it
};

#define NEMO_DIAGNOSTIC(ID, SEVERITY, TITLE, EXPLANATION)                                          \
  inline constexpr Entry ID{#ID, Severity::SEVERITY, TITLE, EXPLANATION};
#include "base/diagnostics/compiler.def"
#include "base/diagnostics/language.def"
#include "base/diagnostics/runtime.def"
#undef NEMO_DIAGNOSTIC

/// Every entry, in order of id.
llvm::ArrayRef<Entry> all();
const Entry *find(llvm::StringRef id);

/// A diagnostic of a registered kind.
Diagnostic make(const Entry &entry, std::string message, llvm::StringRef file = {},
                SourceRange range = {});

} // namespace nemo::diag
