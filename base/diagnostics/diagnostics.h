// Diagnostics: what is wrong, where, why, and what to do next. One value type, one registry of
// stable ids, one renderer for people and one for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace llvm::json {
class OStream;
}

namespace nemo {

enum class Severity { error, warning, note };

/// A half-open range of bytes in a file. Lines and columns are 1-based, columns count bytes, ends
/// are exclusive.
struct SourceRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t line = 0; ///< 0: no position is known
  uint32_t column = 0;
  uint32_t end_line = 0;
  uint32_t end_column = 0;
};

struct Note {
  std::string text;
  std::string file; ///< empty: no position
  SourceRange range;
};

struct Diagnostic {
  std::string id; ///< "N0123", registered in registry.h
  Severity severity = Severity::error;
  std::string message; ///< one line: what
  std::string file;    ///< empty: none
  SourceRange range;
  std::vector<Note> notes; ///< cause with the values found; what else is involved
  std::string fix;         ///< next step, or replacement text; empty if there is none
};

/// The text of the files that diagnostics point into. Keeps no copy of what it does not need: the
/// caller owns the bytes.
class SourceTexts {
public:
  void add(llvm::StringRef path, llvm::StringRef text) { texts_.push_back({path.str(), text}); }
  std::optional<llvm::StringRef> find(llvm::StringRef path) const;

private:
  std::vector<std::pair<std::string, llvm::StringRef>> texts_;
};

struct RenderStyle {
  bool color = false;
  unsigned width = 100; ///< terminal cells; longer source lines are cut around the caret
};

/// Prints diagnostics for people: `file:line:column: error: message [N0123]`, the source line, a
/// caret range, notes, next step.
void render(llvm::raw_ostream &out, llvm::ArrayRef<Diagnostic> diagnostics,
            const SourceTexts &texts, const RenderStyle &style);

/// Prints `{"version":1,"valid":bool,"diagnostics":[...]}`; `valid` is false when one is an error.
void render_json(llvm::raw_ostream &out, llvm::ArrayRef<Diagnostic> diagnostics);
/// Only the member `"diagnostics":[...]` of an object that the caller has open.
void render_json(llvm::json::OStream &json, llvm::ArrayRef<Diagnostic> diagnostics);

bool has_errors(llvm::ArrayRef<Diagnostic> diagnostics);

/// A text for use inside a message: at most `most` bytes, whole characters, "…" for the rest.
std::string shortened(llvm::StringRef text, size_t most);

/// The candidate that is nearest to `wrong` by edit distance, if near enough to be meant (a third
/// of its length, at least one).
std::optional<std::string> did_you_mean(llvm::StringRef wrong,
                                        llvm::ArrayRef<std::string> candidates);

} // namespace nemo
