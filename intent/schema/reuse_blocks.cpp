// How files are put together: imports, templates, secrets by reference, and objects that changed
// their names.
#include "intent/schema/families.h"

namespace nemo::schema {

namespace {

constexpr Attribute secret_attributes[] = {
    {.name = "file",
     .type = Type::text,
     .required = true,
     .doc = "Absolute path on the node of the file that holds it.",
     .example = "file = \"/etc/shop/db\""},
};

constexpr Attribute param_attributes[] = {
    {.name = "type",
     .type = Type::enumerator,
     .words = "any|text|boolean|count|number|ratio|time|data|data-rate|cpu|power|energy|carbon-"
              "intensity|money-rate|temperature|port|name",
     .required = true,
     .doc = "What kind of value the argument must be.",
     .example = "type = count"},
    {.name = "default",
     .type = Type::any,
     .doc = "What holds when a use gives no argument; without it every use must.",
     .example = "default = 80"},
    {.name = "doc",
     .type = Type::text,
     .doc = "What the parameter is for, in one line.",
     .example = "doc = \"where the shop listens\""},
};

constexpr Block param_block{.name = "param",
                            .labels = Labels::name,
                            .repeatable = true,
                            .attributes = param_attributes,
                            .doc = "A typed parameter of a template.",
                            .example = "param port { type = count; default = 80 }"};
constexpr const Block *template_children[] = {&param_block};

constexpr Attribute argument{.name = "PARAM",
                             .type = Type::any,
                             .doc = "An argument for the template's parameter of that name.",
                             .example = "port = 81"};

constexpr Attribute import_attributes[] = {
    {.name = "as",
     .type = Type::name,
     .doc = "The prefix under which the import's constants and templates are known here.",
     .example = "as = std"},
};

constexpr Attribute moved_attributes[] = {
    {.name = "from",
     .type = Type::reference,
     .required = true,
     .doc = "The workload's name as it was.",
     .example = "from = workload.cam"},
    {.name = "to",
     .type = Type::reference,
     .required = true,
     .doc = "The workload's name as it is now.",
     .example = "to = workload.vision"},
};

} // namespace

const Block secret_block{
    .name = "secret",
    .labels = Labels::name,
    .repeatable = true,
    .attributes = secret_attributes,
    .doc = "A reference to a secret, never its value: the node reads it where the workload runs.",
    .example = "secret db { file = \"/etc/shop/db\" }"};

const Block template_block{
    .name = "template",
    .labels = Labels::name,
    .repeatable = true,
    .checked_here = false,
    .children = template_children,
    .doc = "A body to be used more than once, with typed parameters. It is the body of a workload, "
           "or holds whole blocks; a block without a label takes the name that the use gives.",
    .example = "template web { param port { type = count; default = 80 }; exec = [\"/usr/bin/w\"]; "
               "ports { http = port } }"};

const Block use_block{
    .name = "use",
    .labels = Labels::use,
    .repeatable = true,
    .body_needed = false,
    .checked_here = false,
    .free_form = &argument,
    .free_names = "label",
    .doc = "Puts a template's body here: `use TEMPLATE NAME` makes the objects that it describes, "
           "`use TEMPLATE` inside a block adds its statements to that block.",
    .example = "use web shop { port = 81 }"};

const Block import_block{
    .name = "import",
    .labels = Labels::path,
    .repeatable = true,
    .body_needed = false,
    .attributes = import_attributes,
    .doc = "Reads another file, or every .nemo file of a directory, of the same repository.",
    .example = "import \"../std/edge.nemo\""};

const Block moved_block{
    .name = "moved",
    .repeatable = true,
    .attributes = moved_attributes,
    .doc = "Says that a workload has a new name: what runs under the old one goes on under the new "
           "one, with its process, volumes and logs. May stay for ever; chains are followed.",
    .example = "moved { from = workload.cam; to = workload.vision }"};

} // namespace nemo::schema
