// Whether bytes are text that can be shown and read without being deceived.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "llvm/ADT/StringRef.h"

#include "intent/syntax/faults.h"

namespace nemo::syntax {

/// Where the first byte stands that is not UTF-8 (overlong forms and surrogates are not).
std::optional<size_t> first_bad_utf8(llvm::StringRef text);

/// The code point of a bidirectional control (Unicode property Bidi_Control) that begins the text,
/// or 0.
unsigned bidi_control(llvm::StringRef text);

/// Bidirectional control characters make text look different from what it says. Outside comments
/// (already known to the file) they are faults.
void check_bidi(const File &file, Faults &faults);

std::vector<uint32_t> line_starts(llvm::StringRef text);

} // namespace nemo::syntax
