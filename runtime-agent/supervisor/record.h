// How the workload ended, as a file that is whole or not there.
#pragma once

#include <cstdint>

namespace nemo::supervisor {

class ExitRecord {
public:
  /// Takes its room on the disk now, so that a disk that fills later cannot keep the record back.
  void prepare(const char *name);
  /// \param status  as waitpid gives it. \param deadline  it was ended because that has come.
  void write(int status, bool out_of_memory, bool deadline);

private:
  const char *name_ = nullptr;
  int fd_ = -1;
};

int exit_code_of(int status);

} // namespace nemo::supervisor
