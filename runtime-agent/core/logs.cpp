#include "runtime-agent/core/logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

namespace nemo::agent {

namespace {

constexpr size_t chunk_bytes = 64u << 10;
constexpr size_t max_line = 64u << 10;  // the supervisor splits at 16 KiB
constexpr size_t max_text = 256u << 10; // of a line put together from parts

Fd open_regular(const std::string &path, ino_t &inode) {
  // A workload's user may have put anything there: no links are followed, no pipe blocks.
  Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat found {};
  if (!fd || ::fstat(fd.get(), &found) != 0 || !S_ISREG(found.st_mode))
    return Fd();
  inode = found.st_ino;
  return fd;
}

} // namespace

std::optional<CriLine> parse_cri(llvm::StringRef line) {
  const auto [time, after_time] = line.split(' ');
  const auto [stream, after_stream] = after_time.split(' ');
  const auto [tag, text] = after_stream.split(' ');
  const auto at = from_rfc3339(time);
  if (!at || (stream != "stdout" && stream != "stderr") || (tag != "F" && tag != "P"))
    return std::nullopt;
  return CriLine{at->time_since_epoch().count(), stream, tag == "P", text};
}

bool LogTail::open_next() {
  const std::string path = source_.directory + "/" + log_file;
  ino_t inode = 0;
  if (!began_) {
    began_ = true;
    if (Fd older = open_regular(path + ".1", inode)) {
      fd_ = std::move(older);
      inode_ = inode;
      return true;
    }
  }
  Fd current = open_regular(path, inode);
  if (!current || (fd_ && inode == inode_))
    return false;
  fd_ = std::move(current);
  inode_ = inode;
  current_ = true;
  return true;
}

bool LogTail::fill() {
  buffer_.erase(0, used_);
  used_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + chunk_bytes);
  const ssize_t count = fd_ ? ::read(fd_.get(), buffer_.data() + before, chunk_bytes) : 0;
  buffer_.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return count > 0;
}

const proto::LogLine *LogTail::peek() {
  while (!next_) {
    const size_t end = buffer_.find('\n', used_);
    if (end == std::string::npos) {
      if (buffer_.size() - used_ > max_line) {
        skipping_ = true;
        used_ = buffer_.size();
      }
      if (fill())
        continue;
      // The end of this file: another may have taken its name meanwhile.
      if (!open_next()) {
        if (used_ == buffer_.size())
          std::string().swap(buffer_);
        return nullptr;
      }
      continue;
    }
    const llvm::StringRef line(buffer_.data() + used_, end - used_);
    used_ = end + 1;
    if (std::exchange(skipping_, false))
      continue;
    const auto parsed = parse_cri(line);
    if (!parsed)
      continue;
    if (partial_.size() < max_text)
      partial_ += parsed->text.str();
    if (parsed->partial)
      continue;
    proto::LogLine whole;
    whole.set_workload(source_.workload);
    whole.set_replica(source_.replica);
    whole.set_unix_ns(parsed->unix_ns);
    whole.set_stream(parsed->stream.str());
    whole.set_text(std::exchange(partial_, {}));
    next_ = std::move(whole);
  }
  return &*next_;
}

LogReader::LogReader(const std::vector<LogSource> &sources, const proto::LogsCall &call)
    : since_(call.since_unix_ns()) {
  add(sources);
  if (call.tail() == 0)
    return;
  uint64_t count = 0;
  while (next())
    ++count;
  skip_ = count > call.tail() ? count - call.tail() : 0;
  tails_.clear();
  add(sources);
}

void LogReader::add(const std::vector<LogSource> &sources) {
  for (const LogSource &source : sources)
    tails_.try_emplace(source, source);
}

std::optional<proto::LogLine> LogReader::next() {
  for (;;) {
    LogTail *first = nullptr;
    int64_t at = 0;
    for (auto &[source, tail] : tails_)
      if (const proto::LogLine *line = tail.peek(); line && (!first || line->unix_ns() < at)) {
        first = &tail;
        at = line->unix_ns();
      }
    if (!first)
      return std::nullopt;
    proto::LogLine line = *first->peek();
    first->pop();
    if (line.unix_ns() < since_)
      continue;
    if (skip_ > 0) {
      --skip_;
      continue;
    }
    return line;
  }
}

} // namespace nemo::agent
