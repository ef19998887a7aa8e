// The tables, gathered once and sorted by id.
#include "base/diagnostics/registry.h"

#include <algorithm>
#include <vector>

namespace nemo::diag {

llvm::ArrayRef<Entry> all() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> list = {
#define NEMO_DIAGNOSTIC(ID, SEVERITY, TITLE, EXPLANATION) ID,
#include "base/diagnostics/compiler.def"
#include "base/diagnostics/language.def"
#include "base/diagnostics/runtime.def"
#undef NEMO_DIAGNOSTIC
    };
    std::sort(list.begin(), list.end(), [](const Entry &a, const Entry &b) {
      return std::string_view(a.id) < std::string_view(b.id);
    });
    return list;
  }();
  return entries;
}

const Entry *find(llvm::StringRef id) {
  for (const Entry &entry : all())
    if (id == entry.id)
      return &entry;
  return nullptr;
}

Diagnostic make(const Entry &entry, std::string message, llvm::StringRef file, SourceRange range) {
  Diagnostic diagnostic;
  diagnostic.id = entry.id;
  diagnostic.severity = entry.severity;
  diagnostic.message = std::move(message);
  diagnostic.file = file.str();
  diagnostic.range = range;
  return diagnostic;
}

} // namespace nemo::diag
