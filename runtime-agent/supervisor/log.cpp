// The log: lines share one header per read, so a batch of them is one writev.
#include "runtime-agent/supervisor/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime-agent/supervisor/handover.h"
#include "runtime-agent/supervisor/text.h"

namespace nemo::supervisor {

namespace {

Text header(const char *stream, const char *tag) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  Text text;
  text.time(now).add(" ").add(stream).add(" ").add(tag).add(" ");
  return text;
}

char newline[] = "\n";

} // namespace

void LogFile::open(const char *name, uint64_t limit) {
  name_ = name;
  limit_ = limit;
  open_file(false);
}

void LogFile::open_file(bool fresh) {
  // Never a FIFO or a link that somebody put there: opening must not block or lead elsewhere.
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int fd = openat(kLogDirectory, name_, flags | (fresh ? O_EXCL : 0), 0640);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    lost_error_ = fd < 0 ? errno : EINVAL;
    if (fd >= 0)
      close(fd);
    return;
  }
  if (fd_ >= 0)
    close(fd_);
  fd_ = fd;
  size_ = static_cast<uint64_t>(info.st_size);
}

void LogFile::rotate() {
  Text old;
  old.add(name_).add(".1").add("\0", 1);
  if (renameat(kLogDirectory, name_, kLogDirectory, old.data()) == 0) {
    open_file(true);
    if (size_ <= limit_)
      return;
  }
  // The directory is gone or full of surprises: keep the descriptor and start over in it.
  if (ftruncate(fd_, 0) == 0)
    size_ = 0;
}

bool LogFile::put(iovec *parts, int count) {
  size_t wanted = 0;
  for (int i = 0; i < count; ++i)
    wanted += parts[i].iov_len;
  ssize_t written;
  do
    written = fd_ < 0 ? -1 : writev(fd_, parts, count);
  while (written < 0 && fd_ >= 0 && errno == EINTR);
  if (written > 0)
    size_ += static_cast<uint64_t>(written);
  if (written == static_cast<ssize_t>(wanted))
    return true;
  if (fd_ >= 0)
    lost_error_ = written < 0 ? errno : ENOSPC;
  if (written > 0)
    broken_line_ = true;
  return false;
}

void LogFile::report_loss() {
  Text text = header("stderr", "F");
  text.add("nemo: ").number(static_cast<int64_t>(lost_bytes_)).add(" bytes of output were lost: ");
  text.error(lost_error_).add("\n");
  iovec part = {const_cast<char *>(text.data()), text.size()};
  if (put(&part, 1))
    lost_bytes_ = 0;
}

void LogFile::write(iovec *parts, int count, size_t text_bytes) {
  if (fd_ < 0)
    open_file(false);
  size_t bytes = 0;
  for (int i = 0; i < count; ++i)
    bytes += parts[i].iov_len;
  if (fd_ >= 0 && size_ > 0 && size_ + bytes > limit_)
    rotate();
  if (broken_line_) {
    iovec end = {newline, 1};
    if (put(&end, 1))
      broken_line_ = false;
  }
  if (lost_bytes_ > 0 && !broken_line_)
    report_loss();
  if (lost_bytes_ > 0 || broken_line_ || !put(parts, count))
    lost_bytes_ += text_bytes;
}

bool Stream::read(LogFile &log) {
  if (fd_ < 0)
    return false;
  ssize_t got;
  do
    got = ::read(fd_, buffer_ + held_, kLine - held_);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN)
    return false;
  if (got <= 0) {
    flush(log);
    close(fd_);
    fd_ = -1;
    return false;
  }
  held_ += static_cast<size_t>(got);
  emit(log, false);
  return true;
}

void Stream::flush(LogFile &log) { emit(log, true); }

void Stream::emit(LogFile &log, bool all) {
  constexpr int kBatch = 32;
  Text head = header(name_, "F");
  iovec parts[2 * kBatch + 1];
  int count = 0;
  size_t start = 0, batched = 0;
  auto put_batch = [&] {
    if (count > 0)
      log.write(parts, count, batched);
    count = 0;
    batched = 0;
  };
  auto add = [&](const Text &text, size_t size, bool ends) {
    parts[count++] = {const_cast<char *>(text.data()), text.size()};
    parts[count++] = {buffer_ + start, size};
    if (!ends)
      parts[count++] = {newline, 1};
    batched += size;
    start += size;
    if (count >= 2 * kBatch)
      put_batch();
  };
  size_t from = scanned_;
  while (from < held_) {
    const void *end = memchr(buffer_ + from, '\n', held_ - from);
    if (end == nullptr)
      break;
    add(head, static_cast<const char *>(end) - (buffer_ + start) + 1, true);
    from = start;
  }
  put_batch();
  if (start < held_ && all)
    add(head, held_ - start, false);
  else if (start == 0 && held_ == kLine)
    add(header(name_, "P"), held_, false), put_batch();
  put_batch();
  memmove(buffer_, buffer_ + start, held_ - start);
  held_ -= start;
  scanned_ = held_;
}

} // namespace nemo::supervisor
