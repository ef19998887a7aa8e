// Any bytes as a plan file, and any plan with a digest that fits: it is refused or it is shown,
// verified and compared with a fleet, and never crashes who reads it. Since a plan is a protobuf
// message under a digest, half of the mutations change one field of the message and seal it again.
#include <cstdlib>
#include <cstring>
#include <random>

#include "../unit/verify/mutation.h"
#include "compiler/plan/binding.h"
#include "compiler/plan/print.h"
#include "compiler/verify/verify.h"

using namespace nemo;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

namespace {

std::optional<proto::Plan> read(const uint8_t *data, size_t size) {
  auto plan = plan::parse_plan_file("fuzz.nemoplan",
                                    llvm::StringRef(reinterpret_cast<const char *>(data), size));
  if (plan)
    return std::move(*plan);
  llvm::consumeError(plan.takeError());
  return std::nullopt;
}

/// The message behind the first line, whatever its digest says.
std::optional<proto::Plan> message(const uint8_t *data, size_t size) {
  const void *end = std::memchr(data, '\n', size);
  if (!end)
    return std::nullopt;
  const auto *begin = static_cast<const uint8_t *>(end) + 1;
  proto::Plan plan;
  if (!plan.ParseFromArray(begin, static_cast<int>(data + size - begin)))
    return std::nullopt;
  return plan;
}

/// `plan` with one of the changes that can be made to one of its fields.
proto::Plan change_one(proto::Plan plan, unsigned seed) {
  size_t count = 0;
  test::for_each_change(plan, [&](const std::string &) { ++count; });
  if (count == 0)
    return plan;
  size_t left = std::minstd_rand(seed)() % count;
  proto::Plan changed;
  test::for_each_change(plan, [&](const std::string &) {
    if (left-- == 0)
      changed = plan;
  });
  return changed;
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                                          unsigned seed) {
  std::optional<proto::Plan> plan = seed % 2 ? message(data, size) : std::nullopt;
  if (!plan)
    return LLVMFuzzerMutate(data, size, max_size);
  proto::Plan changed = change_one(std::move(*plan), seed);
  changed.set_version(1);
  changed.set_digest(plan::plan_digest(changed));
  auto bytes = plan::write_plan_file(changed);
  if (!bytes || bytes->size() > max_size) {
    llvm::consumeError(bytes.takeError());
    return LLVMFuzzerMutate(data, size, max_size);
  }
  std::memcpy(data, bytes->data(), bytes->size());
  return bytes->size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::optional<proto::Plan> plan = read(data, size);
  if (!plan)
    return 0;
  for (const plan::Level level : {plan::Level::brief, plan::Level::normal, plan::Level::full})
    plan::print(llvm::nulls(), *plan, {level, true, 80});
  plan::print_json(llvm::nulls(), *plan);
  verify::verify(*plan);
  plan::what_moved(*plan, plan->facts());
  if (llvm::cantFail(plan::write_plan_file(*plan)) !=
      llvm::StringRef(reinterpret_cast<const char *>(data), size))
    std::abort(); // a plan has one form
  return 0;
}
