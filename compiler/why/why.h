// Why replicas are where they are: what the objective says of each node, what keeps the others out,
// and the least change of a price, or the one rule less, that would move them. Made from what the
// passes left and from the finished placement, never from how it was found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "protocol/formula/evaluate.h"

namespace nemo::why {

using formula::Quantity;

/// One part of the objective at a node.
struct Term {
  std::string name;               ///< energy | carbon | cost | preferences | moving
  std::optional<Quantity> amount; ///< 12W, 4gCO2e/h; moving has none
  std::optional<Quantity> value;  ///< what that counts, in the objective's unit
};

/// A node as the objective sees it.
struct Offer {
  std::string node;
  std::vector<Term> terms;       ///< those that the objective has; the same ones for every node
  std::optional<Quantity> total; ///< nullopt: unknown
  std::string missing;           ///< the fact without which it is unknown
};

/// A rule of the author's, or an attribute that restricts, and what it takes.
struct Removal {
  std::string text, file;
  SourceRange range;
  size_t nodes = 0; ///< that it removes
  size_t alone = 0; ///< that nothing else removes
};

/// What nodes that no rule removes have too little of, beside everything else that is placed.
struct Lack {
  std::string what; ///< cpu | memory | disk | gpu | pids | port | spread, or a device's name
  size_t nodes = 0;
  std::string example; ///< "gw1 has 1GiB of memory left, 4GiB of memory are needed"
};

/// A node that would be cheaper and cannot take the replica.
struct Blocked {
  std::string node, reason;
  Quantity saves;
};

/// A price at which another node is chosen.
struct Price {
  std::string figure;                ///< energy | carbon | cost
  double factor = 1;                 ///< of what it is now
  std::optional<Quantity> now, then; ///< in the author's unit; a cost that is weighted has none
  std::string node;
  std::optional<bool> confirmed; ///< planning everything again with it moved one there
};

/// A rule without which another node is chosen.
struct Opening {
  Removal rule;
  std::string node;
  Quantity saves;                     ///< of this replica
  std::optional<bool> confirmed;      ///< planning everything again without it did the same
  std::optional<Quantity> plan_saves; ///< then, over all replicas
};

/// Replicas that stand on one node and ran on one node have one story.
struct Story {
  std::vector<uint32_t> replicas;
  Offer here;
  std::string runs_on;            ///< empty: it does not run yet
  size_t able = 0;                ///< other nodes that could take it as things are
  std::optional<Offer> runner_up; ///< the cheapest of these
  std::vector<Removal> removals;
  std::vector<Lack> lacks;
  std::optional<Blocked> blocked;
  std::vector<Price> prices;
  std::vector<Opening> openings;
};

/// A replica that no room was found for.
struct Waits {
  uint32_t replica = 0;
  std::string reason;
};

/// A replica whose job has ended well.
struct Finished {
  uint32_t replica = 0;
  std::string node, reason;
};

struct Explanation {
  std::string stack, workload, objective;
  size_t nodes = 0;
  bool replanned = true; ///< false: planning again for every answer was too much
  std::vector<Story> stories;
  std::vector<Waits> waiting;
  std::vector<Finished> finished;
};

/// \param stages   as far as the placement, without errors in it.
/// \param replica  only this one; else all of the workload's.
Explanation explain(const stages::Stages &stages, size_t workload, std::optional<uint32_t> replica);

} // namespace nemo::why
