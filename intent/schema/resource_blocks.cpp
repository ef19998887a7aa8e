// What replicas take of nodes, and what nodes have.
#include "intent/schema/families.h"

namespace nemo::schema {

namespace {

constexpr Attribute resources_attributes[] = {
    {.name = "cpu",
     .type = Type::quantity,
     .dimension = cpu,
     .step = "1mcore",
     .min = "1mcore",
     .max = "1000000core",
     .standard = "0.1core",
     .doc = "Processor time that each replica is promised.",
     .example = "cpu = 1.5core"},
    {.name = "cpu-mean",
     .type = Type::quantity,
     .dimension = cpu,
     .step = "1mcore",
     .min = "1mcore",
     .max = "1000000core",
     .doc = "Processor time that each replica uses on average, at most `cpu`; without it all of "
            "`cpu`. It matters where an objective has `overcommit`.",
     .example = "cpu-mean = 0.5core"},
    {.name = "memory",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "1MiB",
     .max = "1PiB",
     .standard = "64MiB",
     .doc = "Memory that each replica is promised and limited to.",
     .example = "memory = 512MiB"},
    {.name = "disk",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "0B",
     .max = "1EiB",
     .standard = "0B",
     .doc = "Disk space that each replica is promised.",
     .example = "disk = 1GiB"},
    {.name = "gpu",
     .type = Type::number,
     .step = "0.001",
     .min = "0",
     .max = "1000000",
     .standard = "0",
     .doc = "Graphics processors: a part of one device, which others may share, or whole ones of "
            "one node. The devices of a node are never added up.",
     .example = "gpu = 0.5"},
    {.name = "pids",
     .type = Type::count,
     .min = "1",
     .max = "4194304",
     .standard = "512",
     .doc = "Processes and threads that each replica may have.",
     .example = "pids = 128"},
    {.name = "gpu-model",
     .type = Type::text,
     .list = true,
     .doc = "Models that will do, as the fleet names them; without it any.",
     .example = "gpu-model = [\"A100\", \"H100\"]"},
    {.name = "gpu-memory",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "1MiB",
     .max = "1PiB",
     .doc = "Memory of each device that it takes. Those who share a device get no more of it "
            "together than it has.",
     .example = "gpu-memory = 20GiB"},
    {.name = "gpu-profile",
     .type = Type::text,
     .doc = "Takes whole MIG instances of this profile, which nobody gets who does not ask for it.",
     .example = "gpu-profile = \"1g.10gb\""},
};

constexpr Attribute hours_attributes[] = {
    {.name = "between",
     .type = Type::count,
     .range = true,
     .required = true,
     .min = "0",
     .max = "24",
     .doc = "Hours of every day, UTC: 8..18 is from 8:00 to 18:00. What goes past midnight is two "
            "blocks, 22..24 and 0..6.",
     .example = "between = 8..18"},
    {.name = "cpu",
     .type = Type::quantity,
     .dimension = cpu,
     .step = "1mcore",
     .min = "1mcore",
     .max = "1000000core",
     .doc = "Processor time that each replica is promised then.",
     .example = "cpu = 4core"},
    {.name = "memory",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "1MiB",
     .max = "1PiB",
     .doc = "Memory that each replica is promised then.",
     .example = "memory = 2GiB"},
};

constexpr Block hours_block{
    .name = "hours",
    .labels = Labels::none,
    .repeatable = true,
    .attributes = hours_attributes,
    .doc =
        "Other amounts at some hours of the day. There is room at every hour, so workloads whose "
        "peaks do not meet share it. Limits are the largest amounts; cost, power and carbon are "
        "figured from the mean over the day.",
    .example = "hours { between = 8..18; cpu = 4core }"};
constexpr Attribute device_count{
    .name = "name",
    .type = Type::count,
    .min = "1",
    .max = "1000000",
    .doc = "How many of the devices of this name each replica is given, for itself.",
    .example = "\"google.com/coral\" = 1"};
constexpr Attribute node_device_count{.name = "name",
                                      .type = Type::count,
                                      .min = "0",
                                      .max = "1000000",
                                      .doc = "How many devices of this name the node has.",
                                      .example = "\"google.com/coral\" = 2"};
constexpr Block devices_block{
    .name = "devices",
    .free_form = &device_count,
    .free_names = "device",
    .doc = "Devices other than GPUs, by the names that the fleet gives them: a coral TPU, a modem, "
           "a serial port. A node that does not list a name has none of it.",
    .example = "devices { \"google.com/coral\" = 1; lte-modem = 1 }"};
constexpr Block node_devices_block{
    .name = "devices",
    .free_form = &node_device_count,
    .free_names = "device",
    .doc = "Devices other than GPUs that the node has, by name; those of a name are alike.",
    .example = "devices { \"google.com/coral\" = 2; lte-modem = 1 }"};
constexpr const Block *resources_children[] = {&hours_block, &devices_block};
constexpr const Block *node_resources_children[] = {&node_devices_block};

// Of a node: what it has, without what only a replica can ask for.
constexpr size_t node_amounts = 5;

} // namespace

const Block resources_block{.name = "resources",
                            .attributes = resources_attributes,
                            .children = resources_children,
                            .doc = "What each replica is promised.",
                            .example = "resources { cpu = 1core; memory = 1GiB }"};
const Block node_resources_block{
    .name = "resources",
    .attributes = llvm::ArrayRef<Attribute>(resources_attributes).take_front(node_amounts),
    .children = node_resources_children,
    .doc = "What the node has.",
    .example = "resources { cpu = 4core; memory = 8GiB }"};

} // namespace nemo::schema
