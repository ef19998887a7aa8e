#include "runtime-agent/sandbox/kinds.h"

namespace nemo::sandbox {

namespace {
const Spec &spec_of(const Spec &spec) { return spec; }
const Spec &spec_of(const Machine &machine) { return machine.spec; }
const Spec &spec_of(const Container &container) { return container.spec; }
} // namespace

llvm::Expected<Started> start(const Sandbox &sandbox, const Host &host, Announce announce) {
  return std::visit([&](const auto &one) { return start(one, host, announce); }, sandbox);
}

const Spec &common(const Sandbox &sandbox) {
  return std::visit([](const auto &one) -> const Spec & { return spec_of(one); }, sandbox);
}

Spec &common(Sandbox &sandbox) {
  return const_cast<Spec &>(common(const_cast<const Sandbox &>(sandbox)));
}

} // namespace nemo::sandbox
