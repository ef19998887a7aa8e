// Where files are read from: the disk, or something that looks like one, such as a commit's tree.
// What may be read (limits, nothing outside the repository) is decided by who reads, once for all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

namespace nemo::check {

/// The most that is read of one file, or of all files of an intent together.
inline constexpr uint64_t max_file_bytes = 64ull << 20;

struct FileInfo {
  enum class Kind { none, file, directory, other };
  Kind kind = Kind::none;
  uint64_t size = 0;
  bool executable = false;
};

/// Paths are relative to where the caller stands, or absolute. Links are followed.
struct Files {
  std::function<FileInfo(const std::string &path)> info;
  /// Names in a directory, in any order; stops after `limit` + 1.
  std::function<llvm::Expected<std::vector<std::string>>(const std::string &path, size_t limit)>
      list;
  /// Stops after max_file_bytes + 1, for the caller to refuse.
  std::function<llvm::Expected<std::string>(const std::string &path)> read;
  /// The absolute path without links; "" when nothing is there.
  std::function<std::string(const std::string &path)> real;
  /// The absolute path that nothing in this directory may lead out of.
  std::function<std::string(const std::string &directory)> repository;

  bool is_directory(const std::string &path) const {
    return info(path).kind == FileInfo::Kind::directory;
  }
  bool is_file(const std::string &path) const { return info(path).kind == FileInfo::Kind::file; }
};

/// The disk. A repository is the nearest directory upward with .git in it, else the directory.
const Files &disk();

/// True when `path` is `root` or lies in it; both absolute.
bool inside(llvm::StringRef root, llvm::StringRef path);

} // namespace nemo::check
