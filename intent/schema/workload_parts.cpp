// The blocks inside a workload.
#include "intent/schema/families.h"

namespace nemo::schema {

namespace {

constexpr Attribute port_number{
    .name = "NAME",
    .type = Type::port,
    .doc = "A port by name. `auto` lets the node choose; the first is $PORT and each is "
           "$PORT_<NAME>. A fixed port is a resource of the node.",
    .example = "http = auto"};

constexpr Attribute env_value{.name = "NAME",
                              .type = Type::scalar,
                              .doc = "A variable of the environment. Not for secrets.",
                              .example = "LOG_LEVEL = \"info\""};

constexpr Attribute mount_attributes[] = {
    {.name = "source",
     .type = Type::text,
     .doc =
         "Relative: files that come with the intent, read-only. Absolute: a path on the node. Of "
         "an external volume: where it is kept.",
     .example = "source = \"app\""},
    {.name = "volume",
     .type = Type::name,
     .doc = "A volume that is kept for each replica, also over restarts.",
     .example = "volume = \"visits\""},
    {.name = "kind",
     .type = Type::enumerator,
     .words = "local|replicated|external",
     .standard = "local",
     .doc = "Who keeps the volume. `local`: its node, and the replica stays there while the node "
            "is in the fleet. `replicated`: several nodes, so the replica may move and nothing is "
            "copied; it has one writer. `external`: a system outside the fleet, named by "
            "`source`, which takes care of its writers.",
     .example = "kind = replicated"},
    {.name = "target",
     .type = Type::text,
     .required = true,
     .doc = "Absolute path in the sandbox.",
     .example = "target = \"/app\""},
    {.name = "read-only",
     .type = Type::boolean,
     .standard = "true for a source, false for a volume",
     .doc = "Whether the workload may write there.",
     .example = "read-only = false"},
    {.name = "size",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "1B",
     .max = "1EiB",
     .doc =
         "The most that a volume holds. A node that keeps it for a replica reserves as much disk.",
     .example = "size = 64MiB"},
    {.name = "restore",
     .type = Type::quantity,
     .dimension = data_rate,
     .step = "1bit/s",
     .min = "1bit/s",
     .max = "1000Tbit/s",
     .doc = "How fast the volume's data comes back to a replica that starts on another node, from "
            "a backup or over the network. With `size`, what a plan predicts a move to take from.",
     .example = "restore = 50MB/s"},
};

constexpr Attribute data_attributes[] = {
    {.name = "class",
     .type = Type::enumerator,
     .words = data_classes,
     .doc = "What kind of data the workload handles; policies ask for it.",
     .example = "class = personal"},
    {.name = "subjects",
     .type = Type::text,
     .list = true,
     .doc = "Whose data it is.",
     .example = "subjects = [\"customers\"]"},
    {.name = "location",
     .type = Type::enumerator,
     .words = data_locations,
     .standard = "anywhere",
     .doc = "How far the data may travel.",
     .example = "location = local"},
};

constexpr Attribute place_attributes[] = {
    {.name = "on",
     .type = Type::reference,
     .words = "select|cluster",
     .list = true,
     .doc = "The selections or clusters that its nodes must be in; one of them is enough.",
     .example = "on = [near, lab]"},
    {.name = "spread",
     .type = Type::enumerator,
     .words = "node|site|zone|region",
     .doc = "Replicas are put on different ones of these.",
     .example = "spread = site"},
    {.name = "min-domains",
     .type = Type::count,
     .min = "1",
     .max = "1000000",
     .standard = "one for each replica",
     .doc = "With `spread`: in at least how many of them replicas are. Others may share one. Of "
            "replicas that wait, each may be in one more.",
     .example = "min-domains = 3"},
    {.name = "exclusive",
     .type = Type::boolean,
     .standard = "false",
     .doc = "Its nodes are its own: no replica of another workload is there, of this stack or "
            "another.",
     .example = "exclusive = true"},
};

constexpr Attribute affinity_attributes[] = {
    {.name = "to",
     .type = Type::reference,
     .words = "workload",
     .list = true,
     .required = true,
     .doc = "The workloads that it is about: each of them on its own.",
     .example = "to = cache"},
    {.name = "within",
     .type = Type::enumerator,
     .dimension = time,
     .words = "node|site|zone|region",
     .step = "1ns",
     .min = "1ns",
     .max = "1h",
     .standard = "node",
     .doc =
         "What they share, or do not share; or the one-way delay of the network between them, by "
         "the known latencies of links. A delay that is not known is neither near nor far.",
     .example = "within = site"},
};

constexpr Attribute health_attributes[] = {
    {.name = "http",
     .type = Type::text,
     .doc = "Healthy when a GET of this path answers 200 to 399.",
     .example = "http = \"/healthz\""},
    {.name = "tcp",
     .type = Type::any,
     .doc = "Healthy when the port accepts a connection: true for the first port, or its name.",
     .example = "tcp = true"},
    {.name = "exec",
     .type = Type::text,
     .list = true,
     .doc = "Healthy when this program, run in the sandbox, ends with 0.",
     .example = "exec = [\"/usr/bin/redis-cli\", \"ping\"]"},
    {.name = "port",
     .type = Type::name,
     .standard = "the first port",
     .doc = "The port that is asked, by name.",
     .example = "port = http"},
    {.name = "every",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "10ms",
     .max = "1d",
     .standard = "2s",
     .doc = "Time between two checks.",
     .example = "every = 2s"},
    {.name = "timeout",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "1ms",
     .max = "1h",
     .standard = "500ms",
     .doc = "A check that takes longer has failed.",
     .example = "timeout = 500ms"},
    {.name = "grace",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "0s",
     .max = "1d",
     .standard = "10s",
     .doc = "After a start, failures do not count for this long.",
     .example = "grace = 10s"},
    {.name = "failures",
     .type = Type::count,
     .min = "1",
     .max = "1000",
     .standard = "3",
     .doc = "Failures in a row until the workload is unhealthy.",
     .example = "failures = 3"},
};

constexpr Attribute restart_attributes[] = {
    {.name = "policy",
     .type = Type::enumerator,
     .words = "always|on-failure|never",
     .standard = "always",
     .doc = "Whether a workload that ended is started again.",
     .example = "policy = on-failure"},
    {.name = "backoff",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "1ms",
     .max = "1h",
     .standard = "1s",
     .doc = "The wait before the first new start; it doubles.",
     .example = "backoff = 1s"},
    {.name = "backoff-max",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "1ms",
     .max = "1d",
     .standard = "30s",
     .doc = "The longest wait.",
     .example = "backoff-max = 30s"},
};

constexpr Attribute stop_attributes[] = {
    {.name = "grace",
     .type = Type::quantity,
     .dimension = time,
     .step = "1ms",
     .min = "0s",
     .max = "1h",
     .standard = "10s",
     .doc = "Time between the signal and the kill.",
     .example = "grace = 10s"},
    {.name = "signal",
     .type = Type::enumerator,
     .words = "TERM|INT|QUIT|HUP|USR1|USR2|WINCH|KILL",
     .standard = "TERM",
     .doc = "The signal that asks it to end.",
     .example = "signal = QUIT"},
};

constexpr Attribute load_attributes[] = {
    {.name = "rate",
     .type = Type::quantity,
     .dimension = frequency,
     .required = true,
     .min = "0.000001req/s",
     .max = "1000000000req/s",
     .doc = "Requests that come in, to all replicas together; each replica gets an equal share.",
     .example = "rate = 200req/s"},
    {.name = "service-time",
     .type = Type::quantity,
     .dimension = time,
     .required = true,
     .step = "1ns",
     .min = "1ns",
     .max = "1d",
     .doc = "How long a replica works on a request on average, without waiting and without the "
            "calls that it makes.",
     .example = "service-time = 5ms"},
    {.name = "concurrency",
     .type = Type::count,
     .min = "1",
     .max = "100000",
     .standard = "1",
     .doc = "How many requests a replica works on at once; more than that wait.",
     .example = "concurrency = 4"},
};

constexpr Attribute slo_attributes[] = {
    {.name = "survive",
     .type = Type::enumerator,
     .words = "node|site",
     .doc = "After the loss of any one of these its replicas there find room elsewhere, where its "
            "rules allow, beside everything that stays, and together with all others that are to "
            "survive the same loss. `site` is also any one node. A plan that cannot keep that is "
            "refused.",
     .example = "survive = node"},
    {.name = "min-available",
     .type = Type::count,
     .min = "1",
     .max = "100000",
     .standard = "1",
     .doc = "How many of its replicas have to be up for it to serve; what `availability` is "
            "predicted from.",
     .example = "min-available = 2"},
};

} // namespace

const Block ports_block{.name = "ports",
                        .free_form = &port_number,
                        .free_names = "port",
                        .doc = "Ports that it listens on, by name.",
                        .example = "ports { http = auto; admin = 9000 }"};
const Block env_block{.name = "env",
                      .free_form = &env_value,
                      .free_names = "variable",
                      .doc = "Variables of its environment.",
                      .example = "env { LOG_LEVEL = \"info\" }"};
const Block mount_block{.name = "mount",
                        .repeatable = true,
                        .attributes = mount_attributes,
                        .doc = "Files that it sees: from the intent, from the node, or a volume.",
                        .example = "mount { source = \"app\"; target = \"/app\" }"};
const Block data_block{.name = "data",
                       .attributes = data_attributes,
                       .doc = "The data that it handles, for policies to ask about.",
                       .example = "data { class = personal }"};
constexpr Block affinity_block{.name = "affinity",
                               .repeatable = true,
                               .attributes = affinity_attributes,
                               .doc =
                                   "Every replica stands where a replica of another workload does.",
                               .example = "affinity { to = cache; within = site }"};
constexpr Block anti_affinity_block{
    .name = "anti-affinity",
    .repeatable = true,
    .attributes = affinity_attributes,
    .doc = "No replica stands where a replica of another workload does.",
    .example = "anti-affinity { to = batch }"};
constexpr const Block *place_children[] = {&affinity_block, &anti_affinity_block};
const Block place_block{.name = "place",
                        .attributes = place_attributes,
                        .children = place_children,
                        .verbs = require | prefer | deny,
                        .clauses = weight | where | otherwise,
                        .roots = "node|site|grid|workload|tenant",
                        .doc = "Where its replicas may be.",
                        .example = "place { on = near; spread = site }"};
const Block slo_block{.name = "slo",
                      .attributes = slo_attributes,
                      .verbs = require | prefer,
                      .clauses = over | weight | where | otherwise,
                      .roots = metrics,
                      .doc = "Its service level: a plan must predict it, agents watch it.",
                      .example = "slo { require latency.p99 <= 20ms over 5min }"};
const Block load_block{.name = "load",
                       .attributes = load_attributes,
                       .doc = "What it has to work off; what `latency` is predicted from.",
                       .example = "load { rate = 200req/s; service-time = 5ms }"};
const Block health_block{.name = "health",
                         .attributes = health_attributes,
                         .doc = "How one finds out that it serves: http, tcp or exec.",
                         .example = "health { http = \"/healthz\"; every = 2s }"};
const Block restart_block{.name = "restart",
                          .attributes = restart_attributes,
                          .doc = "What happens after it ended.",
                          .example = "restart { policy = on-failure; backoff = 1s }"};
const Block stop_block{.name = "stop",
                       .attributes = stop_attributes,
                       .doc = "How it is asked to end.",
                       .example = "stop { grace = 10s; signal = QUIT }"};

} // namespace nemo::schema
