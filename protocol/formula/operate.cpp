// The operators, each over Kleene's three values: a comparison with an unknown is unknown, `and` is
// false as soon as one side is, `in` is true as soon as one item is equal.
#include "protocol/formula/operate.h"

#include <fmt/format.h>

#include "llvm/ADT/STLExtras.h"

#include "protocol/formula/unit.h"

namespace nemo::formula {

namespace {

using Op = proto::Expr::Op;
using Kind = Slot::Kind;

llvm::StringRef symbol(Op op) {
  switch (op) {
  case proto::Expr::NEG:
  case proto::Expr::SUB:
    return "-";
  case proto::Expr::NOT:
    return "not";
  case proto::Expr::MUL:
    return "*";
  case proto::Expr::DIV:
    return "/";
  case proto::Expr::ADD:
    return "+";
  case proto::Expr::RANGE:
    return "..";
  case proto::Expr::LE:
    return "<=";
  case proto::Expr::GE:
    return ">=";
  case proto::Expr::LT:
    return "<";
  case proto::Expr::GT:
    return ">";
  case proto::Expr::EQ:
    return "==";
  case proto::Expr::NE:
    return "!=";
  case proto::Expr::IN:
    return "in";
  case proto::Expr::NOT_IN:
    return "not in";
  case proto::Expr::AND:
    return "and";
  case proto::Expr::OR:
    return "or";
  default:
    return "?";
  }
}

std::string shown(const Slot &slot) {
  return slot.kind == Kind::error ? slot.text : to_string(value_of(slot));
}

Slot quantity_slot(Rational value, Dimension dimension, std::string unit) {
  Slot slot;
  slot.kind = Kind::quantity;
  slot.quantity = Quantity{value, dimension, std::move(unit)};
  return slot;
}

bool has_temperature(const Quantity &quantity) {
  static const Dimension kelvin = *base_dimension("K");
  return quantity.dimension == kelvin;
}

std::string unlike(Op op, const Slot &a, const Slot &b) {
  return fmt::format("{} cannot stand between {} ({}) and {} ({})", symbol(op), shown(a),
                     a.quantity.dimension.name(), shown(b), b.quantity.dimension.name());
}

Slot arithmetic(Op op, const Slot &a, const Slot &b) {
  for (const Slot *slot : {&a, &b}) {
    if (slot->kind != Kind::quantity)
      return Slot::error(fmt::format("{} needs numbers, not {}", symbol(op), shown(*slot)));
    if (has_temperature(slot->quantity))
      return Slot::error(fmt::format("a temperature ({}) only compares; {} cannot be applied to it",
                                     shown(*slot), symbol(op)));
  }
  const Quantity &x = a.quantity, &y = b.quantity;
  const bool additive = op == proto::Expr::ADD || op == proto::Expr::SUB;
  if (additive && x.dimension != y.dimension)
    return Slot::error(unlike(op, a, b));
  if (op == proto::Expr::DIV && y.value.is_zero())
    return Slot::error(fmt::format("division by zero: {} / {}", shown(a), shown(b)));

  std::optional<Rational> value;
  std::optional<Dimension> dimension = x.dimension;
  std::string unit = x.unit.empty() ? y.unit : x.unit;
  switch (op) {
  case proto::Expr::ADD:
    value = x.value.plus(y.value);
    break;
  case proto::Expr::SUB:
    value = x.value.minus(y.value);
    break;
  case proto::Expr::MUL:
    value = x.value.times(y.value);
    dimension = x.dimension.times(y.dimension);
    break;
  default:
    value = x.value.over(y.value);
    dimension = x.dimension.over(y.dimension);
    break;
  }
  if (!value || !dimension)
    return Slot::error(
        fmt::format("{} {} {} does not fit in 128 bits", shown(a), symbol(op), shown(b)));
  if (!additive)
    unit = *dimension == x.dimension ? x.unit : *dimension == y.dimension ? y.unit : std::string();
  return quantity_slot(*value, *dimension, std::move(unit));
}

/// The spelling that a word compares by. A reference compares by its object's name with words that
/// are none: `tenant == acme`.
llvm::StringRef spelling(const proto::Value &value, bool name_only) {
  switch (value.kind_case()) {
  case proto::Value::kText:
    return value.text();
  case proto::Value::kEnumerator:
    return value.enumerator();
  default:
    break;
  }
  const llvm::StringRef reference = value.reference();
  return name_only && reference.contains('.') ? reference.split('.').second : reference;
}

/// The spelling of what is no word: labels that a host reports as text stand for numbers.
bool spells(const proto::Value &word, const Slot &other) {
  const llvm::StringRef text = spelling(word, false);
  if (other.kind == Kind::boolean)
    return text == (other.truth ? "true" : "false");
  if (other.quantity.dimension.none() && other.quantity.unit.empty())
    if (const auto number = Rational::parse(text))
      return *number == other.quantity.value;
  return text == to_string(other.quantity);
}

Slot equal(Op op, const Slot &a, const Slot &b);

Slot equal_lists(Op op, const Slot &a, const Slot &b) {
  const auto &x = a.value.list().items(), &y = b.value.list().items();
  if (x.size() != y.size())
    return Slot::boolean(false);
  Slot result = Slot::boolean(true);
  for (int i = 0; i < x.size(); ++i) {
    Slot one = equal(op, slot_of(x[i]), slot_of(y[i]));
    if (one.kind == Kind::error || (one.kind == Kind::boolean && !one.truth))
      return one;
    if (one.kind == Kind::unknown && result.kind != Kind::unknown)
      result = std::move(one);
  }
  return result;
}

/// a == b. Values of unlike kinds are not equal; quantities of unlike dimensions are an error, as
/// the checker would say.
Slot equal(Op op, const Slot &a, const Slot &b) {
  for (const Slot *slot : {&a, &b})
    if (slot->kind == Kind::error || slot->kind == Kind::unknown)
      return *slot;
  if (a.kind == Kind::range || b.kind == Kind::range)
    return Slot::error(fmt::format("{} cannot compare a range; use `in`", symbol(op)));
  if (a.kind == Kind::word && b.kind == Kind::word) {
    const bool both = a.value.has_reference() && b.value.has_reference();
    return Slot::boolean(spelling(a.value, !both) == spelling(b.value, !both));
  }
  if (a.kind == Kind::list && b.kind == Kind::list)
    return equal_lists(op, a, b);
  if (a.kind == Kind::list || b.kind == Kind::list)
    return Slot::error(fmt::format("{} cannot stand between a list and {}; use `in`", symbol(op),
                                   shown(a.kind == Kind::list ? b : a)));
  if (a.kind == Kind::word)
    return Slot::boolean(spells(a.value, b));
  if (b.kind == Kind::word)
    return Slot::boolean(spells(b.value, a));
  if (a.kind != b.kind)
    return Slot::boolean(false);
  if (a.kind == Kind::boolean)
    return Slot::boolean(a.truth == b.truth);
  if (a.quantity.dimension != b.quantity.dimension)
    return Slot::error(unlike(op, a, b));
  return Slot::boolean(a.quantity.value == b.quantity.value);
}

Slot negate(Slot slot) {
  if (slot.kind == Kind::boolean)
    slot.truth = !slot.truth;
  slot.literal = false;
  return slot;
}

Slot order(Op op, const Slot &a, const Slot &b) {
  for (const Slot *slot : {&a, &b})
    if (slot->kind == Kind::error)
      return *slot;
  for (const Slot *slot : {&a, &b})
    if (slot->kind != Kind::quantity && slot->kind != Kind::unknown)
      return Slot::error(fmt::format("{} needs numbers, not {}", symbol(op), shown(*slot)));
  for (const Slot *slot : {&a, &b})
    if (slot->kind == Kind::unknown)
      return *slot;
  if (a.quantity.dimension != b.quantity.dimension)
    return Slot::error(unlike(op, a, b));
  const auto order = a.quantity.value <=> b.quantity.value;
  switch (op) {
  case proto::Expr::LE:
    return Slot::boolean(order <= 0);
  case proto::Expr::GE:
    return Slot::boolean(order >= 0);
  case proto::Expr::LT:
    return Slot::boolean(order < 0);
  default:
    return Slot::boolean(order > 0);
  }
}

Slot both(Op op, llvm::ArrayRef<Slot> operands) {
  const bool decisive = op == proto::Expr::OR;
  const Slot *missing = nullptr;
  for (const Slot &slot : operands) {
    if (slot.kind == Kind::error)
      return slot;
    if (slot.kind == Kind::unknown) {
      missing = missing == nullptr ? &slot : missing;
      continue;
    }
    if (slot.kind != Kind::boolean)
      return Slot::error(fmt::format("`{}` needs true or false, not {}", symbol(op), shown(slot)));
    if (slot.truth == decisive)
      return Slot::boolean(decisive);
  }
  return missing == nullptr ? Slot::boolean(!decisive) : *missing;
}

Slot within(const Slot &value, const Slot &range) {
  const Slot bounds[] = {
      order(proto::Expr::GE, value, slot_of(range.value.range().low())),
      order(proto::Expr::LE, value, slot_of(range.value.range().high())),
  };
  return both(proto::Expr::AND, bounds);
}

Slot member(const Slot &value, const Slot &set) {
  for (const Slot *slot : {&value, &set})
    if (slot->kind == Kind::error)
      return *slot;
  if (set.kind == Kind::unknown)
    return set;
  if (set.kind == Kind::range)
    return within(value, set);
  if (set.kind != Kind::list)
    return Slot::error(fmt::format("`in` needs a list or a range, not {}", shown(set)));
  if (value.kind == Kind::list || value.kind == Kind::range)
    return Slot::error("`in` needs one value on its left, not several");
  if (set.value.list().items().empty())
    return Slot::boolean(false);
  if (value.kind == Kind::unknown)
    return value;
  Slot result = Slot::boolean(false);
  for (const proto::Value &item : set.value.list().items()) {
    const Slot one = slot_of(item);
    Slot found = one.kind == Kind::range ? within(value, one) : equal(proto::Expr::IN, value, one);
    if (found.kind == Kind::error || (found.kind == Kind::boolean && found.truth))
      return found;
    if (found.kind == Kind::unknown && result.kind != Kind::unknown)
      result = std::move(found);
  }
  return result;
}

Slot minus(const Slot &a) {
  if (a.kind != Kind::quantity)
    return Slot::error(fmt::format("- needs a number, not {}", shown(a)));
  // "-5degC" is five degrees below zero: the sign belongs to the number that was written.
  if (has_temperature(a.quantity)) {
    const auto degrees = number_in(a.quantity, "degC");
    const auto zero = find_unit("degC")->offset;
    const auto value = degrees ? zero.minus(*degrees) : std::nullopt;
    if (!a.literal || !value)
      return Slot::error(
          fmt::format("a temperature ({}) only compares; - cannot be applied to it", shown(a)));
    return quantity_slot(*value, a.quantity.dimension, a.quantity.unit);
  }
  return quantity_slot(a.quantity.value.negated(), a.quantity.dimension, a.quantity.unit);
}

Slot range(const Slot &low, const Slot &high) {
  for (const Slot *slot : {&low, &high})
    if (slot->kind != Kind::quantity && slot->kind != Kind::unknown)
      return Slot::error(fmt::format("a range needs numbers, not {}", shown(*slot)));
  if (low.kind == Kind::quantity && high.kind == Kind::quantity &&
      low.quantity.dimension != high.quantity.dimension)
    return Slot::error(unlike(proto::Expr::RANGE, low, high));
  Slot slot;
  slot.kind = Kind::range;
  *slot.value.mutable_range()->mutable_low() = value_of(low);
  *slot.value.mutable_range()->mutable_high() = value_of(high);
  return slot;
}

Slot list(llvm::ArrayRef<Slot> items) {
  Slot slot;
  slot.kind = Kind::list;
  auto &list = *slot.value.mutable_list();
  for (const Slot &item : items) {
    if (item.kind == Kind::list)
      return Slot::error("a list cannot hold lists");
    *list.add_items() = value_of(item);
  }
  return slot;
}

} // namespace

Slot apply(Op op, llvm::ArrayRef<Slot> operands) {
  if (op == proto::Expr::AND || op == proto::Expr::OR)
    return both(op, operands);
  for (const Slot &slot : operands)
    if (slot.kind == Kind::error)
      return slot;
  switch (op) {
  case proto::Expr::LIST:
    return list(operands);
  case proto::Expr::RANGE:
    return range(operands[0], operands[1]);
  case proto::Expr::IN:
    return member(operands[0], operands[1]);
  case proto::Expr::NOT_IN:
    return negate(member(operands[0], operands[1]));
  case proto::Expr::EQ:
    return equal(op, operands[0], operands[1]);
  case proto::Expr::NE:
    return negate(equal(op, operands[0], operands[1]));
  case proto::Expr::LE:
  case proto::Expr::GE:
  case proto::Expr::LT:
  case proto::Expr::GT:
    return order(op, operands[0], operands[1]);
  default:
    break;
  }
  for (const Slot &slot : operands)
    if (slot.kind == Kind::unknown)
      return slot;
  switch (op) {
  case proto::Expr::NOT:
    if (operands[0].kind != Kind::boolean)
      return Slot::error(fmt::format("`not` needs true or false, not {}", shown(operands[0])));
    return negate(operands[0]);
  case proto::Expr::NEG:
    return minus(operands[0]);
  default:
    return arithmetic(op, operands[0], operands[1]);
  }
}

} // namespace nemo::formula
