// Finding entries of the table by name.
#include <algorithm>

#include "intent/schema/families.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::schema {

namespace {

constexpr const Block *block_table[] = {
    &import_block,  &site_block,   &node_block,     &link_block,      &select_block,
    &tenant_block,  &secret_block, &workload_block, &flow_block,      &network_block,
    &cluster_block, &policy_block, &learning_block, &objective_block, &template_block,
    &use_block,     &moved_block};

constexpr Attribute top[] = {
    {.name = "nemo",
     .type = Type::count,
     .required = true,
     .min = "1",
     .doc = "The edition of the language that the files are written in.",
     .example = "nemo = 1"},
    {.name = "stack",
     .type = Type::text,
     .standard = "\"default\"",
     .doc = "What owns the objects of these files: plan, drift and destroy see one stack.",
     .example = "stack = \"shop\""},
};

constexpr Attribute parameters[] = {
    {.name = "any", .type = Type::any, .doc = "Any constant.", .example = "default = 7"},
    {.name = "text", .type = Type::text, .doc = "A text.", .example = "default = \"eu\""},
    {.name = "boolean",
     .type = Type::boolean,
     .doc = "true or false.",
     .example = "default = true"},
    {.name = "count", .type = Type::count, .doc = "A whole number.", .example = "default = 80"},
    {.name = "number", .type = Type::number, .doc = "A number.", .example = "default = 0.5"},
    {.name = "ratio", .type = Type::number, .doc = "A ratio.", .example = "default = 99.9%"},
    {.name = "time",
     .type = Type::quantity,
     .dimension = time,
     .doc = "A time.",
     .example = "default = 2s"},
    {.name = "data",
     .type = Type::quantity,
     .dimension = data,
     .doc = "Data.",
     .example = "default = 64MiB"},
    {.name = "data-rate",
     .type = Type::quantity,
     .dimension = data_rate,
     .doc = "A data rate.",
     .example = "default = 2Mbit/s"},
    {.name = "cpu",
     .type = Type::quantity,
     .dimension = cpu,
     .doc = "Processor cores.",
     .example = "default = 1core"},
    {.name = "power",
     .type = Type::quantity,
     .dimension = power,
     .doc = "A power.",
     .example = "default = 3W"},
    {.name = "energy",
     .type = Type::quantity,
     .dimension = energy,
     .doc = "An energy.",
     .example = "default = 30Wh"},
    {.name = "carbon-intensity",
     .type = Type::quantity,
     .dimension = carbon_intensity,
     .doc = "A carbon intensity.",
     .example = "default = 100gCO2e/kWh"},
    {.name = "money-rate",
     .type = Type::quantity,
     .dimension = money_rate,
     .doc = "Money per time.",
     .example = "default = 2EUR/d"},
    {.name = "temperature",
     .type = Type::quantity,
     .dimension = temperature,
     .doc = "A temperature.",
     .example = "default = 85degC"},
    {.name = "port",
     .type = Type::port,
     .doc = "auto, or 1 to 65535.",
     .example = "default = auto"},
    {.name = "name",
     .type = Type::any,
     .doc = "A bare word: an enumerator, or the name of an object.",
     .example = "default = near"},
};

std::vector<llvm::StringRef> split(llvm::StringRef text, char separator) {
  llvm::SmallVector<llvm::StringRef, 16> parts;
  text.split(parts, separator);
  return {parts.begin(), parts.end()};
}

} // namespace

llvm::ArrayRef<const Block *> blocks() { return block_table; }
llvm::ArrayRef<Attribute> top_attributes() { return top; }
llvm::ArrayRef<Attribute> parameter_types() { return parameters; }

const Block *find_block(llvm::StringRef name) {
  for (const Block *block : block_table)
    if (name == block->name)
      return block;
  return nullptr;
}

const Block *find_child(const Block &parent, llvm::StringRef name) {
  for (const Block *child : parent.children)
    if (name == child->name)
      return child;
  return nullptr;
}

static const Attribute *find_in(llvm::ArrayRef<Attribute> attributes, llvm::StringRef name) {
  for (const Attribute &attribute : attributes)
    if (name == attribute.name)
      return &attribute;
  return nullptr;
}

const Attribute *find_attribute(const Block &block, llvm::StringRef name) {
  if (const Attribute *found = find_in(block.attributes, name))
    return found;
  return block.free_form;
}
const Attribute *find_top_attribute(llvm::StringRef name) { return find_in(top, name); }
const Attribute *find_parameter_type(llvm::StringRef name) { return find_in(parameters, name); }

const Fact *find_fact(llvm::ArrayRef<llvm::StringRef> path) {
  for (const Fact &fact : facts()) {
    auto parts = split(fact.path, '.');
    if (parts.size() != path.size())
      continue;
    bool same = true;
    for (size_t i = 0; i < parts.size() && same; ++i)
      same = parts[i] == "*" || parts[i] == path[i];
    if (same)
      return &fact;
  }
  return nullptr;
}

std::vector<std::string> roots() { return members({}); }

bool is_root(llvm::StringRef name) {
  return llvm::any_of(facts(), [&](const Fact &fact) {
    return llvm::StringRef(fact.path).split('.').first == name;
  });
}

std::vector<std::string> members(llvm::ArrayRef<llvm::StringRef> path) {
  std::vector<std::string> result;
  for (const Fact &fact : facts()) {
    auto parts = split(fact.path, '.');
    if (parts.size() <= path.size() || !std::equal(path.begin(), path.end(), parts.begin()))
      continue;
    std::string next = parts[path.size()].str();
    if (next != "*" && std::find(result.begin(), result.end(), next) == result.end())
      result.push_back(std::move(next));
  }
  return result;
}

std::vector<std::string> words(const char *text) {
  std::vector<std::string> result;
  if (text)
    for (llvm::StringRef word : split(text, '|'))
      result.push_back(word.str());
  return result;
}

bool has_word(const char *text, llvm::StringRef word) {
  return text && llvm::is_contained(split(text, '|'), word);
}

std::vector<std::string> statement_names(const Block &block) {
  std::vector<std::string> result;
  for (const Attribute &attribute : block.attributes)
    result.push_back(attribute.name);
  for (const Block *child : block.children)
    result.push_back(child->name);
  static constexpr const char *verbs[] = {"require",  "prefer",   "deny",
                                          "minimize", "maximize", "when"};
  for (unsigned bit = 0; bit < std::size(verbs); ++bit)
    if (block.verbs & (1u << bit))
      result.push_back(verbs[bit]);
  return result;
}

bool is_device_name(llvm::StringRef text) {
  return !text.empty() && text.size() <= 253 && llvm::all_of(text, [](char c) {
    return llvm::isAlnum(c) || llvm::StringRef("./_-").contains(c);
  });
}

std::string describe_type(const Attribute &attribute) {
  std::string result;
  switch (attribute.type) {
  case Type::any:
    result = "a constant";
    break;
  case Type::text:
    result = "a text in quotes";
    if (attribute.dimension)
      result += std::string(", or a quantity such as ") + attribute.max;
    break;
  case Type::boolean:
    result = "true or false";
    break;
  case Type::count:
    result = "a whole number";
    break;
  case Type::number:
    result = "a number";
    break;
  case Type::quantity:
    result = std::string("a quantity such as ") +
             llvm::StringRef(attribute.example).split("= ").second.str();
    break;
  case Type::enumerator:
    result = "one of " + llvm::join(words(attribute.words), ", ");
    if (attribute.dimension)
      result += std::string(", or a quantity such as ") + attribute.max;
    break;
  case Type::reference:
    result = attribute.words ? "the name of a " + llvm::join(words(attribute.words), " or a ")
                             : "an object as kind.name";
    break;
  case Type::endpoint:
    result = "a workload, or its port as workload.port";
    break;
  case Type::port:
    result =
        std::string(attribute.words ? attribute.words : "auto") + ", or a port from 1 to 65535";
    break;
  case Type::scalar:
    result = "a text, a number, a quantity, true or false";
    break;
  case Type::name:
    result = "a name";
    break;
  }
  if (attribute.list)
    result += ", or several in [ ]";
  if (attribute.range)
    result += ", or a range low..high";
  return result;
}

} // namespace nemo::schema
