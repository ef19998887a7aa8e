// Values in and out of their messages, and as text.
#include "llvm/ADT/StringExtras.h"

#include "protocol/formula/evaluate.h"
#include "protocol/formula/unit.h"

namespace nemo::formula {

namespace {

bool is_identifier(llvm::StringRef text) {
  if (text.empty() || !(llvm::isAlpha(text.front()) || text.front() == '_') || text.back() == '-')
    return false;
  return llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '-'; });
}

std::string quoted(llvm::StringRef text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else
      result += c;
  }
  return result + "\"";
}

/// Lists hold ranges and ranges hold plain values: nothing nests deeper, so what does is cut.
std::string text_of(const proto::Value &value, int levels) {
  if (levels == 0)
    return "...";
  switch (value.kind_case()) {
  case proto::Value::kBoolean:
    return value.boolean() ? "true" : "false";
  case proto::Value::kQuantity: {
    const auto quantity = from_proto(value.quantity());
    return quantity ? to_string(*quantity) : "malformed quantity";
  }
  case proto::Value::kText:
    return quoted(value.text());
  case proto::Value::kEnumerator:
    return value.enumerator();
  case proto::Value::kReference:
    return value.reference();
  case proto::Value::kUnknown:
    return value.unknown().empty() ? "unknown" : "unknown (" + value.unknown() + ")";
  case proto::Value::kList: {
    std::string text = "[";
    for (const proto::Value &item : value.list().items())
      text += (text.size() > 1 ? ", " : "") + text_of(item, levels - 1);
    return text + "]";
  }
  case proto::Value::kRange:
    return text_of(value.range().low(), levels - 1) + ".." +
           text_of(value.range().high(), levels - 1);
  case proto::Value::KIND_NOT_SET:
    break;
  }
  return "nothing";
}

} // namespace

std::optional<Quantity> from_proto(const proto::Quantity &quantity) {
  const auto value = Rational::from_parts(quantity.num(), quantity.den());
  const auto dimension = Dimension::parse(quantity.dimension());
  if (!value || !dimension)
    return std::nullopt;
  return Quantity{*value, *dimension, quantity.unit()};
}

proto::Quantity to_proto(const Quantity &quantity) {
  proto::Quantity result;
  result.set_num(quantity.value.num_text());
  result.set_den(quantity.value.den_text());
  result.set_dimension(quantity.dimension.to_string());
  result.set_unit(quantity.unit);
  return result;
}

proto::Value boolean(bool value) {
  proto::Value result;
  result.set_boolean(value);
  return result;
}

proto::Value quantity(const Quantity &value) {
  proto::Value result;
  *result.mutable_quantity() = to_proto(value);
  return result;
}

proto::Value integer(int64_t value) { return quantity(Quantity{Rational(value), {}, {}}); }

proto::Value text(llvm::StringRef value) {
  proto::Value result;
  result.set_text(value.str());
  return result;
}

proto::Value enumerator(llvm::StringRef value) {
  proto::Value result;
  result.set_enumerator(value.str());
  return result;
}

proto::Value unknown(llvm::StringRef missing_fact) {
  proto::Value result;
  result.set_unknown(missing_fact.str());
  return result;
}

std::string to_string(const proto::Value &value) { return text_of(value, 4); }

std::string to_string(const proto::Ref &ref) {
  std::string text;
  for (const std::string &part : ref.path())
    text += (text.empty() ? "" : ".") + (is_identifier(part) ? part : quoted(part));
  return text;
}

} // namespace nemo::formula
