#include "base/error.h"

#include "base/diagnostics/registry.h"

namespace nemo {

char DiagnosticError::ID = 0;

void DiagnosticError::log(llvm::raw_ostream &out) const {
  bool first = true;
  for (const Diagnostic &diagnostic : diagnostics_) {
    if (!first)
      out << '\n';
    first = false;
    out << diagnostic.id << ": " << diagnostic.message;
  }
}

llvm::Error failure(Diagnostic diagnostic) {
  return llvm::make_error<DiagnosticError>(std::vector<Diagnostic>{std::move(diagnostic)});
}

llvm::Error failure(std::vector<Diagnostic> diagnostics) {
  return llvm::make_error<DiagnosticError>(std::move(diagnostics));
}

std::vector<Diagnostic> to_diagnostics(llvm::Error error, llvm::StringRef id_for_plain_words) {
  std::vector<Diagnostic> result;
  llvm::handleAllErrors(
      std::move(error),
      [&](DiagnosticError &inner) {
        for (Diagnostic &diagnostic : inner.take())
          result.push_back(std::move(diagnostic));
      },
      [&](const llvm::ErrorInfoBase &inner) {
        Diagnostic diagnostic;
        diagnostic.id = id_for_plain_words.str();
        diagnostic.message = inner.message();
        result.push_back(std::move(diagnostic));
      });
  return result;
}

} // namespace nemo
