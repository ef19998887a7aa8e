// Names inside formulas: parameters, constants, facts, and bare words.
#include <fmt/format.h>

#include "intent/check/formulas.h"

namespace nemo::check {

using syntax::ExprKind;

std::optional<std::pair<Cursor, syntax::ExprId>> Formulas::resolve(Cursor at, syntax::ExprId id) {
  std::vector<const Declared *> way;
  for (;;) {
    if (id == syntax::no_expr)
      return std::nullopt;
    const syntax::Expr &expr = context_.expr(at, id);
    if (expr.kind == ExprKind::invalid)
      return std::nullopt;
    if (expr.kind == ExprKind::parentheses) {
      id = context_.file(at).operands_of(expr)[0];
      continue;
    }
    if (expr.kind != ExprKind::reference)
      return std::pair{at, id};
    const auto parts = context_.file(at).parts_of(expr);
    if (!context_.spend(at, expr.extent))
      return std::nullopt;
    if (at.environment && parts.size() == 1) {
      auto bound = at.environment->bindings.find(parts[0].text.str());
      if (bound != at.environment->bindings.end()) {
        id = bound->second.value;
        at = bound->second.at;
        continue;
      }
    }
    const Declared *constant = context_.constant(at, parts);
    if (!constant)
      return std::pair{at, id};
    if (circular_.count(constant))
      return std::nullopt;
    const bool circle = llvm::is_contained(way, constant);
    way.push_back(constant);
    if (circle || way.size() > 200) { // no real chain of names is that long
      circular_.insert(way.begin(), way.end());
      Diagnostic &fault =
          context_.error(diag::N0308, at, expr.extent,
                         fmt::format("the value of `{}` depends on itself", constant->name));
      context_.note(fault, "declared here", constant->at, constant->extent);
      return std::nullopt;
    }
    id = context_.file(constant->at)[constant->statement].value;
    at = constant->at;
  }
}

static std::string path_text(llvm::ArrayRef<llvm::StringRef> path) {
  std::string text;
  for (llvm::StringRef part : path)
    text += (text.empty() ? "" : ".") + part.str();
  return text;
}

/// The facts' kinds as kinds of operands.
static Kind kind_of(const schema::Fact &fact) {
  Kind kind;
  kind.several = fact.list;
  kind.words = fact.words;
  switch (fact.type) {
  case schema::Type::boolean:
    kind.of = Kind::Of::boolean;
    break;
  case schema::Type::text:
    kind.of = Kind::Of::text;
    break;
  case schema::Type::enumerator:
    kind.of = Kind::Of::word;
    break;
  case schema::Type::reference:
    kind.of = Kind::Of::reference;
    break;
  case schema::Type::quantity:
    kind.of = Kind::Of::quantity;
    kind.dimension = *formula::Dimension::parse(fact.dimension);
    break;
  case schema::Type::count:
  case schema::Type::number:
    kind.of = Kind::Of::quantity;
    break;
  default:
    kind.of = Kind::Of::any;
  }
  return kind;
}

Compiled Formulas::reference(Cursor at, syntax::ExprId id, const Scope &scope) {
  const syntax::Expr &expr = context_.expr(at, id);
  const auto parts = context_.file(at).parts_of(expr);
  const bool parameter =
      at.environment && parts.size() == 1 && at.environment->bindings.count(parts[0].text.str());
  if (!parameter && !context_.constant(at, parts))
    return fact(at, expr, scope);

  // A constant or an argument: compiled where it stands, then seen from here as one value.
  auto target = resolve(at, id);
  if (!target)
    return fail();
  const auto key = std::pair{target->first.file, static_cast<uint32_t>(target->second)};
  if (!resolving_.insert(key).second) {
    context_.error(
        diag::N0308, at, expr.extent,
        fmt::format("the value of `{}` depends on itself", context_.text(at, expr.extent).str()));
    return fail();
  }
  const bool names = std::exchange(named_constants_, false);
  Compiled value = compile(target->first, target->second, {nullptr, "a constant"});
  named_constants_ = names;
  resolving_.erase(key);
  if (!value.valid())
    return fail();
  if (named_constants_) {
    value.expr = {};
    for (const syntax::Name &part : parts)
      value.expr.mutable_ref()->add_path(part.text.str());
  } else if (!context_.spend(at, expr.extent, 1 + value.expr.ByteSizeLong() / 64)) {
    return fail();
  }
  *value.expr.mutable_span() = context_.span(at, expr.extent);
  return value;
}

Compiled Formulas::fact(Cursor at, const syntax::Expr &expr, const Scope &scope) {
  const auto parts = context_.file(at).parts_of(expr);
  llvm::SmallVector<llvm::StringRef, 4> path;
  for (const syntax::Name &part : parts)
    path.push_back(part.text);
  Compiled result;
  *result.expr.mutable_span() = context_.span(at, expr.extent);

  const schema::Fact *found = parts[0].quoted ? nullptr : schema::find_fact(path);
  if (!found && path.size() == 1 && !parts[0].quoted)
    if (const std::string fix = subtraction(at, path[0]); !fix.empty()) {
      context_.error(diag::N0209, at, expr.extent,
                     fmt::format("`{}` is one name: subtraction takes spaces", path[0].str()), fix);
      return fail();
    }
  if (!found && path.size() == 1) { // a bare word, until a comparison says which
    result.kind.of = Kind::Of::word;
    result.expr.mutable_literal()->set_enumerator(path[0].str());
    return result;
  }
  if (!found && path.size() == 2 && context_.objects.count(path_text(path)) &&
      !schema::is_root(path[0])) {
    result.kind = {Kind::Of::reference, {}, nullptr, false};
    result.expr.mutable_literal()->set_reference(path_text(path));
    return result;
  }
  if (!found) {
    std::string fix;
    if (!schema::is_root(path[0])) {
      std::vector<std::string> names = schema::roots();
      const std::string hint = suggestion(path[0], names, fix);
      context_.error(diag::N0209, at, parts[0].extent,
                     fmt::format("`{}` is no name that formulas know{}", path[0].str(), hint), fix);
      return fail();
    }
    size_t known = 1;
    while (known < path.size() &&
           llvm::is_contained(schema::members(llvm::ArrayRef(path).take_front(known)), path[known]))
      ++known;
    const auto head = llvm::ArrayRef(path).take_front(known);
    const auto members = schema::members(head);
    if (known == path.size()) {
      context_.error(diag::N0209, at, expr.extent,
                     fmt::format("`{}` is not a value by itself; it has {}", path_text(path),
                                 members.empty()
                                     ? "members of your own: `" + path_text(path) + ".KEY`"
                                     : llvm::join(members, ", ")));
      return fail();
    }
    std::string hint = suggestion(path[known], members, fix);
    for (const std::string &member : members)
      if (path[known].startswith(member + "-") && known + 1 == path.size()) {
        hint = "; subtraction takes spaces";
        fix = path_text(head) + "." + member + " - " +
              path[known].drop_front(member.size() + 1).str();
      }
    Diagnostic &fault = context_.error(
        diag::N0209, at, parts[known].extent,
        fmt::format("`{}` has no member `{}`{}", path_text(head), path[known].str(), hint), fix);
    if (!members.empty())
      fault.notes.push_back({fmt::format("it has {}", llvm::join(members, ", ")), {}, {}});
    return fail();
  }
  if (!schema::has_word(scope.roots, path[0])) {
    if (scope.roots)
      context_
          .error(diag::N0211, at, expr.extent,
                 fmt::format("`{}` has no meaning in {}", path_text(path), scope.where))
          .notes.push_back({fmt::format("formulas here may speak of {}",
                                        llvm::join(schema::words(scope.roots), ", ")),
                            {},
                            {}});
    else
      context_.error(diag::N0211, at, expr.extent,
                     fmt::format("`{}` is known only when a plan is made; {} must be a value now",
                                 path_text(path), scope.where));
    return fail();
  }
  for (llvm::StringRef part : path)
    result.expr.mutable_ref()->add_path(part.str());
  result.kind = kind_of(*found);
  return result;
}

proto::Value Formulas::named_value(Cursor at, const proto::Ref &ref) {
  std::vector<syntax::Name> parts;
  for (const std::string &part : ref.path())
    parts.push_back({part, {}, false});
  std::optional<std::pair<Cursor, syntax::ExprId>> target;
  if (at.environment && parts.size() == 1)
    if (auto bound = at.environment->bindings.find(ref.path(0));
        bound != at.environment->bindings.end())
      target = resolve(bound->second.at, bound->second.value);
  if (!target)
    if (const Declared *constant = context_.constant(at, parts))
      target = resolve(constant->at, context_.file(constant->at)[constant->statement].value);
  if (target) {
    const syntax::Extent extent = context_.expr(target->first, target->second).extent;
    Compiled value = compile(target->first, target->second, {nullptr, "a constant"});
    if (value.valid())
      if (auto result = evaluate_constant(value, target->first, extent))
        return *result;
  }
  return formula::unknown(formula::to_string(ref));
}

bool Formulas::settle_one(Cursor at, syntax::Extent extent, proto::Expr &expr, const Kind &other) {
  if (!expr.has_literal() || expr.literal().kind_case() != proto::Value::kEnumerator)
    return true;
  const std::string word = expr.literal().enumerator();
  std::string fix;
  switch (other.of) {
  case Kind::Of::invalid:
  case Kind::Of::any:
    return true;
  case Kind::Of::word:
    if (!other.words) {
      const std::string hint = suggestion(word, context_.constant_names(at), fix);
      context_.error(diag::N0209, at, extent,
                     fmt::format("`{}` is no name that formulas know{}", word, hint), fix);
      return false;
    }
    if (!schema::has_word(other.words, word)) {
      const auto words = schema::words(other.words);
      const std::string hint = suggestion(word, words, fix);
      context_
          .error(diag::N0208, at, extent, fmt::format("`{}` is not possible here{}", word, hint),
                 fix)
          .notes.push_back({fmt::format("it is one of {}", llvm::join(words, ", ")), {}, {}});
      return false;
    }
    context_.words.try_emplace(word, at, extent);
    return true;
  case Kind::Of::reference: {
    const auto kinds = schema::words(other.words);
    std::string name = word;
    if (at.environment)
      for (const std::string &kind : kinds)
        if (auto made = at.environment->labels.find(kind + "." + word);
            made != at.environment->labels.end())
          name = made->second;
    for (const std::string &kind : kinds)
      if (context_.objects.count(kind + "." + name)) {
        expr.mutable_literal()->set_reference(kind + "." + name);
        return true;
      }
    if (context_.incomplete)
      return false;
    const std::string hint = suggestion(word, context_.object_names(other.words), fix);
    context_.error(diag::N0307, at, extent,
                   fmt::format("there is no {} `{}`{}", llvm::join(kinds, " or "), word, hint),
                   fix);
    return false;
  }
  case Kind::Of::text: {
    const std::string hint = suggestion(word, context_.constant_names(at), fix);
    context_.error(diag::N0208, at, extent,
                   fmt::format("`{}` is no name that is known here{}; a text stands in quotes: "
                               "\"{}\"",
                               word, hint, word),
                   fix.empty() ? "\"" + word + "\"" : fix);
    return false;
  }
  case Kind::Of::boolean:
  case Kind::Of::quantity: {
    const std::string hint = suggestion(word, context_.constant_names(at), fix);
    context_.error(diag::N0209, at, extent,
                   fmt::format("`{}` is no name that formulas know{}; {} is needed here", word,
                               hint, describe(other)),
                   fix);
    return false;
  }
  }
  return true;
}

bool Formulas::settle(Cursor at, const syntax::Expr &expr, Compiled &word, const Kind &other) {
  bool ok = true;
  if (word.expr.op() == proto::Expr::LIST) {
    const auto items = context_.file(at).operands_of(expr);
    for (int i = 0; i < word.expr.operands_size(); ++i) {
      const bool own = expr.kind == ExprKind::list && size_t(i) < items.size();
      ok &= settle_one(at, own ? context_.expr(at, items[i]).extent : expr.extent,
                       *word.expr.mutable_operands(i), other);
    }
  } else {
    ok = settle_one(at, expr.extent, word.expr, other);
  }
  if (ok && other.of != Kind::Of::any) {
    const bool several = word.kind.several;
    word.kind = other;
    word.kind.several = several;
  }
  return ok;
}

void Formulas::claim_words(const char *words, Cursor at, syntax::ExprId id) {
  const syntax::Expr &expr = context_.expr(at, id);
  if (expr.kind == ExprKind::list || expr.kind == ExprKind::parentheses)
    for (syntax::ExprId item : context_.file(at).operands_of(expr))
      claim_words(words, at, item);
  if (expr.kind != ExprKind::reference)
    return;
  const auto parts = context_.file(at).parts_of(expr);
  if (parts.size() == 1 && schema::has_word(words, parts[0].text) && context_.constant(at, parts))
    context_.words.try_emplace(parts[0].text.str(), at, expr.extent);
}

std::string Formulas::subtraction(Cursor at, llvm::StringRef name) const {
  const auto known = [&](llvm::StringRef word) {
    const syntax::Name part{word, {}, false};
    return context_.constant(at, part) ||
           (at.environment && at.environment->bindings.count(word.str()));
  };
  for (size_t dash = name.find('-'); dash != llvm::StringRef::npos;
       dash = name.find('-', dash + 1)) {
    const llvm::StringRef left = name.take_front(dash), right = name.drop_front(dash + 1);
    if (known(left) && (llvm::isDigit(right.front()) || known(right)))
      return (left + " - " + right).str();
  }
  return {};
}

bool Formulas::bare_words_left(Cursor at, const syntax::Expr &expr, const Compiled &compiled) {
  if (compiled.kind.of != Kind::Of::word || compiled.kind.words)
    return false;
  std::string fix;
  const std::string word = context_.text(at, expr.extent).str();
  if (schema::is_root(word)) {
    context_.error(
        diag::N0209, at, expr.extent,
        fmt::format("`{}` is not a value by itself; it has {}", word,
                    llvm::join(schema::members(llvm::ArrayRef<llvm::StringRef>(word)), ", ")));
    return true;
  }
  std::vector<std::string> names = context_.constant_names(at);
  for (std::string &root : schema::roots())
    names.push_back(std::move(root));
  const std::string hint = suggestion(word, names, fix);
  context_.error(diag::N0209, at, expr.extent,
                 fmt::format("`{}` is no name that formulas know{}", word, hint), fix);
  return true;
}

} // namespace nemo::check
