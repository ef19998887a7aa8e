// What every command shares: where it prints, in which colours, and how it ends. A command adds its
// flags to the application and leaves in `run` what is to be done once all of them are parsed.
#pragma once

#include <functional>
#include <string>

#include "base/diagnostics/diagnostics.h"
#include "compiler/plan/print.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace CLI {
class App;
}

namespace nemo::cli {

inline constexpr int ok = 0;
inline constexpr int fault = 1;
inline constexpr int changes = 2;
inline constexpr int interrupted = 130;

inline constexpr const char *backend_help =
    "local (default), fleet, null, or NAME of nemo-backend-NAME";

struct Session {
  llvm::raw_ostream &out;
  llvm::raw_ostream &err;
  std::string color = "auto";
  std::function<int()> run;

  bool out_is_terminal() const;
  bool colored(bool terminal) const; ///< --color, else NO_COLOR, else only at a terminal
  unsigned width() const;
  plan::PrintStyle style(plan::Level level = plan::Level::normal) const; ///< for `out`

  /// Prints diagnostics to `err`. \returns 1 when one of them is an error, else 0.
  int report(llvm::ArrayRef<Diagnostic> diagnostics, const SourceTexts &texts = {}) const;
  /// The same to `out` as the pinned JSON document.
  int report_json(llvm::ArrayRef<Diagnostic> diagnostics) const;
};

/// Prints one JSON value on one line.
void print_line(llvm::raw_ostream &out, llvm::json::Value value);

// One per file, each named after its command.
void add_init(CLI::App &app, Session &session);
void add_validate(CLI::App &app, Session &session);
void add_fmt(CLI::App &app, Session &session);
void add_explain(CLI::App &app, Session &session);
void add_plan(CLI::App &app, Session &session);
void add_what_if(CLI::App &app, Session &session);
void add_verify(CLI::App &app, Session &session);
void add_apply(CLI::App &app, Session &session);
void add_migrate(CLI::App &app, Session &session);
void add_destroy(CLI::App &app, Session &session);
void add_unprotect(CLI::App &app, Session &session);
void add_controller(CLI::App &app, Session &session);
void add_approve(CLI::App &app, Session &session);
void add_status(CLI::App &app, Session &session);
void add_logs(CLI::App &app, Session &session);
void add_events(CLI::App &app, Session &session);
void add_nodes(CLI::App &app, Session &session);
void add_graph(CLI::App &app, Session &session);
void add_drift(CLI::App &app, Session &session);
void add_agent(CLI::App &app, Session &session);
void add_fleet(CLI::App &app, Session &session);
void add_completion(CLI::App &app, Session &session);

// The groups of `nemo --help`.
inline constexpr const char *group_write = "Write and check";
inline constexpr const char *group_change = "Plan and change";
inline constexpr const char *group_see = "See what runs";
inline constexpr const char *group_more = "Set up";

} // namespace nemo::cli
