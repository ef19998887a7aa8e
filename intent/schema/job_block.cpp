// What runs once, some time until a deadline.
#include "intent/schema/families.h"

namespace nemo::schema {

namespace {

constexpr Attribute job_attributes[] = {
    {.name = "duration",
     .type = Type::quantity,
     .dimension = time,
     .required = true,
     .step = "1ms",
     .min = "1s",
     .max = "8784h",
     .doc = "How long it runs.",
     .example = "duration = 2h"},
    {.name = "deadline",
     .type = Type::text,
     .dimension = time,
     .required = true,
     .step = "1ms",
     .min = "1s",
     .max = "8784h",
     .doc =
         "When it has to have ended, RFC 3339; or how long after the first plan that holds it. "
         "That time is kept with what its node is told to run, so that it stays when the plan is "
         "made again.",
     .example = "deadline = \"2026-11-25T06:00:00Z\""},
    {.name = "earliest",
     .type = Type::text,
     .standard = "at once",
     .doc = "When it may start, RFC 3339.",
     .example = "earliest = \"2026-11-24T20:00:00Z\""},
};

} // namespace

const Block job_block{
    .name = "job",
    .attributes = job_attributes,
    .doc =
        "Makes a job of the workload: it runs once and ends before its deadline. The plan "
        "chooses where and when, at once or at a whole hour from the fleet's time on, so that "
        "its run is cheapest by the hourly forecasts of price and carbon. It takes processor and "
        "memory for its duration only: jobs run one after the other where there is no room for "
        "them at once, and when services take little. What has ended well "
        "gives back what it took; it is started again only when its block says something else "
        "of what to run, which a new window does not.",
    .example = "job { duration = 2h; deadline = 8h }"};

} // namespace nemo::schema
