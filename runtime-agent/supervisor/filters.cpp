#include "runtime-agent/supervisor/filters.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "runtime-agent/supervisor/handover.h"

namespace nemo::supervisor {

int FilterFile::open() {
  struct stat info;
  if (fstat(kFilters, &info) != 0)
    return errno;
  size_ = static_cast<size_t>(info.st_size);
  void *bytes = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, kFilters, 0);
  if (bytes == MAP_FAILED)
    return errno;
  bytes_ = static_cast<const char *>(bytes);
  return 0;
}

const Section *FilterFile::find(SectionKind kind, const Section *from) const {
  size_t at = from == nullptr
                  ? 0
                  : static_cast<size_t>(contents(from) - bytes_) + ((from->size + 7u) & ~7u);
  while (bytes_ != nullptr && size_ >= sizeof(Section) && at <= size_ - sizeof(Section)) {
    const Section *section = reinterpret_cast<const Section *>(bytes_ + at);
    at += sizeof(Section);
    if (section->size > size_ - at)
      return nullptr;
    if (section->kind == kind)
      return section;
    at += (section->size + 7u) & ~7u;
  }
  return nullptr;
}

} // namespace nemo::supervisor
