#include "intent/check/expand.h"

#include <fmt/format.h>

#include "intent/check/declare.h"

namespace nemo::check {

using syntax::StmtKind;

constexpr uint32_t max_use_depth = 32;

syntax::Extent head_of(const syntax::File &file, const syntax::Stmt &block) {
  syntax::Extent head = block.name.extent;
  for (const syntax::Name &label : file.labels_of(block))
    head.end = label.extent.end;
  return head;
}

std::vector<Instance> Expander::all() {
  for (const auto &[key, declared] : context_.templates)
    check_template(declared);
  std::vector<Instance> result;
  for (uint32_t file = 0; file < context_.sources.size(); ++file)
    for (syntax::StmtId id : context_.sources[file].file.statements())
      top({file, nullptr}, id, result);
  return result;
}

bool Expander::labels_fit(const schema::Block &block, Cursor at, const syntax::Stmt &statement) {
  const size_t count = context_.file(at).labels_of(statement).size();
  size_t low = 0, high = 0;
  const char *what = "no label";
  switch (block.labels) {
  case schema::Labels::none:
    break;
  case schema::Labels::name:
    low = at.environment ? 0 : 1, high = 1, what = "one label, its name";
    break;
  case schema::Labels::optional_name:
    high = 1, what = "at most one label";
    break;
  case schema::Labels::path:
    low = high = 1, what = "one label, the path";
    break;
  case schema::Labels::ends:
    low = high = 2, what = "two labels, its ends";
    break;
  case schema::Labels::use:
    low = 1, high = 2, what = "the template's name and the name of what it makes";
    break;
  }
  if (count >= low && count <= high)
    return true;
  context_
      .error(diag::N0219, at, head_of(context_.file(at), statement),
             fmt::format("`{}` has {}, and this one has {}", block.name, what, count))
      .notes.push_back({fmt::format("for example: {}", block.example), {}, {}});
  return false;
}

void Expander::top(Cursor at, syntax::StmtId id, std::vector<Instance> &out) {
  const syntax::File &file = context_.file(at);
  const syntax::Stmt &statement = file[id];
  if (statement.kind == StmtKind::rule) {
    context_.error(diag::N0212, at, statement.verb_extent,
                   "a rule stands inside a block that says what it is about",
                   "put it in `policy NAME { … }`");
    return;
  }
  if (statement.kind != StmtKind::block)
    return; // constants are declared already
  const llvm::StringRef name = statement.name.text;
  const schema::Block *block = schema::find_block(name);
  if (!block) {
    for (const schema::Block *parent : schema::blocks())
      if (schema::find_child(*parent, name)) {
        context_.error(diag::N0201, at, statement.name.extent,
                       fmt::format("`{}` stands inside a {}, not at the top of a file", name.str(),
                                   parent->name));
        return;
      }
    std::vector<std::string> names;
    for (const schema::Block *known : schema::blocks())
      names.push_back(known->name);
    std::string fix;
    const std::string hint = suggestion(name, names, fix);
    context_.error(diag::N0201, at, statement.name.extent,
                   fmt::format("there is no block `{}`{}", name.str(), hint), fix);
    context_.incomplete = true; // what it was to declare is not known
    return;
  }
  if (!labels_fit(*block, at, statement) || name == "template")
    return;
  if (name == "use")
    return use(at, id, out);
  if (block->body_needed && !statement.has_body) {
    context_.error(diag::N0222, at, statement.name.extent,
                   fmt::format("`{}` needs a body", name.str()), block->example);
    return;
  }
  Instance made{block, at, id, head_of(file, statement), {}, {}, {}};
  const auto labels = file.labels_of(statement);
  for (const syntax::Name &label : labels)
    made.labels.push_back(label.text.str());
  if (block->labels == schema::Labels::name) {
    made.name = labels.empty() ? at.environment->self : labels[0].text.str();
    if (at.environment && !labels.empty())
      made.name = at.environment->self + "-" + made.name;
    made.labels = {made.name};
    declare_object(context_, name, made.name, at, id,
                   labels.empty() ? statement.name.extent : labels[0].extent);
  }
  for (syntax::StmtId member : file.body_of(statement))
    made.members.push_back({at, member});
  out.push_back(std::move(made));
}

const Declared *Expander::target(Cursor at, const syntax::Stmt &use) const {
  return context_.find_template(at, context_.file(at).labels_of(use)[0].text);
}

void Expander::use(Cursor at, syntax::StmtId id, std::vector<Instance> &out) {
  const syntax::File &file = context_.file(at);
  const syntax::Stmt &statement = file[id];
  const auto labels = file.labels_of(statement);
  std::string self = at.environment ? at.environment->self : std::string();
  if (labels.size() == 2)
    self = (self.empty() ? "" : self + "-") + labels[1].text.str();
  if (self.empty()) {
    context_.error(diag::N0219, at, head_of(file, statement),
                   "at the top `use` also names what it makes",
                   fmt::format("use {} NAME", labels[0].text.str()));
    return;
  }
  const Environment *environment = enter(at, id, self);
  if (!environment)
    return;
  const std::vector<Member> members = body(*environment, *target(at, statement));
  const bool whole = llvm::all_of(members, [&](const Member &member) {
    const syntax::Stmt &inner = context_.file(member.first)[member.second];
    return inner.kind == StmtKind::block && schema::find_block(inner.name.text);
  });
  // Names first: blocks of one template may speak of each other.
  auto &labels_made = context_.environments.back()->labels;
  if (!whole || members.empty()) { // the body of a workload
    Instance made{
        schema::find_block("workload"), at, id, head_of(file, statement), self, {self}, members};
    declare_object(context_, "workload", self, at, id,
                   labels.size() == 2 ? labels[1].extent : statement.name.extent);
    out.push_back(std::move(made));
    return;
  }
  for (const Member &member : members) {
    const syntax::Stmt &inner = context_.file(member.first)[member.second];
    const schema::Block *block = schema::find_block(inner.name.text);
    const auto own = context_.file(member.first).labels_of(inner);
    if (block->labels == schema::Labels::name && own.size() == 1)
      labels_made[(inner.name.text + "." + own[0].text).str()] = self + "-" + own[0].text.str();
    if (block->name == llvm::StringRef("template") || block->name == llvm::StringRef("import"))
      context_.error(
          diag::N0201, member.first, inner.name.extent,
          fmt::format("`{}` stands at the top of a file, not in a template", block->name));
    else
      top(member.first, member.second, out);
  }
}

std::vector<Member> Expander::inside(Cursor at, syntax::StmtId id) {
  const syntax::Stmt &statement = context_.file(at)[id];
  const auto labels = context_.file(at).labels_of(statement);
  if (labels.size() != 1) {
    context_.error(diag::N0219, at, head_of(context_.file(at), statement),
                   "inside a block `use` has one label, the template");
    return {};
  }
  const Environment *environment =
      enter(at, id, at.environment ? at.environment->self : std::string());
  return environment ? body(*environment, *target(at, statement)) : std::vector<Member>();
}

const Environment *Expander::enter(Cursor at, syntax::StmtId id, std::string self) {
  const syntax::Stmt &statement = context_.file(at)[id];
  const syntax::Name &name = context_.file(at).labels_of(statement)[0];
  const Declared *made = target(at, statement);
  if (!made) {
    std::vector<std::string> names;
    for (const auto &[key, declared] : context_.templates)
      names.push_back(key.second);
    std::string fix;
    const std::string hint = suggestion(name.text, names, fix);
    if (!context_.unread)
      context_.error(diag::N0310, at, name.extent,
                     fmt::format("there is no template `{}`{}", name.text.str(), hint), fix);
    context_.incomplete = true;
    return nullptr;
  }
  for (const Environment *outer = at.environment; outer; outer = outer->use.environment)
    if ((outer->template_name == made->name && outer->template_file == made->at.file) ||
        outer->depth >= max_use_depth) {
      context_.error(diag::N0313, at, name.extent,
                     fmt::format("template `{}` uses itself", made->name));
      context_.incomplete = true;
      return nullptr;
    }
  const syntax::File &file = context_.file(made->at);
  if (!context_.spend(at, name.extent, 50 + file[made->statement].body.count * 10))
    return nullptr;
  auto environment = std::make_unique<Environment>();
  environment->use = at;
  environment->use_extent = head_of(context_.file(at), statement);
  environment->template_name = made->name;
  environment->template_file = made->at.file;
  environment->self = std::move(self);
  environment->depth = at.environment ? at.environment->depth + 1 : 1;
  bind(*environment, *made, at, statement);
  context_.environments.push_back(std::move(environment));
  return context_.environments.back().get();
}

void Expander::bind(Environment &environment, const Declared &made, Cursor at,
                    const syntax::Stmt &use) {
  const std::vector<Parameter> known = parameters(made);
  const syntax::File &file = context_.file(at);
  for (syntax::StmtId id : file.body_of(use)) {
    const syntax::Stmt &argument = file[id];
    if (argument.kind != StmtKind::attribute) {
      context_.error(diag::N0311, at, argument.extent, "a use has arguments only: NAME = value");
      continue;
    }
    const std::string name = argument.name.text.str();
    auto parameter = llvm::find_if(known, [&](const Parameter &p) { return p.name == name; });
    if (parameter == known.end()) {
      std::vector<std::string> names;
      for (const Parameter &p : known)
        names.push_back(p.name);
      std::string fix;
      const std::string hint = suggestion(name, names, fix);
      Diagnostic &fault = context_.error(
          diag::N0311, at, argument.name.extent,
          fmt::format("template `{}` has no parameter `{}`{}", made.name, name, hint), fix);
      context_.note(fault, "the template", made.at, made.extent);
      continue;
    }
    if (environment.bindings.count(name)) {
      context_.error(diag::N0311, at, argument.name.extent,
                     fmt::format("`{}` is given twice", name));
      continue;
    }
    environment.bindings[name] = {argument.value, at, parameter->type ? parameter->type->name : ""};
    const size_t before = context_.diagnostics.size();
    if (parameter->type)
      values_.typed(schema::named(*parameter->type, name), at, argument.value);
    for (size_t i = before; i < context_.diagnostics.size(); ++i)
      context_.note(context_.diagnostics[i],
                    fmt::format("the parameter `{}` is declared here", name),
                    {made.at.file, nullptr}, parameter->extent);
    if (context_.diagnostics.size() > before)
      environment.bindings[name].value = syntax::no_expr; // told once, not at every place of use
  }
  for (const Parameter &parameter : known) {
    if (environment.bindings.count(parameter.name))
      continue;
    environment.bindings[parameter.name] = {parameter.standard, {made.at.file, nullptr}, ""};
    if (parameter.standard != syntax::no_expr)
      continue;
    Diagnostic &fault = context_.error(
        diag::N0311, at, head_of(file, use),
        fmt::format("template `{}` needs an argument for `{}`", made.name, parameter.name),
        parameter.name + " = …");
    context_.note(fault, "the parameter has no default", {made.at.file, nullptr}, parameter.extent);
  }
}

std::vector<Expander::Parameter> Expander::parameters(const Declared &declared) {
  std::vector<Parameter> result;
  const syntax::File &file = context_.file(declared.at);
  for (syntax::StmtId id : file.body_of(file[declared.statement])) {
    const syntax::Stmt &statement = file[id];
    if (statement.kind != StmtKind::block || statement.name.text != "param" ||
        file.labels_of(statement).size() != 1)
      continue;
    Parameter made;
    made.name = file.labels_of(statement)[0].text.str();
    made.extent = file.labels_of(statement)[0].extent;
    for (syntax::StmtId member : file.body_of(statement)) {
      if (file[member].kind != StmtKind::attribute || file[member].value == syntax::no_expr)
        continue;
      if (file[member].name.text == "type")
        made.type = schema::find_parameter_type(file.source(file[file[member].value].extent));
      else if (file[member].name.text == "default")
        made.standard = file[member].value;
    }
    result.push_back(std::move(made));
  }
  return result;
}

void Expander::check_template(const Declared &declared) {
  const syntax::File &file = context_.file(declared.at);
  const schema::Block &param = *schema::find_child(*schema::find_block("template"), "param");
  std::map<std::string, syntax::Extent> names;
  for (syntax::StmtId id : file.body_of(file[declared.statement])) {
    const syntax::Stmt &statement = file[id];
    if (statement.kind != StmtKind::block || statement.name.text != "param" ||
        !labels_fit(param, declared.at, statement))
      continue;
    const syntax::Name &label = file.labels_of(statement)[0];
    auto [entry, added] = names.try_emplace(label.text.str(), label.extent);
    if (!added) {
      Diagnostic &fault =
          context_.error(diag::N0306, declared.at, label.extent,
                         fmt::format("parameter `{}` is declared twice", label.text.str()));
      context_.note(fault, "first declared here", declared.at, entry->second);
    }
    bool typed = false;
    for (syntax::StmtId member : file.body_of(statement)) {
      const syntax::Stmt &attribute = file[member];
      const schema::Attribute *known = attribute.kind == StmtKind::attribute
                                           ? schema::find_attribute(param, attribute.name.text)
                                           : nullptr;
      if (!known) {
        context_.error(diag::N0202, declared.at, attribute.extent,
                       "a param has `type`, `default` and `doc`");
        continue;
      }
      typed |= attribute.name.text == "type";
      if (attribute.name.text != "default")
        values_.typed(*known, declared.at, attribute.value);
    }
    if (!typed)
      context_.error(diag::N0216, declared.at, head_of(file, statement),
                     fmt::format("the parameter `{}` needs a `type`", label.text.str()),
                     "type = count");
  }
  for (const Parameter &parameter : parameters(declared))
    if (parameter.type && parameter.standard != syntax::no_expr)
      values_.typed(schema::named(*parameter.type, parameter.name), declared.at,
                    parameter.standard);
}

std::vector<Member> Expander::body(const Environment &environment, const Declared &made) const {
  std::vector<Member> result;
  const syntax::File &file = context_.file(made.at);
  for (syntax::StmtId id : file.body_of(file[made.statement]))
    if (file[id].kind != StmtKind::block || file[id].name.text != "param")
      result.push_back({{made.at.file, &environment}, id});
  return result;
}

} // namespace nemo::check
