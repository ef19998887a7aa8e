// Restrictions in the author's words, with the values found.
#pragma once

#include <string>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/node_bits.h"

namespace nemo::compiler {

/// As written ("policy residency: deny ..."), and where.
struct Described {
  std::string text;
  proto::Span span;
};
Described describe(const proto::Intent &intent, const stages::Restriction &restriction);

/// Why the restriction takes this node from the workload: the formula with the value of each part,
/// or what the node lacks.
std::string why(const proto::Intent &intent, const stages::Restriction &restriction,
                const proto::Workload &workload, const NodeView &node);

/// The rule of a POLICY or PLACE restriction; null for the others.
const proto::Rule *rule_of(const proto::Intent &intent, const stages::Restriction &restriction);

/// "1.5core, 512MiB of memory", and what else is asked for.
std::string amounts(const proto::Resources &resources);
/// In the largest unit that it is a whole number of: "512MiB".
std::string bytes_text(uint64_t bytes);
/// "2 of A100 with 40GiB, 1 of an unknown model".
std::string devices_text(const proto::Node &node);
/// "gpu-model = [A100, H100], gpu-memory = 20GiB"; empty: any will do.
std::string kind_text(const proto::Resources &resources);

/// A formula that failed, with the value of each part under it.
std::string explain_rule(const proto::Intent &intent, const proto::Rule &rule,
                         const Subject &subject);
/// The text of a formula as its author wrote it.
std::string source_of(const proto::Intent &intent, const proto::Expr &formula,
                      const std::string &otherwise);

/// "excludes gw1, gw2 and 3 more" as a note at the restriction's place, and below it why for the
/// first of them.
std::vector<Note> exclusion_notes(const proto::Intent &intent, const std::vector<NodeView> &nodes,
                                  const stages::Restriction &restriction,
                                  const proto::Workload &workload, const NodeBits &excluded);

} // namespace nemo::compiler
