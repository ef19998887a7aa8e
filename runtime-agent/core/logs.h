// What workloads wrote, read back from the supervisors' files (CRI format, one rotated predecessor
// each) and merged by time. The files belong to the sandboxes' users: whatever stands in them is
// read as hostile and in bounded pieces.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "llvm/ADT/StringRef.h"

#include "protocol/backend.pb.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent {

/// A directory that one instance's supervisor logs to.
struct LogSource {
  std::string workload;
  uint32_t replica = 0;
  std::string directory;
  auto operator<=>(const LogSource &) const = default;
};

inline constexpr const char *log_file = "log"; ///< and "log.1", the older half

/// "TIME STREAM F|P TEXT" without the newline; nullopt for anything else.
struct CriLine {
  int64_t unix_ns = 0;
  llvm::StringRef stream;
  bool partial = false;
  llvm::StringRef text;
};
std::optional<CriLine> parse_cri(llvm::StringRef line);

/// The lines of one instance, oldest first, from the rotated file into the current one and on into
/// those that follow.
class LogTail {
public:
  explicit LogTail(LogSource source) : source_(std::move(source)) {}
  /// The next whole line; nullptr when there is none now. Valid until pop().
  const proto::LogLine *peek();
  void pop() { next_.reset(); }

private:
  bool open_next();
  bool fill();
  LogSource source_;
  Fd fd_;
  ino_t inode_ = 0;
  bool began_ = false;
  bool current_ = false; ///< fd_ is the file that is being written
  std::string buffer_;   ///< read and not used yet
  size_t used_ = 0;
  bool skipping_ = false; ///< in a line that is too long
  std::string partial_;   ///< text of parts so far
  std::optional<proto::LogLine> next_;
};

class LogReader {
public:
  /// \param call  filters by time and tail; the sources are already those that it asks for.
  LogReader(const std::vector<LogSource> &sources, const proto::LogsCall &call);
  /// The next line in order of time; nullopt when there is none now.
  std::optional<proto::LogLine> next();
  /// Instances that appeared since; known ones are kept.
  void add(const std::vector<LogSource> &sources);

private:
  int64_t since_;
  uint64_t skip_ = 0; ///< lines before the tail
  std::map<LogSource, LogTail> tails_;
};

} // namespace nemo::agent
