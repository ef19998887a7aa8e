// How a workload changes while it runs: where it moves, and how a new version takes over.
#include "intent/schema/families.h"

namespace nemo::schema {

namespace {

constexpr Attribute migrate_attributes[] = {
    {.name = "downtime",
     .type = Type::quantity,
     .dimension = time,
     .range = true,
     .step = "1us",
     .min = "0ms",
     .max = "1d",
     .doc = "How long the service may pause while it moves.",
     .example = "downtime = 0ms..50ms"},
    {.name = "cooldown",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "0s",
     .max = "365d",
     .standard = "10min",
     .doc = "Least time between two moves of one replica.",
     .example = "cooldown = 10min"},
    {.name = "dwell",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "1s",
     .max = "365d",
     .doc = "How long a replica stays on the node where it arrived before a plan moves it to save "
            "cost. It moves earlier when its node is lost or a rule leaves no other way.",
     .example = "dwell = 30min"},
    {.name = "state",
     .type = Type::enumerator,
     .words = "live|checkpoint|restart",
     .doc =
         "How its state travels: copied while it runs, frozen and thawed, or not at all. Without "
         "it, a machine (`microvm`, `unikernel`) is copied while it runs where both nodes can, "
         "and everything else begins anew.",
     .example = "state = live"},
};

constexpr Attribute rollout_attributes[] = {
    {.name = "strategy",
     .type = Type::enumerator,
     .words = "rolling|canary|blue-green|recreate",
     .standard = "rolling",
     .doc = "How a new version takes over.",
     .example = "strategy = canary"},
    {.name = "max-unavailable",
     .type = Type::count,
     .min = "0",
     .max = "100000",
     .doc = "How many replicas may be down at once while a plan is carried out; as many change at "
            "a time. Without a budget one changes at a time, and one of several stays up.",
     .example = "max-unavailable = 1"},
    {.name = "min-available",
     .type = Type::count,
     .min = "1",
     .max = "100000",
     .doc = "How many replicas stay up while a plan is carried out.",
     .example = "min-available = 2"},
    {.name = "quorum",
     .type = Type::enumerator,
     .words = "majority|all",
     .doc = "Which share of the replicas stays up while a plan is carried out: `majority` is more "
            "than half of them.",
     .example = "quorum = majority"},
    {.name = "steps",
     .type = Type::number,
     .list = true,
     .min = "0%",
     .max = "100%",
     .doc = "Shares of the replicas that have the new version after each step, rising.",
     .example = "steps = [5%, 25%, 100%]"},
    {.name = "pause",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "0s",
     .max = "365d",
     .standard = "0s",
     .doc = "Time between two steps.",
     .example = "pause = 10min"},
    {.name = "window",
     .type = Type::text,
     .doc = "When steps may be taken: days, times, time zone.",
     .example = "window = \"Sat 02:00-04:00 Europe/Berlin\""},
    {.name = "signed-by",
     .type = Type::text,
     .doc = "Whose signature the new version must have.",
     .example = "signed-by = \"acme-release\""},
};

} // namespace

const Block migrate_block{.name = "migrate",
                          .attributes = migrate_attributes,
                          .verbs = when,
                          .clauses = hold | where,
                          .roots = "node|site|grid|latency|availability|throughput|error|frame|"
                                   "jitter|slo|energy|carbon|cost",
                          .doc = "When it moves while it runs, and how.",
                          .example = "migrate { when grid.carbon > 350gCO2e/kWh for 10min }"};
const Block rollout_block{
    .name = "rollout",
    .labels = Labels::optional_name,
    .attributes = rollout_attributes,
    .verbs = require,
    .clauses = over | hold | otherwise,
    .roots = metrics,
    .actions = "rollback|pause|abort",
    .doc = "How a new version takes over from the old one, and how many replicas "
           "stay up meanwhile.",
    .example = "rollout { quorum = majority }"};

} // namespace nemo::schema
