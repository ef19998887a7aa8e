// Machines (`sandbox = microvm` and `unikernel`): `exec` is a kernel and its command line, or
// `image` holds them. What only a process has is refused here rather than on a node, of containers
// too.
#include <fmt/format.h>

#include "intent/check/build.h"

namespace nemo::check {

namespace {

constexpr uint64_t kMiB = 1 << 20;
/// Of these the monitor takes 64; the agent checks the same.
constexpr uint64_t kLeastMemory = 80 * kMiB;

bool lies_in(llvm::StringRef path, llvm::StringRef tree) {
  return path == tree || (path.startswith(tree) && path.drop_front(tree.size()).startswith("/"));
}

/// "initrd=/initrd" among the words of a microvm; empty: it has none.
llvm::StringRef initrd_of(const proto::Workload &workload) {
  for (llvm::StringRef word : workload.exec())
    if (workload.sandbox() == "microvm" && word.consume_front("initrd="))
      return word;
  return {};
}

} // namespace

void Builder::machine(const TypedBlock &block, proto::Workload &out) {
  if (out.sandbox() != "microvm" && out.sandbox() != "unikernel")
    return;
  const std::string kind = out.sandbox();
  const auto refuse = [&](const char *name, const std::string &why, const std::string &fix) {
    if (const TypedAttribute *given = block.find(name); given && given->sound())
      context_.error(diag::N0315, given->at, given->extent, why, fix);
  };
  if (out.network() == "host") // where it was said
    refuse("network", fmt::format("a {} has a network of its own", kind), "network = own");
  out.set_network("own");
  refuse("secrets", fmt::format("a {} reads no secrets: no file of the node reaches it", kind),
         "leave `secrets` out");
  refuse("working-directory", fmt::format("a {} has no working directory", kind),
         "leave `working-directory` out");
  if (out.health().kind() == proto::Health::EXEC)
    context_.error(diag::N0315, block.child("health")->at, block.child("health")->head,
                   fmt::format("no program can be run in a {} from outside", kind),
                   "ask it over the network: `tcp` or `http`");
  if (const uint64_t memory = out.resources().memory_bytes(); memory < kLeastMemory) {
    const TypedBlock *given = block.child("resources");
    const TypedAttribute *said = given ? given->find("memory") : nullptr;
    context_.error(
        diag::N0206, said ? said->at : block.at, said ? said->extent : block.head,
        fmt::format("a {} needs at least {} MiB of memory, of which its monitor takes 64", kind,
                    kLeastMemory / kMiB),
        "memory = 128MiB");
  }
  mounts_of_machine(block, out);
}

void Builder::container(const TypedBlock &block, const proto::Workload &out) {
  if (out.sandbox() != "container")
    return;
  // That both are there was said already.
  if (const TypedAttribute *exec = block.find("exec");
      exec && exec->sound() && !block.find("image"))
    context_.error(diag::N0315, exec->at, exec->extent,
                   "a container runs the program that its image names",
                   "image = \"registry.example/vision@sha256:...\"");
  if (out.health().kind() == proto::Health::EXEC)
    context_.error(diag::N0315, block.child("health")->at, block.child("health")->head,
                   "no program can be run in a container from outside",
                   "ask it over the network: `tcp` or `http`");
}

void Builder::mounts_of_machine(const TypedBlock &block, const proto::Workload &out) {
  if (out.exec().empty() && out.image().empty())
    return; // said already
  // An image holds its kernel itself.
  const llvm::StringRef initrd = initrd_of(out);
  const llvm::StringRef kernel = out.exec().empty() ? llvm::StringRef() : out.exec(0);
  bool has_kernel = kernel.empty(), has_initrd = initrd.empty();
  for (const proto::Mount &mount : out.mounts()) {
    const bool holds_kernel = !kernel.empty() && lies_in(kernel, mount.target());
    const bool holds_initrd = !initrd.empty() && lies_in(initrd, mount.target());
    has_kernel |= holds_kernel;
    has_initrd |= holds_initrd;
    if (!holds_kernel && !holds_initrd)
      for (const TypedBlock &child : block.children)
        if (const TypedAttribute *target = child.find("target");
            child.schema->name == llvm::StringRef("mount") && target && target->sound() &&
            target->value.text() == mount.target())
          context_.error(diag::N0315, target->at, target->extent,
                         fmt::format("nothing but its kernel reaches a {}, and `{}` does not hold "
                                     "that",
                                     out.sandbox(), mount.target()),
                         "leave the mount out");
  }
  const TypedAttribute *exec = block.find("exec");
  for (const auto &[has, path] : {std::pair(has_kernel, kernel), std::pair(has_initrd, initrd)})
    if (!has)
      context_.error(diag::N0316, exec->at, exec->extent,
                     fmt::format("no mount of the {} holds `{}`", out.sandbox(), path.str()),
                     fmt::format("mount {{ source = \"kernel\"; target = \"{}\" }}", path.str()));
}

} // namespace nemo::check
