#include "runtime-agent/supervisor/refusals.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime-agent/supervisor/handover.h"

namespace nemo::supervisor {

Refusals::Line &Refusals::line(const Text &text) {
  for (Line &one : lines_) {
    if (one.count == 0) {
      one.size =
          static_cast<uint8_t>(text.size() < sizeof one.text ? text.size() : sizeof one.text);
      memcpy(one.text, text.data(), one.size);
      return one;
    }
    if (one.size == text.size() && memcmp(one.text, text.data(), one.size) == 0)
      return one;
  }
  Line &last = lines_[kLines - 1];
  static const char others[] = "sandbox other attempts";
  last.size = sizeof others - 1;
  memcpy(last.text, others, last.size);
  return last;
}

void Refusals::note(const char *subject, const Text &what, uint64_t times) {
  Text text;
  text.add(subject).add(" ").add(what.data(), what.size());
  Line &one = line(text);
  one.count += times;
  one.changed = dirty_ = true;
}

void Refusals::flush() {
  if (!dirty_)
    return;
  if (fd_ < 0) {
    Text name;
    name.add(exit_name_).add(".refused").add("\0", 1);
    fd_ = openat(kExitDirectory, name.data(),
                 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  }
  bool all = true;
  for (int i = 0; i < kLines; ++i) {
    Line &one = lines_[i];
    if (!one.changed)
      continue;
    Text text;
    text.number(static_cast<int64_t>(one.count)).add(" ").add(one.text, one.size);
    while (text.size() < kWidth - 1)
      text.add(" ");
    text.add("\n");
    one.changed = pwrite(fd_, text.data(), kWidth, static_cast<off_t>(i * kWidth)) !=
                  static_cast<ssize_t>(kWidth); // a full disk: again later
    all = all && !one.changed;
  }
  dirty_ = !all;
}

} // namespace nemo::supervisor
