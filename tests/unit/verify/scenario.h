// Real plans: intents as text, fleets as YAML, through the checker and the compiler.
#pragma once

#include <string>
#include <vector>

#include "compiler/pipeline/compile.h"
#include "protocol/plan.pb.h"

namespace nemo::test {

/// Throws with the diagnostics when the text or the fleet is in error.
proto::Intent intent_of(const std::string &text,
                        const std::vector<proto::Artifact> &artifacts = {});
proto::Fleet fleet_of(const std::string &yaml);

/// The plan; throws with the diagnostics when there is none.
proto::Plan plan_of(const proto::Intent &intent, const proto::Fleet &fleet, bool destroy = false,
                    const std::vector<std::string> &targets = {},
                    const std::vector<std::string> &excludes = {},
                    const std::vector<proto::AskedMove> &asked = {});

/// The fleet once the plan has been carried out.
proto::Fleet applied(const proto::Plan &plan, proto::Fleet fleet, uint64_t generation = 1);

/// The plan with its own digest made to match again.
proto::Plan sealed(proto::Plan plan);

/// Three nodes on two sites, one of which enforces less than it should; another stack has room
/// there.
std::string three_nodes();
/// A shop with everything that a plan of this version can hold, in its first and second form.
std::string shop();
std::string shop_changed();
/// The store has another name and is protected, and so is the batch.
std::string shop_renamed();
proto::Artifact pages(const std::string &content);

struct Named {
  std::string name;
  proto::Plan plan;
};
/// First apply, updates of what runs (of every kind, also of a part of it), and a removal.
std::vector<Named> plans();

/// Of what replicas take: devices, and amounts by hour. Part of `plans`.
std::vector<Named> resource_plans();
/// Two nodes, of which the first is the cheaper one.
std::string two_gateways();

/// Messages and notes, one a line.
std::string said(const std::vector<Diagnostic> &diagnostics);

} // namespace nemo::test
