// Mounts through descriptors: a tree is cloned while its source can be reached, restricted while
// nobody can see it, and put in its place at the end.
#pragma once

#include <cstdint>
#include <string>

#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/descriptor.h"

namespace nemo::sandbox {

/// A private copy of the mounts at `path` and below it, with mount attributes (MOUNT_ATTR_...)
/// added.
llvm::Expected<Descriptor> clone_tree(const std::string &path, uint64_t attributes);

/// What root owns in a detached tree belongs to `user` and `group` there. Fails where the file
/// system cannot (Linux before 5.12, network file systems).
llvm::Error map_owner(int tree, uint32_t user, uint32_t group);

/// Puts a detached tree at an opened place.
llvm::Error put_tree(int tree, int place, const std::string &name);

/// Adds attributes to what is mounted at `path`, not to what is below it.
llvm::Error restrict_mount(const std::string &path, uint64_t attributes);

/// A new tmpfs; `bytes` limits what it holds, and so how many files; 0: no limit.
llvm::Error mount_tmpfs(const std::string &path, uint64_t bytes, const char *mode,
                        unsigned long flags);

/// Opens `path` inside the tree at `root` as if that were the root: links cannot lead out.
Descriptor open_inside(int root, const std::string &path, uint64_t flags);

/// The place for a mount at `target`: made if it is missing and lies on one of our own file
/// systems (`own`: their st_dev), never inside somebody's files.
llvm::Expected<Descriptor> make_place(int root, const std::string &target, bool directory,
                                      llvm::ArrayRef<uint64_t> own);

} // namespace nemo::sandbox
