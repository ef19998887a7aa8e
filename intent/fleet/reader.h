// Typed values out of the YAML tree. Every fault becomes a diagnostic with its place, and reading
// goes on, so that one run shows all of them.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/STLFunctionalExtras.h"

#include "base/diagnostics/registry.h"
#include "intent/fleet/fleet_file.h"
#include "intent/fleet/yaml_tree.h"
#include "intent/units/units.h"

namespace nemo::fleet {

/// What a quantity has to be.
struct Measure {
  const char *step;    ///< the protocol's unit: "mcore", "B", "nEUR/h"
  const char *example; ///< "4core"
  bool exact = true;   ///< false: rounded to the nearest step (prices, intensities)
  bool positive = false;
};

class Reader {
public:
  Reader(const YamlTree &tree, FleetFile &file) : tree_(tree), file_(file) {}

  const Yaml *root() const { return tree_.nodes.empty() ? nullptr : &tree_.nodes.front(); }

  /// Calls `take` with the index in `keys` for each key of a map. Says what is unknown or given
  /// twice. \param what  names the map in messages: "a node". \returns bits of the keys seen.
  uint32_t each(const Yaml &map, llvm::StringRef what, llvm::ArrayRef<llvm::StringRef> keys,
                llvm::function_ref<void(size_t, const Yaml &)> take);
  /// The same for maps whose keys are names of things.
  void each_named(const Yaml &map, llvm::StringRef what,
                  llvm::function_ref<void(const Yaml &key, const Yaml &value)> take);
  void each_item(const Yaml &list, llvm::StringRef what,
                 llvm::function_ref<void(const Yaml &)> take);
  /// Reports what of `needed` (indices) is not in `seen`.
  void require(const Yaml &map, llvm::StringRef what, llvm::ArrayRef<llvm::StringRef> keys,
               uint32_t seen, llvm::ArrayRef<size_t> needed);

  std::optional<std::string> text(const Yaml &node, llvm::StringRef key);
  /// An RFC 1123 label.
  std::optional<std::string> name(const Yaml &node, llvm::StringRef key);
  std::optional<bool> truth(const Yaml &node, llvm::StringRef key);
  /// A whole number from 0 to `most`.
  std::optional<uint64_t> count(const Yaml &node, llvm::StringRef key, uint64_t most);
  std::optional<uint64_t> measure(const Yaml &node, llvm::StringRef key, const Measure &measure);
  /// From 0 to 100%, in parts per billion.
  std::optional<uint64_t> share(const Yaml &node, llvm::StringRef key);
  std::optional<int64_t> temperature(const Yaml &node, llvm::StringRef key);
  /// A label's value: quantity, boolean or text.
  std::optional<proto::Value> value(const Yaml &node, llvm::StringRef key);
  void labels(const Yaml &map, google::protobuf::RepeatedPtrField<proto::Fact> &facts);
  /// Warns about a word that no formula knows.
  void expect_word(const Yaml &node, llvm::StringRef key, llvm::StringRef word,
                   llvm::ArrayRef<std::string> known);

  Diagnostic *fault(const diag::Entry &entry, const Yaml &node, std::string message,
                    std::string fix = {});
  Note note(const Yaml &node, std::string message) const;

private:
  std::optional<formula::Quantity> quantity(const Yaml &node, llvm::StringRef key,
                                            llvm::StringRef example);
  bool is_scalar(const Yaml &node, llvm::StringRef key);

  const YamlTree &tree_;
  FleetFile &file_;
};

bool is_label(llvm::StringRef text);

} // namespace nemo::fleet
