// The supervisor's table of refusals, read as hostile: its directory is the sandbox user's.
#include <fcntl.h>
#include <sys/stat.h>

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/prepare.h"
#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

namespace {

constexpr size_t kMostBytes = 4096; // 24 lines of 128 bytes, and to spare

bool plain(llvm::StringRef text) {
  return !text.empty() && llvm::all_of(text, [](char c) { return llvm::isPrint(c); });
}

} // namespace

std::vector<Refused> refused(const std::string &exit_path) {
  Descriptor fd(
      ::open((exit_path + kRefused).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info;
  char bytes[kMostBytes];
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return {};
  const ssize_t size = ::read(fd.get(), bytes, sizeof bytes);
  if (size <= 0)
    return {};
  llvm::SmallVector<llvm::StringRef, 24> lines;
  llvm::StringRef(bytes, static_cast<size_t>(size)).split(lines, '\n', -1, false);
  std::vector<Refused> all;
  for (llvm::StringRef line : lines) {
    const auto [count, rest] = line.rtrim().split(' ');
    const auto [subject, what] = rest.split(' ');
    Refused one;
    if (count.getAsInteger(10, one.count) || one.count == 0 || !plain(subject) || !plain(what))
      continue; // just being written
    one.subject = subject.str();
    one.what = what.str();
    all.push_back(std::move(one));
  }
  return all;
}

} // namespace nemo::sandbox
