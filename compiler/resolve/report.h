// Diagnostics that point into the author's files: spans of the checked intent become ranges.
#pragma once

#include <string>

#include "base/diagnostics/registry.h"
#include "protocol/intent.pb.h"

namespace nemo::compiler {

SourceRange range_of(const proto::Span &span);
/// Path of the file that a span is in; empty for a span of nowhere.
std::string file_of(const proto::Intent &intent, const proto::Span &span);
bool is_known(const proto::Span &span);

Diagnostic report(const diag::Entry &entry, std::string message, const proto::Intent &intent,
                  const proto::Span &span);
Note note(std::string text, const proto::Intent &intent, const proto::Span &span);
Note note(std::string text);

/// The text to show from a rule's `else`; empty if there is none.
std::string else_text(const proto::Rule &rule);

/// "2 nodes", "1 node".
std::string counted(size_t number, llvm::StringRef what);
/// "a, b, c and 4 more".
std::string enumerate(llvm::ArrayRef<std::string> names, size_t most = 5);

} // namespace nemo::compiler
