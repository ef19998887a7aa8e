// What must hold for more than one workload: policies and objectives.
#include "intent/schema/families.h"

namespace nemo::schema {

namespace {

constexpr Attribute objective_attributes[] = {
    {.name = "weight",
     .type = Type::number,
     .min = "0",
     .max = "1000000",
     .standard = "1",
     .doc = "How much this objective counts beside the others.",
     .example = "weight = 2"},
    {.name = "max-moves-per-hour",
     .type = Type::count,
     .min = "0",
     .max = "1000000",
     .doc =
         "How many replicas of the stack may arrive on another node within an hour to save cost. "
         "What moves because its node is lost or a rule leaves no other way counts, and is not "
         "held back. Of several objectives the smallest holds.",
     .example = "max-moves-per-hour = 20"},
    {.name = "overcommit",
     .type = Type::number,
     .step = "0.0000001%",
     .min = "0.0000001%",
     .max = "50%",
     .doc = "A node may promise more processor than it has, as long as the chance that its "
            "replicas want more at once is at most this: each uses its `cpu` at most and its "
            "`cpu-mean` on average, whatever the others do. Of several objectives the smallest "
            "holds. Not together with `hours` or `survive`.",
     .example = "overcommit = 0.1%"},
    {.name = "balance",
     .type = Type::quantity,
     .dimension = "EUR core^-1 s^-1",
     .step = "0.000001EUR/core/h",
     .min = "0.000001EUR/core/h",
     .max = "1000000EUR/core/h",
     .doc = "What a core costs that is reserved on a node above its even share: its part of all "
            "that is reserved, by the processor that it has. That makes plans load nodes evenly as "
            "far as it pays. Of several objectives the largest holds.",
     .example = "balance = 0.02EUR/core/h"},
};

} // namespace

const Block policy_block{
    .name = "policy",
    .labels = Labels::name,
    .repeatable = true,
    .verbs = require | prefer | deny,
    .clauses = weight | where | otherwise,
    .roots = "node|site|tenant|workload|flow|grid",
    .doc = "Rules for every object they speak of. `deny` removes nodes from a workload's "
           "candidates; when none is left the plan fails and names the rule.",
    .example =
        "policy home { require node.site.country == \"FR\" where workload.name == \"web\" }"};

const Block objective_block{
    .name = "objective",
    .labels = Labels::name,
    .repeatable = true,
    .attributes = objective_attributes,
    .verbs = require | prefer | minimize | maximize,
    .clauses = over | weight | where | otherwise,
    .roots = "node|site|tenant|workload|grid|latency|availability|throughput|error|frame|jitter|"
             "slo|downtime|energy|carbon|cost",
    .doc = "What a plan makes as small or large as it can, in money. Without one, plans minimise "
           "cost.",
    .example = "objective green { minimize energy * 0.21EUR/kWh + carbon * 80EUR/tCO2e }"};

} // namespace nemo::schema
