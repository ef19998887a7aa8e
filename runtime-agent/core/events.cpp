#include "runtime-agent/core/events.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <google/protobuf/io/coded_stream.h>

#include "llvm/Support/MemoryBuffer.h"

#include "base/clock.h"
#include "protocol/framing/framing.h"

namespace nemo::agent {

namespace {
constexpr uint64_t max_file = 256u << 10; ///< of each of the two
}

void Events::add(proto::Event event) {
  event.set_sequence(++last_);
  event.set_time(to_rfc3339(now()));
  append(framing::encode(event));
  keep(last_, event.SerializeAsString());
}

void Events::keep(uint64_t sequence, std::string bytes) {
  kept_.push_back({sequence, std::move(bytes)});
  if (kept_.size() > keep_) {
    given_up_ = kept_.front().sequence;
    kept_.pop_front();
  }
}

std::optional<proto::Event> Events::next(uint64_t after) const {
  const auto found =
      std::upper_bound(kept_.begin(), kept_.end(), after,
                       [](uint64_t number, const Kept &event) { return number < event.sequence; });
  proto::Event event;
  if (found == kept_.end() || !event.ParseFromString(found->bytes))
    return std::nullopt;
  return event;
}

void Events::each(llvm::function_ref<void(const proto::Event &)> visit) const {
  for (const Kept &kept : kept_)
    if (proto::Event event; event.ParseFromString(kept.bytes))
      visit(event);
}

void Events::keep_in(const std::string &path) {
  path_ = path;
  load(path + ".1");
  size_ = 0;
  load(path);
  open(/*fresh=*/false);
}

/// Up to the first thing that is no event with a higher number than the one before: the end of a
/// file that was being written when the machine lost power.
void Events::load(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFileAsStream(path);
  if (!file || (*file)->getBufferSize() > 2 * max_file)
    return;
  google::protobuf::io::CodedInputStream in(
      reinterpret_cast<const uint8_t *>((*file)->getBufferStart()),
      static_cast<int>((*file)->getBufferSize()));
  uint64_t before = kept_.empty() ? 0 : kept_.back().sequence;
  for (uint32_t length = 0; in.ReadVarint32(&length);) {
    std::string bytes;
    proto::Event event;
    if (!in.ReadString(&bytes, static_cast<int>(std::min<uint64_t>(length, 2 * max_file))) ||
        !event.ParseFromString(bytes) || event.sequence() <= before)
      return;
    before = event.sequence();
    last_ = std::max(last_, before);
    size_ = static_cast<uint64_t>(in.CurrentPosition());
    keep(before, std::move(bytes));
  }
}

void Events::open(bool fresh) {
  file_ = Fd(::open(path_.c_str(),
                    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (fresh ? O_TRUNC : 0), 0600));
  if (fresh)
    size_ = 0;
  if (file_ && ::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0)
    file_.reset();
}

void Events::append(const std::string &frame) {
  if (!file_)
    return;
  if (size_ + frame.size() > max_file) {
    if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0)
      return;
    open(/*fresh=*/true);
    if (!file_)
      return;
  }
  if (::pwrite(file_.get(), frame.data(), frame.size(), static_cast<off_t>(size_)) ==
      static_cast<ssize_t>(frame.size()))
    size_ += frame.size();
  else // a full disk: what it let through is no event
    (void)!::ftruncate(file_.get(), static_cast<off_t>(size_));
}

} // namespace nemo::agent
