#include "intent/check/files.h"

#include "base/error.h"
#include "base/files.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace nemo::check {

namespace {

namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

FileInfo info(const std::string &name) {
  fs::file_status status;
  if (fs::status(name, status))
    return {};
  FileInfo result;
  result.kind = status.type() == fs::file_type::regular_file     ? FileInfo::Kind::file
                : status.type() == fs::file_type::directory_file ? FileInfo::Kind::directory
                                                                 : FileInfo::Kind::other;
  result.size = status.getSize();
  result.executable = (status.permissions() & fs::owner_exe) != 0;
  return result;
}

llvm::Expected<std::vector<std::string>> list(const std::string &directory, size_t limit) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(directory, error), end; it != end && !error; it.increment(error)) {
    names.push_back(path::filename(it->path()).str());
    if (names.size() > limit)
      break;
  }
  if (error)
    return failure("cannot read the directory {}: {}", directory, error.message());
  return names;
}

llvm::Expected<std::string> read(const std::string &name) {
  auto bytes = read_file(name, max_file_bytes);
  if (!bytes)
    return failure("cannot read {}: {}", name, llvm::toString(bytes.takeError()));
  return bytes;
}

std::string real(const std::string &name) {
  llvm::SmallString<256> result;
  return fs::real_path(name, result) ? std::string() : result.str().str();
}

std::string repository(const std::string &directory) {
  std::string start = real(directory);
  for (llvm::StringRef at = start; !at.empty(); at = path::parent_path(at))
    if (fs::exists(at + "/.git"))
      return at.str();
  return start;
}

} // namespace

const Files &disk() {
  static const Files files{info, list, read, real, repository};
  return files;
}

bool inside(llvm::StringRef root, llvm::StringRef name) {
  return !root.empty() && !name.empty() &&
         (name == root || root == "/" ||
          (name.startswith(root) && name.drop_front(root.size()).startswith("/")));
}

} // namespace nemo::check
