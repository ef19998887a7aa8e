#include "intent/model/model.h"

#include <google/protobuf/util/message_differencer.h>

namespace nemo::model {

template <typename List>
static const typename List::value_type *find_in(const List &list, llvm::StringRef name) {
  for (const auto &item : list)
    if (name == llvm::StringRef(item.name()))
      return &item;
  return nullptr;
}

const proto::Workload *find_workload(const proto::Intent &intent, llvm::StringRef name) {
  return find_in(intent.workloads(), name);
}
const proto::Select *find_select(const proto::Intent &intent, llvm::StringRef name) {
  return find_in(intent.selects(), name);
}
const proto::Tenant *find_tenant(const proto::Intent &intent, llvm::StringRef name) {
  return find_in(intent.tenants(), name);
}
const proto::Secret *find_secret(const proto::Intent &intent, llvm::StringRef name) {
  return find_in(intent.secrets(), name);
}

/// Clears every Span below, and the wording of rules. Formulas nest at most as deep as the checker
/// lets them, so recursion is bounded.
static void strip(google::protobuf::Message &message) {
  const auto *reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor *> fields;
  reflection->ListFields(message, &fields);
  for (const auto *field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    if (field->message_type() == proto::Span::descriptor()) {
      reflection->ClearField(&message, field);
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(message, field); ++i)
        strip(*reflection->MutableRepeatedMessage(&message, field, i));
    } else {
      strip(*reflection->MutableMessage(&message, field));
    }
  }
  if (message.GetDescriptor() == proto::Rule::descriptor())
    static_cast<proto::Rule &>(message).clear_text();
}

proto::Intent strip_positions(proto::Intent intent) {
  intent.clear_files();
  intent.clear_digest();
  strip(intent);
  return intent;
}

bool same_meaning(const proto::Intent &a, const proto::Intent &b) {
  return google::protobuf::util::MessageDifferencer::Equals(strip_positions(a), strip_positions(b));
}

} // namespace nemo::model
