// A directory that files of an image are put into, and out of which no name of theirs can lead:
// every path is resolved by the kernel as if the directory were the root (openat2), and nothing
// that is not a file, a directory or a link is made. One writer at a time.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include <sys/types.h>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "runtime-agent/sandbox/descriptor.h"

namespace nemo::unpack {

/// "./usr/../x" as nobody means it: \returns "usr/x" and the like without leading "/", "./" and
/// doubled or trailing slashes; fails on "..", a zero byte, and what is longer than a path can be.
/// "" is the directory itself.
llvm::Expected<std::string> normal_path(llvm::StringRef name);

class Tree {
public:
  /// \param directory  there, and empty or of layers below.
  static llvm::Expected<Tree> open(const std::string &directory);

  /// What was made before belongs to lower layers from here on.
  void begin_layer() { made_.clear(); }

  /// The modes are made such that whoever is the image's one user may read what its owner may, and
  /// that we can remove it again. Set-user-id and the like are left out.
  llvm::Error make_directory(const std::string &path, mode_t mode);
  /// \returns an empty file, open for writing. What was there under the name is gone.
  llvm::Expected<sandbox::Descriptor> make_file(const std::string &path, mode_t mode);
  llvm::Error make_symlink(const std::string &path, const std::string &target);
  /// A second name of a file of the tree.
  llvm::Error make_link(const std::string &path, const std::string &target);
  /// What lower layers have there, and below it, is gone; what this one has stays.
  llvm::Error hide(const std::string &path);
  /// The same for all that is in a directory.
  llvm::Error hide_contents(const std::string &path);

  /// Of what all layers made, also of directories that no entry of theirs stands for: one name may
  /// make 255.
  uint64_t name_bytes() const { return name_bytes_; }

private:
  struct Place {
    sandbox::Descriptor parent;
    std::string name;
  };
  llvm::Expected<Place> place(const std::string &path, bool make_parents);
  llvm::Expected<Place> cleared(const std::string &path);
  void remember(llvm::StringRef path);

  sandbox::Descriptor root_;
  std::unordered_set<std::string> made_; ///< by this layer
  uint64_t name_bytes_ = 0;
};

} // namespace nemo::unpack
