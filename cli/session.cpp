#include "cli/session.h"

#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include "llvm/ADT/StringRef.h"

namespace nemo::cli {

bool Session::out_is_terminal() const { return ::isatty(STDOUT_FILENO) == 1; }

bool Session::colored(bool terminal) const {
  if (color != "auto")
    return color == "always";
  const char *refused = std::getenv("NO_COLOR"); // no-color.org: any text but the empty one
  const char *kind = std::getenv("TERM");
  return terminal && (refused == nullptr || *refused == 0) &&
         (kind == nullptr || llvm::StringRef(kind) != "dumb");
}

unsigned Session::width() const {
  winsize size{};
  for (int fd : {STDOUT_FILENO, STDERR_FILENO})
    if (::isatty(fd) == 1 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
      return size.ws_col;
  return 100;
}

plan::PrintStyle Session::style(plan::Level level) const {
  return {.level = level, .color = colored(out_is_terminal()), .width = width()};
}

int Session::report(llvm::ArrayRef<Diagnostic> diagnostics, const SourceTexts &texts) const {
  out.flush(); // in a log that holds both, what was printed before stands before
  render(err, diagnostics, texts,
         {.color = colored(::isatty(STDERR_FILENO) == 1), .width = width()});
  err.flush();
  return has_errors(diagnostics) ? fault : ok;
}

int Session::report_json(llvm::ArrayRef<Diagnostic> diagnostics) const {
  render_json(out, diagnostics);
  return has_errors(diagnostics) ? fault : ok;
}

void print_line(llvm::raw_ostream &out, llvm::json::Value value) {
  out << value << '\n';
  out.flush();
}

} // namespace nemo::cli
