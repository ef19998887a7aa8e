// Comparison by reflection, so that a field added to the protocol later is compared from the start.
#include "compiler/verify/faults.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include "llvm/Support/JSON.h"

namespace nemo::verify {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string shown(const std::string &text) {
  std::string clean = llvm::json::fixUTF8(text);
  for (char &c : clean)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return clean.size() > 160 ? llvm::json::fixUTF8(clean.substr(0, 157)) + "..." : clean;
}

std::string value_text(const Message &message, const FieldDescriptor *field, int index) {
  const Reflection *reflection = message.GetReflection();
  if (field->is_repeated() && index < 0)
    return fmt::format("{} entries", reflection->FieldSize(message, field));
  if (field->has_presence() && !field->is_repeated() && !reflection->HasField(message, field))
    return "nothing";
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.PrintFieldValueToString(message, field, index, &text);
  return text;
}

bool equal_value(const Message &a, const Message &b, const FieldDescriptor *field, int index) {
  const Reflection *of_a = a.GetReflection(), *of_b = b.GetReflection();
  const bool repeated = index >= 0;
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_DOUBLE: {
    const double x =
        repeated ? of_a->GetRepeatedDouble(a, field, index) : of_a->GetDouble(a, field);
    const double y =
        repeated ? of_b->GetRepeatedDouble(b, field, index) : of_b->GetDouble(b, field);
    return x == y;
  }
  case FieldDescriptor::CPPTYPE_STRING:
    return repeated ? of_a->GetRepeatedString(a, field, index) ==
                          of_b->GetRepeatedString(b, field, index)
                    : of_a->GetString(a, field) == of_b->GetString(b, field);
  default:
    return value_text(a, field, index) == value_text(b, field, index);
  }
}

} // namespace

Diagnostic &Faults::add(const diag::Entry &entry, std::string message) {
  if (list_.size() >= most_)
    return beyond_;
  list_.push_back(diag::make(entry, shown(message)));
  return list_.back();
}

Diagnostic &Faults::at(const diag::Entry &entry, std::string message, const proto::Span &span) {
  Diagnostic &fault = add(entry, std::move(message));
  if (span.line() && span.file() < static_cast<uint32_t>(intent_.files_size())) {
    fault.file = intent_.files(static_cast<int>(span.file())).path();
    fault.range = {span.begin(),  span.end(),      span.line(),
                   span.column(), span.end_line(), span.end_column()};
  }
  return fault;
}

void Faults::differs(const diag::Entry &entry, const std::string &field, const std::string &found,
                     const std::string &expected) {
  Diagnostic &fault = add(entry, fmt::format("{} is not what it must be", field));
  fault.notes.push_back({"found: " + shown(found), {}, {}});
  fault.notes.push_back({"expected: " + shown(expected), {}, {}});
}

void Faults::compare(const diag::Entry &entry, const std::string &path, const Message &found,
                     const Message &expected) {
  if (found.SerializePartialAsString() == expected.SerializePartialAsString())
    return; // nearly always: what follows finds the words for a difference
  const Reflection *of_found = found.GetReflection(), *of_expected = expected.GetReflection();
  const auto *descriptor = found.GetDescriptor();
  if (of_found->GetUnknownFields(found).field_count() !=
      of_expected->GetUnknownFields(expected).field_count())
    add(entry, fmt::format("{} holds fields that this nemo does not know", path));
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor *field = descriptor->field(i);
    const std::string name = path + "." + field->name();
    if (field->is_repeated()) {
      const int have = of_found->FieldSize(found, field);
      const int want = of_expected->FieldSize(expected, field);
      if (have != want)
        differs(entry, name, fmt::format("{} entries", have), fmt::format("{} entries", want));
      for (int k = 0; k < std::min(have, want); ++k) {
        const std::string item = fmt::format("{}[{}]", name, k);
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
          compare(entry, item, of_found->GetRepeatedMessage(found, field, k),
                  of_expected->GetRepeatedMessage(expected, field, k));
        else if (!equal_value(found, expected, field, k))
          differs(entry, item, value_text(found, field, k), value_text(expected, field, k));
      }
      continue;
    }
    if (field->has_presence()) {
      const bool have = of_found->HasField(found, field);
      const bool want = of_expected->HasField(expected, field);
      if (have != want) {
        differs(entry, name, value_text(found, field, -1), value_text(expected, field, -1));
        continue;
      }
      if (!have)
        continue;
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      compare(entry, name, of_found->GetMessage(found, field),
              of_expected->GetMessage(expected, field));
    else if (!equal_value(found, expected, field, -1))
      differs(entry, name, value_text(found, field, -1), value_text(expected, field, -1));
  }
}

} // namespace nemo::verify
