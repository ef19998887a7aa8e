#include "intent/check/artifacts.h"

#include <algorithm>

#include "base/error.h"
#include "protocol/artifact/artifact.h"

namespace nemo::check {

namespace {

class Gatherer {
public:
  Gatherer(const Files &files, std::string root, std::string shown)
      : files_(files), root_(std::move(root)), shown_(std::move(shown)) {}

  llvm::Error directory(const std::string &at, const std::string &prefix, unsigned depth) {
    if (depth > 64)
      return failure("`{}` nests more than 64 directories", shown_);
    constexpr size_t most = artifact::max_files;
    auto names = files_.list(at, most);
    if (!names)
      return names.takeError();
    if (names->size() > most)
      return failure("`{}` holds more than {} files", shown_, most);
    for (const std::string &name : *names) {
      if (name == ".git")
        continue;
      const std::string full = at + "/" + name;
      if (!inside(root_, files_.real(full)))
        return failure("`{}` holds {}{}, a link that leads out of it", shown_, prefix, name);
      if (files_.is_directory(full)) {
        if (auto fault = directory(full, prefix + name + "/", depth + 1))
          return fault;
      } else if (auto fault = file(full, prefix + name)) {
        return fault;
      }
    }
    return llvm::Error::success();
  }

  llvm::Error file(const std::string &full, const std::string &name) {
    const FileInfo info = files_.info(full);
    if (info.kind != FileInfo::Kind::file)
      return failure("`{}` holds {}, which is neither a file nor a directory", shown_, name);
    bytes_ += info.size;
    if (bytes_ > artifact::max_bytes)
      return failure("`{}` is over {} MiB: files of this size belong in an image or on the node",
                     shown_, artifact::max_bytes >> 20);
    if (made.files_size() >= artifact::max_files)
      return failure("`{}` holds more than {} files", shown_, artifact::max_files);
    auto content = files_.read(full);
    if (!content)
      return content.takeError();
    auto *added = made.add_files();
    added->set_path(name);
    added->set_executable(info.executable);
    added->set_content(std::move(*content));
    return llvm::Error::success();
  }

  proto::Artifact made;

private:
  const Files &files_;
  std::string root_, shown_;
  uint64_t bytes_ = 0;
};

} // namespace

llvm::Expected<proto::Artifact> read_artifact(const Place &place, const std::string &source) {
  const std::string full = join(place.directory, source), root = place.files.real(full);
  if (root.empty())
    return failure("`{}` is not there: no file or directory {}", source, full);
  if (!inside(place.repository, root))
    return failure("`{}` leaves the repository {}", source, place.repository);
  Gatherer gather(place.files, root, source);
  if (place.files.is_directory(root)) {
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
