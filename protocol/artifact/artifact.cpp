#include "protocol/artifact/artifact.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SHA256.h"

#include "base/error.h"

namespace nemo::artifact {

std::string digest(const proto::Artifact &artifact) {
  llvm::SHA256 hash;
  const llvm::StringRef nul("\0", 1);
  for (const proto::Artifact::File &file : artifact.files()) {
    hash.update(file.path());
    hash.update(nul);
    hash.update(llvm::StringRef(file.executable() ? "x" : "-"));
    hash.update(nul);
    hash.update(std::to_string(file.content().size()));
    hash.update(nul);
    hash.update(file.content());
  }
  const auto result = hash.final();
  return llvm::toHex(llvm::ArrayRef<uint8_t>(result.data(), result.size()), /*LowerCase=*/true);
}

llvm::Error check(const proto::Artifact &artifact) {
  if (artifact.files_size() == 0)
    return failure("the artifact '{}' has no files", artifact.source());
  if (artifact.files_size() > max_files)
    return failure("the artifact '{}' has {} files; at most {} are allowed", artifact.source(),
                   artifact.files_size(), max_files);
  uint64_t bytes = 0;
  llvm::StringRef previous;
  for (const proto::Artifact::File &file : artifact.files()) {
    const llvm::StringRef path = file.path();
    bytes += file.content().size();
    if (bytes > max_bytes)
      return failure("the artifact '{}' is over {} MiB", artifact.source(), max_bytes >> 20);
    if (path == "." && artifact.files_size() == 1)
      return llvm::Error::success();
    if (path.size() > 1024 || path.contains('\0'))
      return failure("a path of the artifact '{}' is too long or holds a NUL", artifact.source());
    llvm::SmallVector<llvm::StringRef, 8> parts;
    path.split(parts, '/');
    for (llvm::StringRef part : parts)
      if (part.empty() || part == "." || part == ".." || part.size() > 255)
        return failure("'{}' of the artifact '{}' is not a plain relative path", path.str(),
                       artifact.source());
    if (!previous.empty() && previous >= path)
      return failure("the files of the artifact '{}' are not sorted by path, each once",
                     artifact.source());
    // Sorted, so a file that another needs as a directory stands before it, perhaps with "a-b"
    // between "a" and "a/c".
    for (const proto::Artifact::File &other : artifact.files()) {
      if (&other == &file)
        break;
      if (path.startswith(other.path()) && path[other.path().size()] == '/')
        return failure("'{}' of the artifact '{}' is a file and a directory", other.path(),
                       artifact.source());
    }
    previous = path;
  }
  return llvm::Error::success();
}

} // namespace nemo::artifact
