// Intents and fleets made by hand, for tests of single passes: formulas as calls, objects as text.
#pragma once

#include <string>

#include <google/protobuf/text_format.h>

#include "compiler/pipeline/compile.h"
#include "compiler/pipeline/dump.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::test {

using compiler::Compiled;
using compiler::Inputs;

proto::Expr ref(const std::string &path);
proto::Expr word(const std::string &enumerator);
proto::Expr text(const std::string &value);
/// A number of base units.
proto::Expr amount(int64_t num, int64_t den, const std::string &dimension,
                   const std::string &unit = "");
proto::Expr op(proto::Expr::Op op, proto::Expr a, proto::Expr b);
proto::Rule rule(proto::Rule::Verb verb, proto::Expr formula, const std::string &written);

template <typename Message> Message parse(const std::string &written) {
  Message message;
  if (!google::protobuf::TextFormat::ParseFromString(written, &message))
    throw std::invalid_argument("no such message: " + written);
  return message;
}

/// athens (GR, south, 350 g/kWh, 0.21 EUR/kWh): gw1 4 cores, 4 GiB, 3..12 W, 0.010 EUR/h.
/// paris (FR, west, 50 g/kWh, 0.20 EUR/kWh): cloud1 64 cores, 256 GiB, 90..400 W, 1.10 EUR/h.
proto::Fleet two_sites();
proto::Node *add_node(proto::Fleet &fleet, const std::string &name, const std::string &site,
                      uint64_t millicores, uint64_t bytes);

/// One process, one replica, an automatic port, 100 millicores, 64 MiB.
proto::Workload *add_workload(proto::Intent &intent, const std::string &name);

Inputs inputs(proto::Intent intent, proto::Fleet fleet);

/// The fleet after the plan was applied: every instance runs, nothing retires.
proto::Fleet applied(const Inputs &inputs, const proto::Plan &plan);

const proto::Action *action(const proto::Plan &plan, const std::string &id);
std::string node_of(const proto::Plan &plan, const std::string &workload, uint32_t replica = 0);
bool has(const Compiled &compiled, const std::string &id);
/// Messages and notes of everything found, for assertions on wording.
std::string said(const Compiled &compiled);

} // namespace nemo::test
