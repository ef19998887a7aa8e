// Mounts: files that come with the intent, paths of the node, and volumes that the agent keeps.
#include <fmt/format.h>

#include "intent/check/build.h"
#include "intent/check/declare.h"
#include "intent/check/load.h"
#include "llvm/Support/Path.h"

namespace nemo::check {

namespace {

/// Trees that every sandbox has: a mount there would hide what it needs to start.
constexpr const char *reserved[] = {"/usr", "/bin",  "/sbin", "/lib",        "/lib64",
                                    "/dev", "/proc", "/sys",  "/run/secrets"};

std::string wrong_path(llvm::StringRef path) {
  if (path.empty() || path.front() != '/')
    return "is not absolute";
  if (path.size() > 4000)
    return "is over 4000 bytes long";
  if (path == "/" || path.endswith("/") || path.contains("//"))
    return "names no file or directory in its plain form";
  llvm::SmallVector<llvm::StringRef, 16> parts;
  path.drop_front().split(parts, '/');
  for (llvm::StringRef part : parts)
    if (part == "." || part == "..")
      return "holds '.' or '..'";
  return {};
}

} // namespace

void Builder::mounts(const TypedBlock &block, proto::Workload &out) {
  std::map<std::string, const TypedBlock *> targets, volumes;
  for (const TypedBlock &child : block.children) {
    if (child.schema->name != llvm::StringRef("mount") || child.faulty)
      continue;
    proto::Mount made;
    if (!mount(child, made))
      continue;
    for (auto [known, key, what] :
         {std::tuple{&targets, made.target(), "target"}, {&volumes, made.volume(), "volume"}}) {
      if (key.empty())
        continue;
      const auto [entry, added] = known->try_emplace(key, &child);
      if (added)
        continue;
      Diagnostic &fault = context_.error(diag::N0315, child.at, child.head,
                                         fmt::format("two mounts have the {} `{}`", what, key));
      context_.note(fault, "the other", entry->second->at, entry->second->head);
    }
    *out.add_mounts() = std::move(made);
  }
  std::stable_sort(out.mutable_mounts()->pointer_begin(), out.mutable_mounts()->pointer_end(),
                   [](const auto *a, const auto *b) { return a->target() < b->target(); });
}

bool Builder::mount(const TypedBlock &block, proto::Mount &out) {
  const TypedAttribute *source = block.find("source"), *volume = block.find("volume");
  const TypedAttribute *target = block.find("target"), *size = block.find("size");
  *out.mutable_span() = context_.span(block.at, block.head);
  const std::string kind = block.find("kind") ? text(block, "kind") : "";
  const bool external = volume && kind == "external";
  if (source && volume && !external) {
    Diagnostic &fault = context_.error(diag::N0315, volume->at, volume->name_extent,
                                       "a mount is a source or a volume, not both");
    context_.note(fault, "the source", source->at, source->name_extent);
    return false;
  }
  if (!source && !volume) {
    context_.error(diag::N0216, block.at, block.head, "`mount` needs `source` or `volume`",
                   "source = \"app\"");
    return false;
  }
  out.set_target(target->value.text());
  std::string wrong = wrong_path(out.target());
  for (const char *tree : reserved)
    if (out.target() == tree || llvm::StringRef(out.target()).startswith(tree + std::string("/")))
      wrong = fmt::format("lies in {}, which every sandbox has of its own", tree);
  if (!wrong.empty()) {
    context_.error(diag::N0316, target->at, target->extent,
                   fmt::format("the target `{}` {}", out.target(), wrong), "\"/data\"");
    return false;
  }
  for (const char *name : {"size", "kind", "restore"})
    if (const TypedAttribute *of_volume = block.find(name); of_volume && !volume) {
      context_.error(diag::N0315, of_volume->at, of_volume->name_extent,
                     fmt::format("`{}` is of a volume", name), fmt::format("leave `{}` out", name));
      return false;
    }
  const bool asked = block.find("read-only") && block.find("read-only")->value.boolean();
  const bool writable = block.find("read-only") && !asked;
  if (volume) {
    out.set_volume(volume->value.text());
    out.set_source(out.volume());
    out.set_read_only(asked);
    out.set_size_bytes(size ? whole(block, "size", "B") : 0);
    out.set_restore_bps(block.find("restore") ? whole(block, "restore", "bit/s") : 0);
    out.set_kind(kind == "local" ? "" : kind);
    if (!external)
      return true;
    if (!source || source->value.text().empty()) {
      context_.error(diag::N0216, block.at, block.head,
                     "an external volume needs `source`: where it is kept",
                     "source = \"nfs://filer/orders\"");
      return false;
    }
    out.set_origin(source->value.text());
    return true;
  }
  out.set_source(source->value.text());
  out.set_read_only(!writable);
  if (llvm::StringRef(out.source()).startswith("/")) {
    wrong = wrong_path(out.source());
    if (!wrong.empty())
      context_.error(diag::N0316, source->at, source->extent,
                     fmt::format("the source `{}` {}", out.source(), wrong));
    out.set_host_path(out.source());
    return wrong.empty();
  }
  if (writable) {
    context_.error(diag::N0315, block.find("read-only")->at, block.find("read-only")->extent,
                   "files that come with the intent are read-only", "volume = \"data\"");
    return false;
  }
  return bring_files(*source, out);
}

bool Builder::bring_files(const TypedAttribute &source, proto::Mount &out) {
  const std::string path =
      join(llvm::sys::path::parent_path(context_.sources[source.at.file].path), out.source());
  for (const proto::Artifact &known : context_.intent.artifacts())
    if (known.source() == path) {
      out.set_artifact(known.digest());
      return true;
    }
  if (out.source().empty()) {
    context_.error(diag::N0316, source.at, source.extent, "the source is empty");
    return false;
  }
  auto artifact = read_(path);
  if (!artifact) {
    context_.error(diag::N0317, source.at, source.extent, llvm::toString(artifact.takeError()));
    return false;
  }
  artifact->set_source(path);
  out.set_artifact(artifact->digest());
  *context_.intent.add_artifacts() = std::move(*artifact);
  return true;
}

} // namespace nemo::check
