// Errors across library seams: llvm::Error that carries diagnostics, so that a failure deep down
// reaches the user with its id, position and next step.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "llvm/Support/Error.h"

#include "base/diagnostics/diagnostics.h"

namespace nemo {

class DiagnosticError : public llvm::ErrorInfo<DiagnosticError> {
public:
  static char ID;
  explicit DiagnosticError(std::vector<Diagnostic> diagnostics)
      : diagnostics_(std::move(diagnostics)) {}
  void log(llvm::raw_ostream &out) const override;
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
  std::vector<Diagnostic> take() { return std::move(diagnostics_); }

private:
  std::vector<Diagnostic> diagnostics_;
};

llvm::Error failure(Diagnostic diagnostic);
llvm::Error failure(std::vector<Diagnostic> diagnostics);

/// An error in plain words, for seams where the caller will say what it means to the user.
template <typename... Args>
llvm::Error failure(fmt::format_string<Args...> format, Args &&...args) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 fmt::format(format, std::forward<Args>(args)...).c_str());
}

/// `format`: strerror(errno), for a system call that just failed.
template <typename... Args>
llvm::Error system_failure(int error, fmt::format_string<Args...> format, Args &&...args) {
  std::error_code code(error, std::generic_category());
  return llvm::createStringError(
      code, (fmt::format(format, std::forward<Args>(args)...) + ": " + code.message()).c_str());
}

/// The diagnostics inside an error; an error in plain words becomes one diagnostic with the given
/// id.
std::vector<Diagnostic> to_diagnostics(llvm::Error error, llvm::StringRef id_for_plain_words);

} // namespace nemo
