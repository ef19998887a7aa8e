#include "intent/check/artifacts.h"

#include <algorithm>

#include "base/error.h"
#include "protocol/artifact/artifact.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

namespace nemo::check {

namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {

bool inside(llvm::StringRef root, llvm::StringRef name) {
  return name == root || (name.startswith(root) && name.drop_front(root.size()).startswith("/"));
}

std::string real(const std::string &name) {
  llvm::SmallString<256> result;
  return fs::real_path(name, result) ? std::string() : result.str().str();
}

class Gatherer {
public:
  Gatherer(std::string root, std::string shown)
      : root_(std::move(root)), shown_(std::move(shown)) {}

  llvm::Error directory(const std::string &at, const std::string &prefix, unsigned depth) {
    if (depth > 64)
      return failure("`{}` nests more than 64 directories", shown_);
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator it(at, error), end; it != end && !error; it.increment(error)) {
      names.push_back(path::filename(it->path()).str());
      if (names.size() > static_cast<size_t>(artifact::max_files))
        return failure("`{}` holds more than {} files", shown_, artifact::max_files);
    }
    if (error)
      return failure("cannot read the directory {}: {}", at, error.message());
    for (const std::string &name : names) {
      if (name == ".git")
        continue;
      const std::string full = at + "/" + name;
      if (!inside(root_, real(full)))
        return failure("`{}` holds {}{}, a link that leads out of it", shown_, prefix, name);
      if (fs::is_directory(full)) {
        if (auto fault = directory(full, prefix + name + "/", depth + 1))
          return fault;
      } else if (auto fault = file(full, prefix + name)) {
        return fault;
      }
    }
    return llvm::Error::success();
  }

  llvm::Error file(const std::string &full, const std::string &name) {
    fs::file_status status;
    if (std::error_code error = fs::status(full, status))
      return failure("cannot read {}: {}", full, error.message());
    if (status.type() != fs::file_type::regular_file)
      return failure("`{}` holds {}, which is neither a file nor a directory", shown_, name);
    bytes_ += status.getSize();
    if (bytes_ > artifact::max_bytes)
      return failure("`{}` is over {} MiB: files of this size belong in an image or on the node",
                     shown_, artifact::max_bytes >> 20);
    if (made.files_size() >= artifact::max_files)
      return failure("`{}` holds more than {} files", shown_, artifact::max_files);
    auto buffer = llvm::MemoryBuffer::getFile(full, false, false, true);
    if (!buffer)
      return failure("cannot read {}: {}", full, buffer.getError().message());
    auto *added = made.add_files();
    added->set_path(name);
    added->set_executable((status.permissions() & fs::owner_exe) != 0);
    added->set_content((*buffer)->getBuffer().str());
    return llvm::Error::success();
  }

  proto::Artifact made;

private:
  std::string root_, shown_;
  uint64_t bytes_ = 0;
};

} // namespace

llvm::Expected<proto::Artifact> read_artifact(const Place &place, const std::string &source) {
  const std::string full = join(place.directory, source), root = real(full);
  if (root.empty())
    return failure("`{}` is not there: no file or directory {}", source, full);
  if (place.repository != "/" && !inside(place.repository, root))
    return failure("`{}` leaves the repository {}", source, place.repository);
  Gatherer gather(root, source);
  if (fs::is_directory(root)) {
    if (auto fault = gather.directory(root, "", 0))
      return fault;
  } else if (auto fault = gather.file(root, ".")) {
    return fault;
  }
  auto &files = *gather.made.mutable_files();
  std::sort(files.pointer_begin(), files.pointer_end(),
            [](const auto *a, const auto *b) { return a->path() < b->path(); });
  if (auto fault = artifact::check(gather.made))
    return fault;
  gather.made.set_digest(artifact::digest(gather.made));
  return std::move(gather.made);
}

} // namespace nemo::check
