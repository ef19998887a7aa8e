// Checks on raw bytes, before and beside lexing.
#include "intent/syntax/text.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "llvm/Support/ConvertUTF.h"

namespace nemo::syntax {
namespace {

bool in_comment(const File &file, uint32_t offset) {
  const auto after = std::upper_bound(
      file.comments.begin(), file.comments.end(), offset,
      [](uint32_t at, const Comment &comment) { return at < comment.extent.begin; });
  return after != file.comments.begin() && offset < (after - 1)->extent.end;
}

} // namespace

unsigned bidi_control(llvm::StringRef text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  if (byte(0) == 0xD8 && byte(1) == 0x9C)
    return 0x061C;
  if (byte(0) != 0xE2)
    return 0;
  const unsigned code = 0x2000 + ((byte(1) & 0x3F) << 6) + (byte(2) & 0x3F);
  const bool control = code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
                       (code >= 0x2066 && code <= 0x2069);
  return control ? code : 0;
}

std::optional<size_t> first_bad_utf8(llvm::StringRef text) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.data());
  const llvm::UTF8 *at = begin;
  const llvm::UTF8 *end = begin + text.size();
  while (at != end) {
    if (*at < 0x80) {
      ++at;
      continue;
    }
    if (!llvm::isLegalUTF8Sequence(at, end))
      return static_cast<size_t>(at - begin);
    at += llvm::getNumBytesForUTF8(*at);
  }
  return std::nullopt;
}

void check_bidi(const File &file, Faults &faults) {
  const llvm::StringRef text = *file.text;
  // Both lead bytes are rare; the search jumps from one to the next.
  for (size_t at = text.find_first_of("\xE2\xD8"); at != llvm::StringRef::npos;
       at = text.find_first_of("\xE2\xD8", at + 1)) {
    const unsigned code = bidi_control(text.drop_front(at));
    const auto begin = static_cast<uint32_t>(at);
    if (code != 0 && !in_comment(file, begin))
      faults.add(diag::N0104, {begin, begin + (code < 0x800 ? 2u : 3u)},
                 fmt::format("bidirectional control character U+{:04X} outside a comment", code),
                 "remove it: it makes the text look different from what it says");
  }
}

std::vector<uint32_t> line_starts(llvm::StringRef text) {
  std::vector<uint32_t> starts{0};
  for (size_t at = text.find('\n'); at != llvm::StringRef::npos; at = text.find('\n', at + 1))
    starts.push_back(static_cast<uint32_t>(at + 1));
  return starts;
}

} // namespace nemo::syntax
