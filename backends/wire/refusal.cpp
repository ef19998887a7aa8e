#include "backends/wire/refusal.h"

namespace nemo::backends {

char Refusal::ID = 0;

void Refusal::log(llvm::raw_ostream &out) const {
  out << backend_ << ": "
      << (error_.message().empty() ? proto::BackendError::Code_Name(error_.code())
                                   : error_.message());
}

} // namespace nemo::backends
