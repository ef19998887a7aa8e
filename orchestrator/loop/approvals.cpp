#include "orchestrator/loop/approvals.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "compiler/plan/binding.h"

namespace nemo::loop {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t most_bytes = 1 << 20; ///< of approvals: some ten thousand

} // namespace

llvm::Expected<std::string> Approvals::usual_directory() {
  auto paths = agent_paths();
  if (!paths)
    return paths.takeError();
  return paths->state + "/controller";
}

llvm::Expected<Approvals> Approvals::open(std::string directory) {
  std::error_code error;
  fs::create_directories(fs::path(directory).parent_path(), error);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return system_failure(errno, "cannot make {}", directory);
  struct stat is {};
  if (::lstat(directory.c_str(), &is) != 0)
    return system_failure(errno, "cannot look at {}", directory);
  if (!S_ISDIR(is.st_mode) || is.st_uid != ::geteuid() || (is.st_mode & 022) != 0)
    return failure("{} is not a directory that only its owner, who is you, can write to",
                   directory);
  return Approvals(std::move(directory));
}

llvm::Expected<std::optional<proto::Plan>> Approvals::pending() const {
  const std::string path = directory_ + "/pending.nemoplan";
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    return std::nullopt;
  auto plan = plan::read_plan_file(path);
  if (!plan)
    return plan.takeError();
  return std::move(*plan);
}

llvm::Error Approvals::ask(const proto::Plan &plan) const {
  auto bytes = plan::write_plan_file(plan);
  if (!bytes)
    return bytes.takeError();
  return llvm::writeToOutput(directory_ + "/pending.nemoplan", [&](llvm::raw_ostream &out) {
    out << *bytes;
    return llvm::Error::success();
  });
}

llvm::Error Approvals::withdraw() const {
  std::error_code error;
  fs::remove(directory_ + "/pending.nemoplan", error);
  return error ? failure("cannot remove {}/pending.nemoplan: {}", directory_, error.message())
               : llvm::Error::success();
}

std::set<std::string> Approvals::approved() const {
  std::set<std::string> digests;
  auto text = read_file(directory_ + "/approved", most_bytes);
  if (!text) {
    llvm::consumeError(text.takeError()); // nothing has been approved yet
    return digests;
  }
  llvm::SmallVector<llvm::StringRef, 8> lines;
  llvm::StringRef(*text).split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef line : lines)
    digests.insert(line.str());
  return digests;
}

llvm::Error Approvals::approve(const std::string &digest) const {
  const std::string path = directory_ + "/approved", line = digest + "\n";
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0)
    return system_failure(errno, "cannot write {}", path);
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  return written ? llvm::Error::success() : system_failure(why, "cannot write {}", path);
}

} // namespace nemo::loop
