// The workload: what runs, how many, and what it stands on. Its child blocks are in
// workload_parts.cpp.
#include "intent/schema/families.h"

namespace nemo::schema {

namespace {

constexpr Attribute workload_attributes[] = {
    {.name = "tenant",
     .type = Type::reference,
     .words = "tenant",
     .doc = "Whom the workload belongs to.",
     .example = "tenant = acme"},
    {.name = "on",
     .type = Type::reference,
     .words = "select|cluster",
     .list = true,
     .doc = "The selections or clusters that its nodes must be in: short for place { on = ... }.",
     .example = "on = near"},
    {.name = "image",
     .type = Type::text,
     .doc =
         "The image to run, with the registry that has it and its digest, so that it "
         "cannot change unseen. Nodes pull it, check it and keep it; what `nemo-agent`(8) finds in "
         "`registries.json` says who they are there. The image names the program, its user and "
         "directory; `env` and `working-directory` of the workload come before the image's.",
     .example = "image = \"registry.example/vision@sha256:9f2c...\""},
    {.name = "image-size",
     .type = Type::quantity,
     .dimension = data,
     .data = Data::bytes,
     .step = "1B",
     .min = "1B",
     .max = "1EiB",
     .doc = "What a node that does not hold the image has to pull; what the time is predicted from "
            "that it takes.",
     .example = "image-size = 300MiB"},
    {.name = "exec",
     .type = Type::text,
     .list = true,
     .doc = "The program and its arguments, started without a shell. `$PORT` and the other "
            "variables of the environment are put in where an argument names them.",
     .example = "exec = [\"/usr/sbin/nginx\", \"-c\", \"/app/shop.conf\"]"},
    {.name = "sandbox",
     .type = Type::enumerator,
     .words = sandboxes,
     .standard = "process for exec, container for image",
     .doc =
         "What the workload runs in. In a `microvm` and a `unikernel`, `exec` is a kernel that a "
         "mount holds and its command line (or `image` holds the kernel, and its command names "
         "it), which is also given the address, the ports and the "
         "environment; the word `initrd=/path` names a microvm's initrd. `memory` is the "
         "machine's and the 64MiB of its monitor. A `container` has the files of its `image`, "
         "read-only, a /tmp and a /run of its own, what it mounts, and no rights.",
     .example = "sandbox = microvm"},
    {.name = "replicas",
     .type = Type::count,
     .range = true,
     .min = "0",
     .max = "100000",
     .standard = "1",
     .doc = "How many of it there are; low..high leaves the number to the plan.",
     .example = "replicas = 2..6"},
    {.name = "priority",
     .type = Type::count,
     .min = "0",
     .max = "1000000000",
     .standard = "none: it always gets room, or there is no plan",
     .doc = "Who gets room first where there is not enough; larger comes first. What finds none "
            "waits, and what ranks below gives up its room. What it needs (`after`, `affinity`) "
            "ranks as high.",
     .example = "priority = 10"},
    {.name = "gang",
     .type = Type::boolean,
     .standard = "false",
     .doc = "Where there is not room for all of its replicas, none of them gets any.",
     .example = "gang = true"},
    {.name = "partition",
     .type = Type::enumerator,
     .words = "stop|run",
     .standard = "stop for what writes a replicated volume",
     .doc =
         "What a replica does that may be cut off from its fleet. With `stop` it runs by a lease "
         "of a few seconds, which two of three nodes have to renew: without it the replica is "
         "ended, and only then another may run elsewhere, so that two never do. `run` goes on, "
         "and is therefore never started elsewhere because its node is silent.",
     .example = "partition = stop"},
    {.name = "after",
     .type = Type::reference,
     .words = "workload",
     .list = true,
     .doc = "Workloads that must be healthy first; it is given their addresses as "
            "NEMO_ADDR_<WORKLOAD>.",
     .example = "after = [app]"},
    {.name = "connect",
     .type = Type::port,
     .words = "any",
     .list = true,
     .standard = "none beside its own ports and those of `after`",
     .doc = "TCP ports that it may connect to, anywhere. Others are refused, and the refusal is an "
            "event.",
     .example = "connect = [443, 5432]"},
    {.name = "network",
     .type = Type::enumerator,
     .words = "host|own",
     .standard = "host; own for microvm and unikernel",
     .doc = "`own` gives each replica a network namespace, so a fixed port is its own.",
     .example = "network = own"},
    {.name = "secrets",
     .type = Type::reference,
     .words = "secret",
     .list = true,
     .doc = "Secrets that it may read, as files below /run/secrets.",
     .example = "secrets = [db]"},
    {.name = "privileged",
     .type = Type::boolean,
     .standard = "false",
     .doc = "Whether it keeps the rights that sandboxes take away. Policies can forbid it.",
     .example = "privileged = false"},
    {.name = "protect",
     .type = Type::boolean,
     .standard = "false",
     .doc = "Once applied, it is not deleted, replaced, moved or destroyed, also when the block is "
            "gone, until `nemo unprotect` lifts it.",
     .example = "protect = true"},
    {.name = "working-directory",
     .type = Type::text,
     .doc = "Absolute path in the sandbox where it starts.",
     .example = "working-directory = \"/app\""},
};

constexpr const Block *workload_children[] = {
    &resources_block, &ports_block,   &env_block,  &mount_block,   &data_block,
    &place_block,     &slo_block,     &load_block, &migrate_block, &rollout_block,
    &health_block,    &restart_block, &stop_block, &job_block,     &labels_block};

} // namespace

const Block workload_block{
    .name = "workload",
    .labels = Labels::name,
    .repeatable = true,
    .attributes = workload_attributes,
    .children = workload_children,
    .verbs = require | prefer | deny,
    .clauses = over | weight | where | otherwise,
    .roots = "node|site|grid|workload|tenant|latency|availability|throughput|error|frame|jitter|"
             "slo|downtime|energy|carbon|cost",
    .doc = "A service: a program or an image, how many replicas, what each needs, what must hold "
           "for it. Rules about nodes and sites say where it may be; the others are its service "
           "level.",
    .example = "workload web { exec = [\"/usr/sbin/nginx\"]; replicas = 3; ports { http = auto } "
               "}"};

} // namespace nemo::schema
