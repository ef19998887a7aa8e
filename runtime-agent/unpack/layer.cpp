#include "runtime-agent/unpack/layer.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo::unpack {

namespace {

constexpr size_t kBlock = 1 << 16;
constexpr const char kWhiteout[] = ".wh.", kOpaque[] = ".wh..wh..opq";

using Archive = std::unique_ptr<archive, int (*)(archive *)>;

llvm::Error damaged(archive *from) {
  const char *why = archive_error_string(from);
  return failure("the layer is damaged: {}", why ? why : "it cannot be read");
}

llvm::Expected<Archive> open_archive(const std::string &file, image::Packing packing) {
  Archive in(archive_read_new(), archive_read_free);
  if (!in)
    return failure("out of memory");
  int result = archive_read_support_format_tar(in.get());
  // Only what the library does itself: it would run a program for what it was built without.
  if (packing == image::Packing::gzip)
    result = std::min(result, archive_read_support_filter_gzip(in.get()));
  else if (packing == image::Packing::zstd)
    result = std::min(result, archive_read_support_filter_zstd(in.get()));
  if (result != ARCHIVE_OK)
    return failure("layers of this kind cannot be unpacked here");
  if (archive_read_open_filename(in.get(), file.c_str(), kBlock) != ARCHIVE_OK)
    return damaged(in.get());
  return in;
}

class Unpacking {
public:
  Unpacking(archive *in, Tree &tree, Limits &limits) : in_(in), tree_(tree), limits_(limits) {}

  llvm::Error take(archive_entry *entry) {
    if (limits_.entries-- == 0)
      return failure("the image has too many files");
    const char *name = archive_entry_pathname(entry);
    if (name == nullptr)
      return failure("a name in it is not UTF-8");
    auto path = normal_path(name);
    if (!path)
      return path.takeError();
    const auto [above, last] = llvm::StringRef(*path).rsplit('/');
    const llvm::StringRef base = last.empty() ? llvm::StringRef(*path) : last;
    const std::string directory = last.empty() ? std::string() : above.str();
    if (base == kOpaque)
      return tree_.hide_contents(directory);
    if (base.startswith(kWhiteout))
      return whiteout(directory, base.drop_front(sizeof kWhiteout - 1));
    if (const char *target = archive_entry_hardlink(entry)) {
      auto other = normal_path(target);
      if (!other)
        return other.takeError();
      return tree_.make_link(*path, *other);
    }
    switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
      return tree_.make_directory(*path, archive_entry_perm(entry));
    case AE_IFREG:
      return file(*path, entry);
    case AE_IFLNK: {
      const char *target = archive_entry_symlink(entry);
      return tree_.make_symlink(*path, target ? target : "");
    }
    default:
      return failure("'{}' in it is a device, a pipe or a socket", *path);
    }
  }

private:
  llvm::Error whiteout(const std::string &directory, llvm::StringRef name) {
    if (name.empty() || name == "." || name == ".." || name.startswith(kWhiteout))
      return llvm::Error::success(); // notes of a file system to itself
    return tree_.hide(directory.empty() ? name.str() : directory + "/" + name.str());
  }

  llvm::Error file(const std::string &path, archive_entry *entry) {
    const int64_t size = archive_entry_size(entry);
    if (size < 0 || static_cast<uint64_t>(size) > limits_.bytes)
      return failure("the image is larger than is allowed");
    limits_.bytes -= static_cast<uint64_t>(size);
    auto out = tree_.make_file(path, archive_entry_perm(entry));
    if (!out)
      return out.takeError();
    for (;;) {
      const void *data = nullptr;
      size_t count = 0;
      la_int64_t offset = 0;
      const int result = archive_read_data_block(in_, &data, &count, &offset);
      if (result == ARCHIVE_EOF)
        break;
      if (result != ARCHIVE_OK)
        return damaged(in_);
      if (offset < 0 || offset > size || count > static_cast<uint64_t>(size - offset))
        return failure("'{}' in it is longer than it says", path);
      for (size_t done = 0; done < count;) {
        const ssize_t wrote = ::pwrite(out->get(), static_cast<const char *>(data) + done,
                                       count - done, offset + static_cast<off_t>(done));
        if (wrote < 0 && errno != EINTR)
          return system_failure(errno, "write {} of the image", path);
        done += static_cast<size_t>(std::max<ssize_t>(wrote, 0));
      }
    }
    const timespec time = {archive_entry_mtime(entry), 0};
    const timespec times[2] = {time, time}; // what was compiled is compared with its source by it
    if (::ftruncate(out->get(), size) != 0 || ::futimens(out->get(), times) != 0)
      return system_failure(errno, "write {} of the image", path);
    return llvm::Error::success();
  }

  archive *in_;
  Tree &tree_;
  Limits &limits_;
};

} // namespace

llvm::Error unpack_layer(const std::string &file, image::Packing packing, Tree &tree,
                         Limits &limits) {
  auto in = open_archive(file, packing);
  if (!in)
    return in.takeError();
  tree.begin_layer();
  Unpacking unpacking(in->get(), tree, limits);
  for (;;) {
    archive_entry *entry = nullptr;
    const int result = archive_read_next_header(in->get(), &entry);
    if (result == ARCHIVE_EOF)
      return llvm::Error::success();
    if (result != ARCHIVE_OK)
      return damaged(in->get());
    if (auto error = unpacking.take(entry))
      return error;
    if (tree.name_bytes() > limits.name_bytes)
      return failure("the image has too many names");
  }
}

} // namespace nemo::unpack
