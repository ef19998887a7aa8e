#include "runtime-agent/core/rest.h"

#include <cstddef>
#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace nemo::agent {

void give_back_memory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(
      [](dl_phdr_info *object, size_t, void *) {
        const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const auto &part = object->dlpi_phdr[i];
          // What may be written to may hold changes: those are nowhere else.
          if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0)
            continue;
          const uintptr_t begin = (object->dlpi_addr + part.p_vaddr) / page * page;
          const uintptr_t end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
          ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
        }
        return 0;
      },
      nullptr);
}

} // namespace nemo::agent
