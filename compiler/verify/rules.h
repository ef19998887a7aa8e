// Every hard rule, asked directly about one workload on one node.
#pragma once

#include <string>
#include <vector>

#include "compiler/verify/names.h"

namespace nemo::verify {

/// Why a node may not take a workload.
struct Broken {
  std::string what; ///< the rule in its author's words, or what the node lacks
  std::string why;  ///< values found; may be several lines
  proto::Span span;
};

/// True for rules that facts alone decide; the others are expectations.
bool is_hard(const proto::Rule &rule);
/// Whether it takes the node of the question away.
bool removes(const proto::Rule &rule, const Question &question);
bool selected(const proto::Select &select, const Place &place, const proto::Intent &intent);
bool truth(const proto::Expr &formula, const Question &question, bool when_unknown);

/// Policies, `place`, sandbox and network kinds: empty when the node may take the workload.
std::vector<Broken> broken_rules(const Question &question);

/// Whether a node says that it can: a capability that nobody mentions is not there.
bool offers(const proto::Node &node, const std::string &capability);
/// Whether it can what the workload's sandbox and network need.
bool offered(const proto::Workload &workload, const proto::Node &node);
/// Why it cannot, in the node's own words; nothing where it says nothing.
const proto::Capability *said_of(const proto::Node &node, const std::string &capability);

/// The value of a declared fact as a bare word.
std::string spread_group(const Place &place, const std::string &spread); ///< empty: unknown

} // namespace nemo::verify
