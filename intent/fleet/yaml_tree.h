// YAML text as a small flat tree with positions. Built from the parser's events, which takes a
// third of the memory of its own tree; anchors, aliases and tags, which a table of machines needs
// none of, are refused here, and so nothing can expand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"

#include "base/diagnostics/diagnostics.h"

namespace nemo::fleet {

inline constexpr size_t file_limit = 64u << 20;
inline constexpr unsigned depth_limit = 16;
inline constexpr size_t value_limit = 5'000'000;

struct Yaml {
  enum class Kind : uint8_t { nothing, scalar, map, list };
  static constexpr uint32_t none = ~0u;

  Kind kind = Kind::nothing;
  bool quoted = false;
  uint32_t begin = 0;    ///< byte
  uint32_t first = none; ///< child; of a map: key, value, key, value, ...
  uint32_t next = none;  ///< sibling
  std::string text;      ///< of a scalar
};

struct YamlTree {
  std::vector<Yaml> nodes; ///< the first is the root; empty if there is none
  std::vector<uint32_t> line_starts;

  /// \param text  the text the tree was made of.
  SourceRange range(const Yaml &node, llvm::StringRef text) const;
};

/// \returns a tree without nodes when there are diagnostics.
YamlTree parse_yaml(llvm::StringRef path, llvm::StringRef text,
                    std::vector<Diagnostic> &diagnostics);

} // namespace nemo::fleet
