// Attributes of typed blocks as the plain values that messages hold.
#include "intent/check/build.h"

#include "intent/units/units.h"

namespace nemo::check {

namespace {

proto::Value value_of(const TypedBlock &block, llvm::StringRef name) {
  if (const TypedAttribute *given = block.find(name))
    return given->value;
  const schema::Attribute *known = schema::find_attribute(*block.schema, name);
  // What a text or a name is without being given is described in prose, for people.
  const bool prose =
      known && (known->type == schema::Type::name || known->type == schema::Type::text);
  return known && !prose ? Values::standard(*known) : proto::Value();
}

uint64_t whole_of(const proto::Value &value, llvm::StringRef step) {
  const auto quantity = formula::from_proto(value.quantity());
  if (!quantity)
    return 0;
  const auto number =
      step.empty() ? quantity->value.floor() : units::to_integer(*quantity, step).value;
  return number && *number > 0 ? static_cast<uint64_t>(*number) : 0;
}

} // namespace

uint32_t whole_number(const proto::Value &value) {
  const auto quantity = formula::from_proto(value.quantity());
  return static_cast<uint32_t>(quantity ? quantity->value.floor().value_or(0) : 0);
}

std::string text_of(const proto::Value &value) {
  switch (value.kind_case()) {
  case proto::Value::kText:
    return value.text();
  case proto::Value::kEnumerator:
    return value.enumerator();
  case proto::Value::kReference:
    return llvm::StringRef(value.reference()).split('.').second.str();
  default:
    return {};
  }
}

std::string text(const TypedBlock &block, llvm::StringRef name) {
  return text_of(value_of(block, name));
}

std::vector<std::string> texts(const TypedBlock &block, llvm::StringRef name) {
  std::vector<std::string> result;
  const proto::Value value = value_of(block, name); // outlives the loop over its list
  for (const proto::Value &item : value.list().items())
    result.push_back(text_of(item));
  return result;
}

bool flag(const TypedBlock &block, llvm::StringRef name) { return value_of(block, name).boolean(); }

uint64_t whole(const TypedBlock &block, llvm::StringRef name, llvm::StringRef step) {
  return whole_of(value_of(block, name), step);
}

void labels(const TypedBlock &block, google::protobuf::RepeatedPtrField<proto::Label> &out) {
  const TypedBlock *child = block.child("labels");
  if (!child)
    return;
  for (const TypedAttribute &attribute : child->attributes) {
    proto::Label *label = out.Add();
    label->set_key(attribute.name);
    *label->mutable_value() = attribute.value;
  }
  std::stable_sort(out.pointer_begin(), out.pointer_end(),
                   [](const auto *a, const auto *b) { return a->key() < b->key(); });
}

proto::Resources resources(const Context &context, const TypedBlock &block, bool with_defaults) {
  const auto amount = [&](llvm::StringRef name, llvm::StringRef step) -> uint64_t {
    if (!with_defaults && !block.find(name))
      return 0;
    const TypedAttribute *given = block.find(name);
    const schema::Attribute *known = schema::find_attribute(*block.schema, name);
    return given   ? whole_of(given->value, step)
           : known ? whole_of(Values::standard(*known), step)
                   : 0;
  };
  proto::Resources made;
  made.set_cpu_millicores(amount("cpu", "mcore"));
  made.set_cpu_mean_millicores(amount("cpu-mean", "mcore"));
  made.set_memory_bytes(amount("memory", "B"));
  made.set_disk_bytes(amount("disk", "B"));
  if (const TypedAttribute *gpu = block.find("gpu"))
    if (const auto quantity = formula::from_proto(gpu->value.quantity()))
      if (const auto milli = quantity->value.times(1000))
        made.set_gpu_milli(static_cast<uint64_t>(milli->floor().value_or(0)));
  made.set_pids(amount("pids", ""));
  for (const std::string &model : texts(block, "gpu-model"))
    made.add_gpu_models(model);
  made.set_gpu_memory_bytes(amount("gpu-memory", "B"));
  made.set_gpu_profile(text(block, "gpu-profile"));
  if (const TypedBlock *devices = block.child("devices"))
    for (const TypedAttribute &device : devices->attributes) {
      proto::NamedDevice &asked = *made.add_devices();
      asked.set_name(device.name);
      asked.set_count(whole_number(device.value));
    }
  std::sort(made.mutable_devices()->pointer_begin(), made.mutable_devices()->pointer_end(),
            [](const auto *a, const auto *b) { return a->name() < b->name(); });
  *made.mutable_span() = context.span(block.at, block.head);
  return made;
}

} // namespace nemo::check
