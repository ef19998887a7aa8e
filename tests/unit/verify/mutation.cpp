#include "mutation.h"

#include <memory>
#include <stdexcept>

namespace nemo::test {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class Walk {
public:
  explicit Walk(const std::function<void(const std::string &)> &look) : look_(look) {}

  void message(Message &message, const std::string &path) {
    const auto *descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor *field = descriptor->field(i);
      const std::string name = path.empty() ? field->name() : path + "." + field->name();
      if (field->is_repeated())
        list(message, field, name);
      else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        single(message, field, name);
      else
        scalar(message, field, name);
    }
  }

private:
  /// Makes one change to `message`, looks, and puts the message back.
  template <typename Change>
  void attempt(Message &message, const std::string &what, Change change) {
    std::unique_ptr<Message> before(message.New());
    before->CopyFrom(message);
    change();
    look_(what);
    message.CopyFrom(*before);
  }

  static void alter(Message &message, const FieldDescriptor *field, int index) {
    const Reflection *reflection = message.GetReflection();
    const bool many = index >= 0;
    switch (field->cpp_type()) {
#define ALTER(TYPE, NAME, EXPRESSION)                                                              \
  case FieldDescriptor::CPPTYPE_##TYPE: {                                                          \
    auto value = many ? reflection->GetRepeated##NAME(message, field, index)                       \
                      : reflection->Get##NAME(message, field);                                     \
    value = EXPRESSION;                                                                            \
    many ? reflection->SetRepeated##NAME(&message, field, index, value)                            \
         : reflection->Set##NAME(&message, field, value);                                          \
    break;                                                                                         \
  }
      ALTER(INT32, Int32, value + 1)
      ALTER(INT64, Int64, value + 1)
      ALTER(UINT32, UInt32, value + 1)
      ALTER(UINT64, UInt64, value + 1)
      ALTER(DOUBLE, Double, value + 0.125)
      ALTER(BOOL, Bool, !value)
      ALTER(STRING, String, value + "x")
#undef ALTER
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int count = field->enum_type()->value_count();
      const int now = many ? reflection->GetRepeatedEnum(message, field, index)->index()
                           : reflection->GetEnum(message, field)->index();
      const auto *next = field->enum_type()->value((now + 1) % count);
      many ? reflection->SetRepeatedEnum(&message, field, index, next)
           : reflection->SetEnum(&message, field, next);
      break;
    }
    default:
      break;
    }
  }

  /// Adds to a list: the same again as at `index`, or for -1 something new.
  static void append(Message &message, const FieldDescriptor *field, int index) {
    const Reflection *reflection = message.GetReflection();
    switch (field->cpp_type()) {
#define APPEND(TYPE, NAME, NEW)                                                                    \
  case FieldDescriptor::CPPTYPE_##TYPE:                                                            \
    reflection->Add##NAME(&message, field,                                                         \
                          index < 0 ? NEW : reflection->GetRepeated##NAME(message, field, index)); \
    break;
      APPEND(INT32, Int32, 1)
      APPEND(INT64, Int64, 1)
      APPEND(UINT32, UInt32, 1)
      APPEND(UINT64, UInt64, 1)
      APPEND(DOUBLE, Double, 1)
      APPEND(BOOL, Bool, true)
      APPEND(STRING, String, std::string("x"))
#undef APPEND
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      std::unique_ptr<Message> copy;
      if (index >= 0) {
        copy.reset(reflection->GetRepeatedMessage(message, field, index).New());
        copy->CopyFrom(reflection->GetRepeatedMessage(message, field, index));
      }
      Message *added = reflection->AddMessage(&message, field);
      if (copy)
        added->CopyFrom(*copy);
      break;
    }
    default:
      throw std::logic_error("a list of another type: " + field->full_name());
    }
  }

  void scalar(Message &message, const FieldDescriptor *field, const std::string &name) {
    const Reflection *reflection = message.GetReflection();
    // A member of a oneof that is not set would clear the one that is: that is a change as well.
    attempt(message, name + " changed", [&] { alter(message, field, -1); });
    if (field->has_presence() && reflection->HasField(message, field))
      attempt(message, name + " cleared", [&] { reflection->ClearField(&message, field); });
    else if (!field->has_presence() && reflection->HasField(message, field))
      attempt(message, name + " emptied", [&] { reflection->ClearField(&message, field); });
  }

  void single(Message &parent, const FieldDescriptor *field, const std::string &name) {
    const Reflection *reflection = parent.GetReflection();
    if (!reflection->HasField(parent, field)) {
      attempt(parent, name + " set", [&] { reflection->MutableMessage(&parent, field); });
      return;
    }
    attempt(parent, name + " cleared", [&] { reflection->ClearField(&parent, field); });
    message(*reflection->MutableMessage(&parent, field), name);
  }

  void list(Message &message, const FieldDescriptor *field, const std::string &name) {
    const Reflection *reflection = message.GetReflection();
    const int size = reflection->FieldSize(message, field);
    const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    auto swap = [&](int a, int b) { reflection->SwapElements(&message, field, a, b); };
    if (size == 0)
      attempt(message, name + " begun", [&] { append(message, field, -1); });
    for (int i = 0; i < size; ++i) {
      const std::string item = name + "[" + std::to_string(i) + "]";
      attempt(message, item + " dropped", [&] {
        for (int k = i; k + 1 < size; ++k)
          swap(k, k + 1);
        reflection->RemoveLast(&message, field);
      });
      attempt(message, item + " doubled", [&] { append(message, field, i); });
      if (i + 1 < size) {
        std::unique_ptr<Message> before(message.New());
        before->CopyFrom(message);
        swap(i, i + 1);
        const bool differs = before->SerializeAsString() != message.SerializeAsString();
        if (differs)
          look_(item + " exchanged with the next");
        message.CopyFrom(*before);
      }
      if (!nested)
        attempt(message, item + " changed", [&] { alter(message, field, i); });
      else
        this->message(*reflection->MutableRepeatedMessage(&message, field, i), item);
    }
  }

  const std::function<void(const std::string &)> &look_;
};

void collect(const google::protobuf::Descriptor &type, std::set<std::string> &kinds) {
  if (!kinds.insert(type.name()).second)
    return;
  for (int i = 0; i < type.field_count(); ++i)
    if (const auto *below = type.field(i)->message_type())
      collect(*below, kinds);
}

void collect(const Message &message, std::set<std::string> &kinds) {
  kinds.insert(message.GetDescriptor()->name());
  const Reflection *reflection = message.GetReflection();
  std::vector<const FieldDescriptor *> held;
  reflection->ListFields(message, &held);
  for (const FieldDescriptor *field : held) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    if (!field->is_repeated())
      collect(reflection->GetMessage(message, field), kinds);
    for (int i = 0; field->is_repeated() && i < reflection->FieldSize(message, field); ++i)
      collect(reflection->GetRepeatedMessage(message, field, i), kinds);
  }
}

} // namespace

std::set<std::string> kinds_below(const google::protobuf::Descriptor &type) {
  std::set<std::string> kinds;
  collect(type, kinds);
  return kinds;
}

std::set<std::string> kinds_in(const Message &root) {
  std::set<std::string> kinds;
  collect(root, kinds);
  return kinds;
}

void for_each_change(Message &root, const std::function<void(const std::string &)> &look) {
  Walk(look).message(root, "");
}

} // namespace nemo::test
