// What a backend said no to, as an error that keeps the protocol's own words: the code decides what
// the user can do next, so it must reach the workflow unchanged.
#pragma once

#include <string>

#include "protocol/backend.pb.h"
#include "llvm/Support/Error.h"

namespace nemo::backends {

class Refusal : public llvm::ErrorInfo<Refusal> {
public:
  static char ID;
  Refusal(std::string backend, proto::BackendError error)
      : backend_(std::move(backend)), error_(std::move(error)) {}
  void log(llvm::raw_ostream &out) const override;
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
  const proto::BackendError &error() const { return error_; }
  const std::string &backend() const { return backend_; }

private:
  std::string backend_;
  proto::BackendError error_;
};

} // namespace nemo::backends
