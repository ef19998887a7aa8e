// The workload's output as a log in CRI format, "TIME stdout F text", rotated by renaming. Nothing
// that happens to the disk stops the workload: what cannot be written is counted, and said later.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/uio.h>

namespace nemo::supervisor {

class LogFile {
public:
  /// \param name  a file in the directory that kLogDirectory holds; appended to.
  void open(const char *name, uint64_t limit);
  /// Writes whole records. `text_bytes`: how much of it is the workload's, for the count of losses.
  void write(iovec *parts, int count, size_t text_bytes);

private:
  void open_file(bool fresh);
  void rotate();
  bool put(iovec *parts, int count);
  void report_loss();

  const char *name_ = nullptr;
  int fd_ = -1;
  uint64_t size_ = 0;
  uint64_t limit_ = 0;
  uint64_t lost_bytes_ = 0;
  int lost_error_ = 0;
  bool broken_line_ = false; ///< the disk took only a part of the last record
};

/// One of the two pipes.
class Stream {
public:
  void attach(int fd, const char *name) {
    fd_ = fd;
    name_ = name;
  }
  int fd() const { return fd_; } ///< -1 after its end
  /// Reads once and writes the lines that are whole. \returns whether there was something.
  bool read(LogFile &log);
  /// Writes what has no newline yet.
  void flush(LogFile &log);

private:
  void emit(LogFile &log, bool all);
  /// Longer lines are written in parts, tagged P.
  static constexpr size_t kLine = 16 * 1024;
  int fd_ = -1;
  const char *name_ = "";
  size_t held_ = 0;
  size_t scanned_ = 0; ///< of what is held: has no newline
  char buffer_[kLine];
};

} // namespace nemo::supervisor
