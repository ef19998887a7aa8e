#include "intent/check/blocks.h"

#include <fmt/format.h>

#include "intent/check/declare.h"

namespace nemo::check {

using syntax::StmtKind;

const TypedAttribute *TypedBlock::find(llvm::StringRef wanted) const {
  const auto found = index.find(wanted.str());
  return found == index.end() ? nullptr : &attributes[found->second];
}

const TypedBlock *TypedBlock::child(llvm::StringRef wanted) const {
  for (const TypedBlock &block : children)
    if (wanted == block.schema->name)
      return &block;
  return nullptr;
}

TypedBlock Blocks::read(const Instance &instance) {
  TypedBlock block;
  block.schema = instance.schema;
  block.at = instance.at;
  block.head = instance.head;
  block.name = instance.name;
  block.labels = instance.labels;
  const std::string owner = instance.name.empty()
                                ? block.schema->name
                                : std::string(block.schema->name) + "." + instance.name;
  members(block, instance.members, owner);
  complete(block);
  return block;
}

void Blocks::members(TypedBlock &block, const std::vector<Member> &members,
                     const std::string &owner) {
  for (const auto &[at, id] : members) {
    const syntax::Stmt &statement = context_.file(at)[id];
    switch (statement.kind) {
    case StmtKind::attribute:
      attribute(block, at, statement);
      break;
    case StmtKind::rule:
      rule(block, at, statement, owner);
      break;
    case StmtKind::block:
      if (statement.name.text == "use" && !block.schema->free_form)
        this->members(block, expander_.inside(at, id), owner);
      else
        child(block, at, statement, owner);
      break;
    }
  }
}

bool Blocks::free_name_fits(const schema::Block &block, Cursor at, const syntax::Name &name) {
  const llvm::StringRef kind = block.free_names;
  if (kind == "port" && is_label(name.text))
    return true;
  const auto word = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  if (kind == "variable" && !name.text.empty() && !llvm::isDigit(name.text[0]) &&
      llvm::all_of(name.text, word) && name.text.size() <= 255)
    return true;
  if (kind == "label" && !name.text.empty() && name.text.size() <= 253)
    return true;
  if (kind == "device" && schema::is_device_name(name.text))
    return true;
  context_.error(diag::N0214, at, name.extent,
                 fmt::format("`{}` cannot name a {}{}", name.text.str(), kind.str(),
                             kind == "variable" ? ": A-Z, a-z, 0-9 and '_', not a digit first"
                             : kind == "port"   ? ": 1 to 63 of a-z, 0-9 and '-'"
                             : kind == "device"
                                 ? ": 1 to 253 of letters, 0-9, '.', '/', '_' and '-'"
                                 : ": 1 to 253 characters"));
  return false;
}

void Blocks::attribute(TypedBlock &block, Cursor at, const syntax::Stmt &statement) {
  const schema::Block &schema = *block.schema;
  const llvm::StringRef name = statement.name.text;
  const schema::Attribute *known = schema::find_attribute(schema, name);
  if (!known) {
    block.faulty = true;
    if (schema::find_child(schema, name)) {
      context_.error(diag::N0222, at, statement.name.extent,
                     fmt::format("`{}` is a block: it has a body and no `=`", name.str()),
                     schema::find_child(schema, name)->example);
      return;
    }
    std::string fix;
    const auto names = schema::statement_names(schema);
    const std::string hint = suggestion(name, names, fix);
    Diagnostic &fault = context_.error(
        diag::N0202, at, statement.name.extent,
        fmt::format("`{}` has no attribute `{}`{}", schema.name, name.str(), hint), fix);
    if (fix.empty() && !names.empty())
      fault.notes.push_back({fmt::format("it may hold {}", llvm::join(names, ", ")), {}, {}});
    return;
  }
  if (known == schema.free_form && !free_name_fits(schema, at, statement.name)) {
    block.faulty = true;
    return;
  }
  if (const TypedAttribute *earlier = block.find(name)) {
    Diagnostic &fault = context_.error(diag::N0203, at, statement.name.extent,
                                       fmt::format("`{}` is given twice", name.str()));
    context_.note(fault, "first given here", earlier->at, earlier->name_extent);
    return;
  }
  if (statement.value == syntax::no_expr) {
    block.faulty = true;
    return;
  }
  const std::string own = name.str();
  auto value = values_.typed(known == schema.free_form ? schema::named(*known, own) : *known, at,
                             statement.value);
  TypedAttribute made{
      known, name.str(), {}, at, context_.expr(at, statement.value).extent, statement.name.extent};
  if (value)
    made.value = std::move(*value);
  else
    block.faulty = true;
  block.index.emplace(made.name, block.attributes.size());
  block.attributes.push_back(std::move(made));
}

void Blocks::child(TypedBlock &block, Cursor at, const syntax::Stmt &statement,
                   const std::string &owner) {
  const schema::Block &schema = *block.schema;
  const llvm::StringRef name = statement.name.text;
  const schema::Block *known = schema::find_child(schema, name);
  const syntax::Extent head = head_of(context_.file(at), statement);
  if (!known) {
    block.faulty = true;
    const schema::Attribute *attribute =
        schema.free_form ? nullptr : schema::find_attribute(schema, name);
    if (attribute) {
      context_.error(diag::N0222, at, statement.name.extent,
                     fmt::format("`{}` of `{}` is an attribute: it has `=` and a value", name.str(),
                                 schema.name),
                     attribute->example);
      return;
    }
    if (schema::find_block(name)) {
      context_.error(diag::N0201, at, statement.name.extent,
                     fmt::format("`{}` stands at the top of a file, not inside `{}`", name.str(),
                                 schema.name));
      return;
    }
    std::string fix;
    const auto names = schema::statement_names(schema);
    const std::string hint = suggestion(name, names, fix);
    context_.error(diag::N0201, at, statement.name.extent,
                   fmt::format("`{}` has no block `{}`{}", schema.name, name.str(), hint), fix);
    return;
  }
  const auto labels = context_.file(at).labels_of(statement);
  if (labels.size() > (known->labels == schema::Labels::optional_name ? 1u : 0u)) {
    context_.error(
        diag::N0219, at, head,
        fmt::format("`{}` has {}, and this one has {}", known->name,
                    known->labels == schema::Labels::none ? "no label" : "at most one label",
                    labels.size()));
    block.faulty = true;
    return;
  }
  if (!statement.has_body) {
    context_.error(diag::N0222, at, head, fmt::format("`{}` needs a body", known->name),
                   known->example);
    block.faulty = true;
    return;
  }
  if (!known->repeatable)
    if (const TypedBlock *earlier = block.child(name)) {
      Diagnostic &fault = context_.error(diag::N0203, at, statement.name.extent,
                                         fmt::format("`{}` is given twice", name.str()));
      context_.note(fault, "first given here", earlier->at, earlier->head);
      return;
    }
  TypedBlock made;
  made.schema = known;
  made.at = at;
  made.head = head;
  for (const syntax::Name &label : labels)
    made.labels.push_back(label.text.str());
  std::vector<Member> inner;
  for (syntax::StmtId id : context_.file(at).body_of(statement))
    inner.push_back({at, id});
  members(made, inner, owner);
  complete(made);
  block.faulty |= made.faulty;
  block.children.push_back(std::move(made));
}

void Blocks::complete(TypedBlock &block) {
  for (const schema::Attribute &attribute : block.schema->attributes)
    if (attribute.required && !block.find(attribute.name) && !block.faulty) {
      context_
          .error(diag::N0216, block.at, block.head,
                 fmt::format("`{}` needs `{}`", block.schema->name, attribute.name),
                 attribute.example)
          .notes.push_back({attribute.doc, {}, {}});
      block.faulty = true;
    }
}

proto::Object to_object(const Context &context, const TypedBlock &block) {
  proto::Object object;
  object.set_kind(block.schema->name);
  for (const std::string &label : block.labels)
    object.add_labels(label);
  for (const TypedAttribute &attribute : block.attributes) {
    auto *made = object.add_attributes();
    made->set_name(attribute.name);
    *made->mutable_value() = attribute.value;
    *made->mutable_span() = context.span(attribute.at, attribute.extent);
  }
  for (const TypedRule &rule : block.rules)
    *object.add_rules() = rule.rule;
  for (const TypedBlock &child : block.children)
    *object.add_children() = to_object(context, child);
  *object.mutable_span() = context.span(block.at, block.head);
  return object;
}

} // namespace nemo::check
