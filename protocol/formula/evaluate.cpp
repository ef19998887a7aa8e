// Walks a formula with a stack of its own, so that a hostile one cannot exhaust the thread's.
// Values of operands lie on a second stack, as in a pocket calculator.
#include "protocol/formula/evaluate.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "protocol/formula/operate.h"

namespace nemo::formula {

namespace {

using Kind = Slot::Kind;

constexpr size_t depth_limit = 1000;

/// The number of operands that `op` takes; 0 for an operator that is none.
bool takes(proto::Expr::Op op, int operands) {
  switch (op) {
  case proto::Expr::NEG:
  case proto::Expr::NOT:
    return operands == 1;
  case proto::Expr::LIST:
    return true;
  case proto::Expr::AND:
  case proto::Expr::OR:
    return operands >= 2;
  case proto::Expr::OP_NONE:
    return false;
  default:
    return proto::Expr::Op_IsValid(op) && operands == 2;
  }
}

bool well_formed(const proto::Expr &expr) {
  const bool operation = expr.op() != proto::Expr::OP_NONE;
  if (expr.has_literal() + expr.has_ref() + operation != 1)
    return false;
  return operation ? takes(expr.op(), expr.operands_size()) : expr.operands().empty();
}

/// Worth a line in an explanation: what is compared and what comes of it, not how it is joined.
bool is_part(const proto::Expr &expr) {
  return expr.has_ref() || (expr.op() >= proto::Expr::MUL && expr.op() <= proto::Expr::NOT_IN &&
                            expr.op() != proto::Expr::RANGE);
}

struct Frame {
  const proto::Expr *expr;
  int next = 0; ///< the operand to descend into
};

} // namespace

Slot Slot::error(std::string message) {
  Slot slot;
  slot.text = std::move(message);
  return slot;
}

Slot Slot::unknown(std::string fact) {
  Slot slot;
  slot.kind = Kind::unknown;
  slot.text = std::move(fact);
  return slot;
}

Slot Slot::boolean(bool value) {
  Slot slot;
  slot.kind = Kind::boolean;
  slot.truth = value;
  return slot;
}

Slot slot_of(const proto::Value &value) {
  Slot slot;
  switch (value.kind_case()) {
  case proto::Value::kBoolean:
    return Slot::boolean(value.boolean());
  case proto::Value::kUnknown:
    return Slot::unknown(value.unknown());
  case proto::Value::kQuantity: {
    auto quantity = from_proto(value.quantity());
    if (!quantity)
      return Slot::error("a malformed number");
    slot.kind = Kind::quantity;
    slot.quantity = std::move(*quantity);
    return slot;
  }
  case proto::Value::kText:
  case proto::Value::kEnumerator:
  case proto::Value::kReference:
    slot.kind = Kind::word;
    slot.value = value;
    return slot;
  case proto::Value::kRange:
    for (const proto::Value *end : {&value.range().low(), &value.range().high()})
      if (!end->has_unknown() && !(end->has_quantity() && from_proto(end->quantity())))
        return Slot::error("a malformed range");
    slot.kind = Kind::range;
    slot.value = value;
    return slot;
  case proto::Value::kList:
    for (const proto::Value &item : value.list().items())
      if (item.has_list() || item.kind_case() == proto::Value::KIND_NOT_SET)
        return Slot::error("a malformed list");
    slot.kind = Kind::list;
    slot.value = value;
    return slot;
  case proto::Value::KIND_NOT_SET:
    break;
  }
  return Slot::error("an empty value");
}

proto::Value value_of(const Slot &slot) {
  switch (slot.kind) {
  case Kind::unknown:
    return unknown(slot.text);
  case Kind::boolean:
    return boolean(slot.truth);
  case Kind::quantity:
    return quantity(slot.quantity);
  default:
    return slot.value;
  }
}

llvm::Expected<Evaluation> evaluate(const proto::Expr &expr, Lookup lookup, bool with_parts) {
  std::vector<Frame> frames{{&expr}};
  std::vector<Slot> slots;
  std::vector<Part> parts;
  while (!frames.empty()) {
    Frame &frame = frames.back();
    const proto::Expr &current = *frame.expr;
    if (frame.next == 0 && !well_formed(current))
      return failure("a malformed formula");
    if (frame.next < current.operands_size()) {
      if (frames.size() >= depth_limit)
        return failure("a formula that nests deeper than {} levels", depth_limit);
      const proto::Expr &operand = current.operands(frame.next++);
      frames.push_back({&operand});
      continue;
    }
    frames.pop_back();
    Slot slot;
    if (current.has_literal()) {
      slot = slot_of(current.literal());
      slot.literal = true;
    } else if (current.has_ref()) {
      slot = slot_of(lookup(current.ref()));
      if (slot.kind == Kind::error)
        slot.text = to_string(current.ref()) + " is " + slot.text;
    } else {
      const auto count = static_cast<size_t>(current.operands_size());
      const llvm::ArrayRef<Slot> operands = llvm::ArrayRef<Slot>(slots).take_back(count);
      slot = apply(current.op(), operands);
      slot.literal = false;
      slots.resize(slots.size() - count);
    }
    if (with_parts && slot.kind != Kind::error && is_part(current))
      parts.push_back({current.span(), current.has_ref() ? to_string(current.ref()) : std::string(),
                       value_of(slot)});
    slots.push_back(std::move(slot));
  }
  const Slot &result = slots.back();
  if (result.kind == Kind::error)
    return failure("{}", result.text);
  std::stable_sort(parts.begin(), parts.end(), [](const Part &a, const Part &b) {
    return std::pair(a.span.begin(), a.span.end()) < std::pair(b.span.begin(), b.span.end());
  });
  return Evaluation{value_of(result), std::move(parts)};
}

std::vector<const proto::Ref *> references(const proto::Expr &expr) {
  std::vector<const proto::Ref *> found;
  std::vector<const proto::Expr *> pending{&expr};
  while (!pending.empty()) {
    const proto::Expr *current = pending.back();
    pending.pop_back();
    if (current->has_ref())
      found.push_back(&current->ref());
    for (int i = current->operands_size(); i-- > 0;)
      pending.push_back(&current->operands(i));
  }
  return found;
}

} // namespace nemo::formula
