#include "intent/check/values.h"

#include <fmt/format.h>

#include "intent/check/declare.h"
#include "intent/syntax/parse.h"
#include "intent/units/units.h"

namespace nemo::check {

using schema::Type;
using syntax::ExprKind;

static const char *what_is(ExprKind kind) {
  switch (kind) {
  case ExprKind::number:
    return "a number";
  case ExprKind::quantity:
    return "a quantity";
  case ExprKind::string:
    return "a text";
  case ExprKind::boolean:
    return "true or false";
  case ExprKind::reference:
    return "a name";
  case ExprKind::list:
    return "a list";
  case ExprKind::range:
    return "a range";
  default:
    return "a formula";
  }
}

std::nullopt_t Values::wrong_type(const schema::Attribute &attribute, Cursor at,
                                  const syntax::Expr &expr) {
  std::string fix;
  const llvm::StringRef text = context_.text(at, expr.extent);
  if (attribute.type == Type::text && expr.kind == ExprKind::reference)
    fix = ("\"" + text + "\"").str();
  context_.error(diag::N0204, at, expr.extent,
                 fmt::format("`{}` takes {}, and this is {}", attribute.name,
                             schema::describe_type(attribute), what_is(expr.kind)),
                 fix);
  return std::nullopt;
}

std::optional<proto::Value> Values::typed(const schema::Attribute &attribute, Cursor at,
                                          syntax::ExprId id) {
  const size_t before = context_.diagnostics.size();
  auto value = checked(attribute, at, id);
  // What is wrong may stand elsewhere, in a constant or an argument: show where it was used, too.
  for (size_t i = before; i < context_.diagnostics.size() && id != syntax::no_expr; ++i) {
    Diagnostic &fault = context_.diagnostics[i];
    const syntax::Extent extent = context_.expr(at, id).extent;
    if (fault.file != context_.sources[at.file].display || fault.range.begin < extent.begin ||
        fault.range.end > extent.end)
      context_.note(fault, fmt::format("used here for `{}`", attribute.name), at, extent);
  }
  return value;
}

std::optional<proto::Value> Values::checked(const schema::Attribute &attribute, Cursor at,
                                            syntax::ExprId id) {
  if (attribute.type == Type::enumerator && id != syntax::no_expr)
    formulas_.claim_words(attribute.words, at, id);
  auto target = formulas_.resolve(at, id);
  if (!target)
    return std::nullopt;
  const auto [where, value_id] = *target;
  const syntax::Expr &expr = context_.expr(where, value_id);
  if (attribute.list) {
    proto::Value result;
    auto *list = result.mutable_list();
    if (expr.kind != ExprKind::list) {
      auto item = one(attribute, where, value_id);
      if (!item)
        return std::nullopt;
      *list->add_items() = std::move(*item);
      return result;
    }
    bool ok = true;
    for (syntax::ExprId item_id : context_.file(where).operands_of(expr)) {
      auto item = one(attribute, where, item_id);
      if (item)
        *list->add_items() = std::move(*item);
      else
        ok = false;
    }
    return ok ? std::optional(std::move(result)) : std::nullopt;
  }
  if (attribute.range && expr.kind == ExprKind::range) {
    const auto ends = context_.file(where).operands_of(expr);
    auto low = one(attribute, where, ends[0]);
    auto high = one(attribute, where, ends[1]);
    if (!low || !high)
      return std::nullopt;
    const auto a = formula::from_proto(low->quantity());
    const auto b = formula::from_proto(high->quantity());
    if (a && b && a->value > b->value) {
      context_.error(
          diag::N0206, where, expr.extent,
          fmt::format("the range is empty: {} is more than {}", units::print(*a), units::print(*b)),
          units::print(*b) + ".." + units::print(*a));
      return std::nullopt;
    }
    proto::Value result;
    *result.mutable_range()->mutable_low() = std::move(*low);
    *result.mutable_range()->mutable_high() = std::move(*high);
    return result;
  }
  return one(attribute, where, value_id);
}

std::optional<proto::Value> Values::one(const schema::Attribute &attribute, Cursor at,
                                        syntax::ExprId id) {
  auto target = formulas_.resolve(at, id);
  if (!target)
    return std::nullopt;
  const auto [where, value_id] = *target;
  const syntax::Expr &expr = context_.expr(where, value_id);
  if (expr.kind == ExprKind::list || expr.kind == ExprKind::range) {
    if (attribute.type == Type::any && expr.kind == ExprKind::list)
      return any(where, value_id);
    return wrong_type(attribute, where, expr);
  }
  switch (attribute.type) {
  case Type::any:
    return any(where, value_id);
  case Type::text: {
    if (!attribute.dimension || expr.kind == ExprKind::string || expr.kind == ExprKind::reference)
      return text(attribute, where, value_id);
    schema::Attribute quantity = attribute;
    quantity.type = Type::quantity;
    return number(quantity, where, value_id);
  }
  case Type::scalar:
    if (expr.kind == ExprKind::string || expr.kind == ExprKind::boolean)
      return any(where, value_id);
    if (expr.kind == ExprKind::reference) {
      context_.error(diag::N0204, where, expr.extent,
                     fmt::format("`{}` is no constant; a text stands in quotes",
                                 context_.text(where, expr.extent).str()),
                     ("\"" + context_.text(where, expr.extent) + "\"").str());
      return std::nullopt;
    }
    return any(where, value_id);
  case Type::boolean:
    if (expr.kind != ExprKind::boolean)
      return wrong_type(attribute, where, expr);
    return formula::boolean(context_.text(where, expr.extent) == "true");
  case Type::count:
  case Type::number:
  case Type::quantity:
    return number(attribute, where, value_id);
  case Type::enumerator: {
    const bool plain = expr.kind == ExprKind::reference || expr.kind == ExprKind::string ||
                       expr.kind == ExprKind::boolean;
    if (!attribute.dimension || plain)
      return word(attribute, where, expr);
    schema::Attribute quantity = attribute;
    quantity.type = Type::quantity;
    return number(quantity, where, value_id);
  }
  case Type::reference:
  case Type::endpoint:
    return reference(attribute, where, expr);
  case Type::port:
    return port(attribute, where, value_id);
  case Type::name: {
    std::string name;
    if (expr.kind == ExprKind::string)
      name = syntax::unescape(context_.text(where, expr.extent));
    else if (expr.kind == ExprKind::reference && context_.file(where).parts_of(expr).size() == 1)
      name = context_.file(where).parts_of(expr)[0].text.str();
    else
      return wrong_type(attribute, where, expr);
    if (!is_label(name)) {
      context_.error(diag::N0214, where, expr.extent,
                     fmt::format("`{}` is no name: names are 1 to 63 of a-z, 0-9 and '-', with no "
                                 "'-' at the ends",
                                 name));
      return std::nullopt;
    }
    return formula::text(name);
  }
  }
  return std::nullopt;
}

std::optional<proto::Value> Values::any(Cursor at, syntax::ExprId id) {
  Compiled compiled = formulas_.compile(at, id, {nullptr, "this"});
  if (!compiled.valid())
    return std::nullopt;
  return formulas_.evaluate_constant(compiled, at, context_.expr(at, id).extent);
}

std::optional<proto::Value> Values::text(const schema::Attribute &attribute, Cursor at,
                                         syntax::ExprId id) {
  const syntax::Expr &expr = context_.expr(at, id);
  // Arguments of a program may be plain numbers: a template's port, for one.
  if (attribute.list && expr.kind == ExprKind::number)
    return formula::text(context_.text(at, expr.extent));
  if (expr.kind != ExprKind::string)
    return wrong_type(attribute, at, expr);
  std::string value = syntax::unescape(context_.text(at, expr.extent));
  if (value.find('\0') != std::string::npos || value.size() > 128 * 1024) {
    context_.error(
        diag::N0206, at, expr.extent,
        fmt::format("`{}` takes a text of at most 128 KiB without NUL characters", attribute.name));
    return std::nullopt;
  }
  return formula::text(value);
}

std::optional<proto::Value> Values::word(const schema::Attribute &attribute, Cursor at,
                                         const syntax::Expr &expr) {
  std::string word;
  if (expr.kind == ExprKind::reference && context_.file(at).parts_of(expr).size() == 1) {
    word = context_.file(at).parts_of(expr)[0].text.str();
  } else if (expr.kind == ExprKind::string) {
    word = syntax::unescape(context_.text(at, expr.extent));
    if (schema::has_word(attribute.words, word)) {
      context_.error(diag::N0204, at, expr.extent,
                     fmt::format("`{}` takes a word without quotes: {}", attribute.name, word),
                     word);
      return std::nullopt;
    }
  } else {
    return wrong_type(attribute, at, expr);
  }
  const auto words = schema::words(attribute.words);
  if (!schema::has_word(attribute.words, word)) {
    std::string fix;
    const std::string hint = suggestion(word, words, fix);
    context_
        .error(diag::N0208, at, expr.extent,
               fmt::format("`{}` cannot be `{}`{}", attribute.name, word, hint), fix)
        .notes.push_back({fmt::format("it is one of {}", llvm::join(words, ", ")), {}, {}});
    return std::nullopt;
  }
  context_.words.try_emplace(word, at, expr.extent);
  return formula::enumerator(word);
}

std::optional<proto::Value> Values::reference(const schema::Attribute &attribute, Cursor at,
                                              const syntax::Expr &expr) {
  if (expr.kind != ExprKind::reference) {
    if (expr.kind == ExprKind::string) {
      context_.error(diag::N0204, at, expr.extent,
                     fmt::format("`{}` takes a name without quotes", attribute.name),
                     syntax::unescape(context_.text(at, expr.extent)));
      return std::nullopt;
    }
    return wrong_type(attribute, at, expr);
  }
  const auto parts = context_.file(at).parts_of(expr);
  proto::Value result;
  const auto local = [&](const std::string &kind, llvm::StringRef name) {
    if (at.environment)
      if (auto made = at.environment->labels.find(kind + "." + name.str());
          made != at.environment->labels.end())
        return kind + "." + made->second;
    return kind + "." + name.str();
  };
  if (!attribute.words && attribute.type == Type::reference) { // moved: the kind is written
    if (parts.size() != 2 || !schema::find_block(parts[0].text)) {
      std::string fix = parts.size() == 1 ? "workload." + parts[0].text.str() : std::string();
      context_.error(diag::N0204, at, expr.extent,
                     fmt::format("`{}` takes an object as kind.name", attribute.name), fix);
      return std::nullopt;
    }
    result.set_reference(local(parts[0].text.str(), parts[1].text));
    return result;
  }
  const bool endpoint = attribute.type == Type::endpoint;
  const char *kinds = endpoint ? "workload" : attribute.words;
  size_t first = parts.size() > 1 && schema::has_word(kinds, parts[0].text) ? 1 : 0;
  if (!first && parts.size() > 1 && context_.sources[at.file].aliases.count(parts[0].text.str()))
    first = 1; // std.near: objects have one name space, whatever file they are from
  if (parts.size() - first > (endpoint ? 2u : 1u))
    return wrong_type(attribute, at, expr);
  const llvm::StringRef name = parts[first].text;
  for (const std::string &kind : schema::words(kinds)) {
    std::string key = local(kind, name);
    if (!context_.objects.count(key))
      continue;
    if (endpoint && parts.size() - first == 2)
      key += "." + parts[first + 1].text.str();
    result.set_reference(key);
    return result;
  }
  if (context_.incomplete)
    return std::nullopt;
  std::string fix;
  const std::string hint = suggestion(name, context_.object_names(kinds), fix);
  context_.error(diag::N0307, at, parts[first].extent,
                 fmt::format("there is no {} `{}`{}", llvm::join(schema::words(kinds), " or "),
                             name.str(), hint),
                 fix);
  return std::nullopt;
}

std::optional<proto::Value> Values::port(const schema::Attribute &attribute, Cursor at,
                                         syntax::ExprId id) {
  const syntax::Expr &expr = context_.expr(at, id);
  const llvm::StringRef word = attribute.words ? attribute.words : "auto";
  if (expr.kind == ExprKind::reference && context_.text(at, expr.extent) == word)
    return formula::integer(0);
  if (expr.kind == ExprKind::number || expr.kind == ExprKind::add ||
      expr.kind == ExprKind::subtract) {
    schema::Attribute number_of = attribute;
    number_of.type = Type::count;
    number_of.min = "1";
    number_of.max = "65535";
    return number(number_of, at, id);
  }
  std::string fix;
  if (expr.kind == ExprKind::reference)
    suggestion(context_.text(at, expr.extent), {word.str()}, fix);
  wrong_type(attribute, at, expr);
  context_.diagnostics.back().fix = fix;
  return std::nullopt;
}

std::optional<proto::Value> Values::number(const schema::Attribute &attribute, Cursor at,
                                           syntax::ExprId id) {
  const syntax::Expr &expr = context_.expr(at, id);
  switch (expr.kind) {
  case ExprKind::string:
  case ExprKind::boolean:
    return wrong_type(attribute, at, expr);
  case ExprKind::reference:
    if (context_.file(at).parts_of(expr).size() == 1 &&
        !schema::is_root(context_.file(at).parts_of(expr)[0].text)) {
      std::string fix;
      const std::string word = context_.text(at, expr.extent).str();
      std::string hint = suggestion(word, context_.constant_names(at), fix);
      if (std::string apart = formulas_.subtraction(at, word); !apart.empty()) {
        hint = ", and subtraction takes spaces";
        fix = std::move(apart);
      }
      context_.error(diag::N0209, at, expr.extent,
                     fmt::format("`{}` is no constant{}; `{}` takes {}", word, hint, attribute.name,
                                 schema::describe_type(attribute)),
                     fix);
      return std::nullopt;
    }
    break;
  default:
    break;
  }
  Compiled compiled = formulas_.compile(at, id, {nullptr, fmt::format("`{}`", attribute.name)});
  if (!compiled.valid())
    return std::nullopt;
  if (compiled.kind.of != Kind::Of::quantity || compiled.kind.several)
    return wrong_type(attribute, at, expr);
  auto value = formulas_.evaluate_constant(compiled, at, expr.extent);
  if (!value)
    return std::nullopt;
  auto quantity = formula::from_proto(value->quantity());
  if (!quantity)
    return wrong_type(attribute, at, expr);

  formula::Dimension wanted;
  if (attribute.dimension)
    wanted = *formula::Dimension::parse(attribute.dimension);
  if (quantity->dimension != wanted) {
    const std::string unit = units::usual_unit(wanted);
    const std::string need = wanted.none() ? "a plain number" : wanted.name();
    const std::string have =
        quantity->dimension.none() ? "a number without unit" : quantity->dimension.name();
    Diagnostic &fault = context_.error(diag::N0205, at, expr.extent,
                                       fmt::format("`{}` is {}, and {} is {}", attribute.name, need,
                                                   context_.text(at, expr.extent).str(), have));
    if (quantity->dimension.none() && quantity->unit.empty() && !unit.empty())
      fault.fix = context_.text(at, expr.extent).str() + unit;
    fault.notes.push_back({fmt::format("for example: {}", attribute.example), {}, {}});
    return std::nullopt;
  }
  if ((attribute.data == schema::Data::bytes && units::written_in_bits(quantity->unit)) ||
      (attribute.data == schema::Data::bits && units::written_in_bytes(quantity->unit))) {
    const bool bytes = attribute.data == schema::Data::bytes;
    context_.error(diag::N0207, at, expr.extent,
                   fmt::format("{} is {} in {}; {}", attribute.name, wanted.name(),
                               bytes ? "bytes" : "bits", units::other_data_hint(*quantity)),
                   units::other_data_suggestion(*quantity));
    return std::nullopt;
  }
  if (!in_bounds(attribute, at, expr.extent, *quantity))
    return std::nullopt;
  return value;
}

bool Values::in_bounds(const schema::Attribute &attribute, Cursor at, syntax::Extent extent,
                       const formula::Quantity &quantity) {
  const auto fault = [&](std::string message, std::string fix = {}) {
    context_.error(diag::N0206, at, extent, std::move(message), std::move(fix));
    return false;
  };
  const std::string shown = units::print(quantity);
  if (attribute.type == Type::count &&
      (!quantity.value.is_integer() || quantity.value.sign() < 0 || !quantity.value.floor()))
    return fault(fmt::format("`{}` takes a whole number, and this is {}", attribute.name, shown));
  if (attribute.type == Type::count && !quantity.unit.empty())
    return fault(fmt::format("`{}` takes a number without `{}`", attribute.name, quantity.unit));
  if (attribute.min && quantity.value < units::parse(attribute.min).quantity->value)
    return fault(
        fmt::format("`{}` is at least {}, and this is {}", attribute.name, attribute.min, shown),
        attribute.min);
  if (attribute.max && quantity.value > units::parse(attribute.max).quantity->value)
    return fault(
        fmt::format("`{}` is at most {}, and this is {}", attribute.name, attribute.max, shown),
        attribute.max);
  if (attribute.step) {
    auto steps = quantity.value.over(units::parse(attribute.step).quantity->value);
    if (!steps || !steps->is_integer())
      return fault(fmt::format("`{}` is counted in steps of {}, and {} lies between two",
                               attribute.name, attribute.step, shown));
  }
  return true;
}

proto::Value Values::standard(const schema::Attribute &attribute) {
  if (!attribute.standard)
    return {};
  const llvm::StringRef text = attribute.standard;
  switch (attribute.type) {
  case Type::boolean:
    return formula::boolean(text == "true");
  case Type::enumerator:
    return formula::enumerator(text);
  case Type::count:
  case Type::number:
  case Type::quantity:
    return formula::quantity(*units::parse(text).quantity);
  default:
    return {}; // others say in prose what holds without them
  }
}

} // namespace nemo::check
