// The families of blocks, one file each; lookup.cpp joins them to the one table.
#pragma once

#include "intent/schema/schema.h"

namespace nemo::schema {

// Dimensions by their field's word.
inline constexpr const char *time = "s";
inline constexpr const char *data = "bit";
inline constexpr const char *data_rate = "bit s^-1";
inline constexpr const char *cpu = "core";
inline constexpr const char *energy = "J";
inline constexpr const char *power = "J s^-1";
inline constexpr const char *carbon_rate = "gCO2e s^-1";
inline constexpr const char *carbon_intensity = "gCO2e J^-1";
inline constexpr const char *money_rate = "EUR s^-1";
inline constexpr const char *energy_price = "EUR J^-1";
inline constexpr const char *data_price = "EUR bit^-1";
inline constexpr const char *carbon_price = "EUR gCO2e^-1";
inline constexpr const char *temperature = "K";
inline constexpr const char *frequency = "s^-1";

// Words that more than one block has.
inline constexpr const char *sandboxes = "process|container|wasm|microvm|unikernel";
inline constexpr const char *node_classes = "device|edge|fog|cloud|hpc";
inline constexpr const char *architectures = "x86_64|arm64|arm|riscv64|ppc64le|s390x";
inline constexpr const char *data_classes = "public|internal|confidential|personal|secret";
inline constexpr const char *data_locations = "local|site|region|anywhere";
inline constexpr const char *ciphers = "aes-128-gcm|aes-256-gcm|chacha20|none";
inline constexpr const char *metrics =
    "latency|availability|throughput|error|frame|jitter|slo|downtime|energy|carbon|cost";

/// What is there, or is to be there, of several nodes together.
inline constexpr Attribute amount_attributes[] = {
    {.name = "cpu",
     .type = Type::quantity,
     .dimension = cpu,
     .step = "1mcore",
     .min = "1mcore",
     .max = "1000000000core",
     .doc = "Processor time.",
     .example = "cpu = 16core"},
    {.name = "memory",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "1B",
     .max = "1EiB",
     .doc = "Memory.",
     .example = "memory = 32GiB"},
    {.name = "disk",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "1B",
     .max = "1EiB",
     .doc = "Disk space.",
     .example = "disk = 1TiB"},
    {.name = "gpu",
     .type = Type::number,
     .step = "0.001",
     .min = "0.001",
     .max = "1000000000",
     .doc = "Graphics processors.",
     .example = "gpu = 2"},
};

extern const Block labels_block; ///< free-form key = value, in site, node, tenant, workload
extern const Block site_block, node_block, link_block, select_block, tenant_block;
extern const Block workload_block;
extern const Block resources_block, node_resources_block, ports_block, env_block, mount_block,
    data_block, place_block, slo_block, load_block, migrate_block, rollout_block, health_block,
    restart_block, stop_block, job_block;
extern const Block flow_block, cluster_block, network_block, learning_block;
extern const Block policy_block, objective_block;
extern const Block secret_block, template_block, use_block, import_block, moved_block;

} // namespace nemo::schema
