// The exit record: a temporary file of one line, written in place and renamed.
#include "runtime-agent/supervisor/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime-agent/supervisor/handover.h"
#include "runtime-agent/supervisor/text.h"

namespace nemo::supervisor {

namespace {

constexpr int kRoom = 64;

Text temporary_name(const char *name) {
  Text text;
  text.add(name).add(".tmp").add("\0", 1);
  return text;
}

} // namespace

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void ExitRecord::prepare(const char *name) {
  name_ = name;
  fd_ = openat(kExitDirectory, temporary_name(name).data(),
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  char room[kRoom];
  memset(room, ' ', sizeof room);
  (void)!pwrite(fd_, room, sizeof room, 0);
}

void ExitRecord::write(int status, bool out_of_memory, bool deadline) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  Text line;
  line.add("exit ").number(exit_code_of(status)).add(" oom ").number(out_of_memory ? 1 : 0);
  line.add(" at ").number(now.tv_sec * int64_t{1000000000} + now.tv_nsec);
  if (deadline)
    line.add(" deadline 1");
  while (line.size() < kRoom - 1)
    line.add(" ");
  line.add("\n");
  if (pwrite(fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    return;
  // Not synchronised: it is for an agent that comes back. When the machine went down, everything
  // that ran on it starts anew.
  renameat(kExitDirectory, temporary_name(name_).data(), kExitDirectory, name_);
}

} // namespace nemo::supervisor
