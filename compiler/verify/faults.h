// What verify finds. One fault says which field of the plan, what stands there, what must stand
// there, and, where a rule is broken, the rule in its author's words and place.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics/registry.h"
#include "protocol/plan.pb.h"

namespace nemo::verify {

class Faults {
public:
  explicit Faults(const proto::Intent &intent) : intent_(intent) {}

  /// "placements[0].node: found 'a', expected 'b'".
  void differs(const diag::Entry &entry, const std::string &field, const std::string &found,
               const std::string &expected);
  /// Anything else that is wrong with a field.
  Diagnostic &add(const diag::Entry &entry, std::string message);
  /// The same, at a place in the author's text.
  Diagnostic &at(const diag::Entry &entry, std::string message, const proto::Span &span);

  /// Compares field by field, in depth; each difference is one fault. A plan that differs in many
  /// places is described by the first of them.
  void compare(const diag::Entry &entry, const std::string &field,
               const google::protobuf::Message &found, const google::protobuf::Message &expected);
  template <typename List>
  void compare_lists(const diag::Entry &entry, const std::string &field, const List &found,
                     const List &expected) {
    if (found.size() != expected.size())
      differs(entry, field, std::to_string(found.size()) + " entries",
              std::to_string(expected.size()) + " entries");
    for (int i = 0; i < std::min(found.size(), expected.size()); ++i)
      compare(entry, field + "[" + std::to_string(i) + "]", found[i], expected[i]);
  }

  bool empty() const { return list_.empty(); }
  std::vector<Diagnostic> take() { return std::move(list_); }

private:
  static constexpr size_t most_ = 100;
  const proto::Intent &intent_;
  std::vector<Diagnostic> list_;
  Diagnostic beyond_; ///< takes what is not kept
};

} // namespace nemo::verify
