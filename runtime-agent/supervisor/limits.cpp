#include "runtime-agent/supervisor/limits.h"

#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "runtime-agent/supervisor/handover.h"

namespace nemo::supervisor {

namespace {

constexpr const char *kScratch[] = {"/tmp", "/run", "/dev/shm"};

Text words(const char *text) {
  Text what;
  what.add(text);
  return what;
}

bool is_full(const char *path) {
  struct statfs state;
  return statfs(path, &state) == 0 && state.f_blocks != 0 &&
         (state.f_bavail == 0 || (state.f_files != 0 && state.f_ffree == 0));
}

} // namespace

uint64_t counted(int fd, const char *key) {
  char text[1024];
  const ssize_t size = pread(fd, text, sizeof text - 1, 0);
  if (size <= 0)
    return 0;
  text[size] = '\0';
  const size_t length = strlen(key);
  for (char *line = text; line != nullptr && *line != '\0';) {
    char *end = strchr(line, '\n');
    if (end != nullptr)
      *end++ = '\0';
    if (strncmp(line, key, length) == 0 && line[length] == ' ')
      return parse_number(line + length + 1);
    line = end;
  }
  return 0;
}

void Limits::begin() {
  memory_ = counted(kMemory, "oom_kill");
  processes_ = counted(kProcesses, "max");
}

void Limits::look(Refusals &refusals) {
  if (const uint64_t now = counted(kMemory, "oom_kill"); now > memory_) {
    refusals.note("limit.memory", words("more memory: the kernel ended a process"), now - memory_);
    memory_ = now;
  }
  if (const uint64_t now = counted(kProcesses, "max"); now > processes_) {
    refusals.note("limit.pids", words("more processes"), now - processes_);
    processes_ = now;
  }
  for (int i = 0; i < 3; ++i) {
    const bool full = is_full(kScratch[i]);
    if (full && !full_[i])
      refusals.note("limit.tmp", words("more room: it has filled ").add(kScratch[i]));
    full_[i] = full;
  }
}

} // namespace nemo::supervisor
